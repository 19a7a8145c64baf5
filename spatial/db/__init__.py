"""The way to PostgreSQL: the embedded cluster, roles, schema base and connections."""
