"""CQL2 filters: text or JSON to a checked tree, and from there to typed SQL whose values are bound.

References
----------
OGC 21-065r2, Common Query Language (CQL2), version 1.0.
"""
