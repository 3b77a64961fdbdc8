"""`neurocli train`."""

from ._verb import verb

register = verb("train", "train", "Fit the model fold by fold, with its null and its rivals.")
