"""Benchmarks: what our server costs beside the bare SQL, and beside its peers. Run with ``./run bench``."""
