"""BIDS in and out: the only room that opens a dataset file."""
