"""`neurocli run`."""

from ._verb import verb

register = verb("run", "export", "Run all five stages of a pipeline.")
