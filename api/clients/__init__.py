"""Client programs, replayed against any server: what each asks for, in its own order and words."""
