"""The OpenAPI 3.0 document, composed from the catalogue: real paths for each layer, a parameter for each property.

One file for each part of it: ``general`` and ``tiles`` hold paths that are the same in every city, ``layers`` those
of one layer, ``parameters``, ``responses`` and ``schemas`` what they share.
"""
