"""The ground: database, CRS, layer catalogue, queries, import of files, pipelines."""
