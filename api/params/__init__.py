"""Query strings as words of the domains, or ``InvalidInput`` that names the parameter.

One file for each kind of parameter; ``features`` puts those of a page of features together.
"""
