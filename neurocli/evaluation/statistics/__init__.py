"""Tests that compare scores: between pipelines, over datasets, and over maps."""
