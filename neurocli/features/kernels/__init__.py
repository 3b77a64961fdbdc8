"""Compiled twins of features and quantities, one family a file; see `features.define`."""
