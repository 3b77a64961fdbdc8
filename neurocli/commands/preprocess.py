"""`neurocli preprocess`."""

from ._verb import verb

register = verb("preprocess", "preprocess", "Clean every recording and publish the result.")
