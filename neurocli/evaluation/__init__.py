"""Splits, metrics, null, certificate: the judge."""
