"""Questions that need more than one wing, one file for each question."""
