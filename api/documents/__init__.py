"""Documents made of the catalogue alone: layers, tilesets, the API description, the portal's tree."""
