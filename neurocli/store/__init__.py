"""The content-addressed cache and the ledger."""
