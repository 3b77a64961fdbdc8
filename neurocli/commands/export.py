"""`neurocli export`."""

from ._verb import verb

register = verb("export", "export", "Publish tables, the model and the report.")
