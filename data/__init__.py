"""Facts and generators: migrations, catalogue of layers, code lists, the sample city."""
