"""Preprocessing steps, one a file."""
