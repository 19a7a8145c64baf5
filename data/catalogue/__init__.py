"""The built-in layers, groups and code lists, as TOML files beside this one."""
