"""`neurocli evaluate`."""

from ._verb import verb

register = verb("evaluate", "evaluate", "Judge the held-out predictions.")
