"""Import of real files: read by format, brought to EPSG:4490, proven row by row, published in one transaction."""
