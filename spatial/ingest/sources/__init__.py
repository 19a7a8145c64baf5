"""One reader for each family of formats; all yield the same batches."""
