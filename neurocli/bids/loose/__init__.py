"""Loose recordings into BIDS: a mapping says who and what each file is, and a reader a format does the rest."""
