"""Layers as data: what a layer is, and the table that lists them."""
