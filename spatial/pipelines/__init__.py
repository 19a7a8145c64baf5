"""The underground pipe network."""
