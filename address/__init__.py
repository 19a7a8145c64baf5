"""Wing: standard addresses, their search, matching and door plates."""
