"""The roof: the only room that knows HTTP, HTML and the command line."""
