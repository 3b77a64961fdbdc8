"""Members of train.model, one a file."""
