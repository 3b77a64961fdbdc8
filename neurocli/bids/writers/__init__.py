"""How each kind of payload looks on disk: one file a format, the same bytes for the same payload."""
