"""`neurocli featurize`."""

from ._verb import verb

register = verb("featurize", "featurize", "Compute features of every recording, and whatever that needs.")
