"""Files as they really come, turned into layers."""
