"""BIDS entities: spelt out in Python, short only in file names, and always strings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

# order of the BIDS specification; Python name -> key in a file name
SHORT = {
    "subject": "sub", "session": "ses", "sample": "sample", "task": "task", "tracksys": "tracksys",
    "acquisition": "acq", "ceagent": "ce", "tracer": "trc", "stain": "stain", "reconstruction": "rec",
    "direction": "dir", "run": "run", "modality": "mod", "echo": "echo", "flip": "flip", "inversion": "inv",
    "mt": "mt", "part": "part", "processing": "proc", "hemisphere": "hemi", "space": "space", "split": "split",
    "recording": "recording", "chunk": "chunk", "segmentation": "seg", "resolution": "res", "density": "den",
    "label": "label", "description": "desc", "atlas": "atlas",
}  # fmt: skip
# of C-PAC, which BIDS has not: recordings are chosen by them, and not named
FOREIGN = {"reg": "how nuisance was regressed out", "filt": "how the motion estimates were filtered"}
LONG = {short: long for long, short in SHORT.items()}
_PLACE = {name: place for place, name in enumerate(SHORT)}  # the order in which BIDS writes them

Entities = dict[str, str]


def stem(entities: Mapping[str, str]) -> str:
    """Return the part of a BIDS file name before the suffix: ``sub-01_task-rest``."""
    return "_".join([key + entities[name] for name, key in _ordered(tuple(entities))])


@lru_cache(1024)
def _ordered(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return those of some names that stand in a file name, with their keys; a dataset has few sets of them."""
    named = sorted((name for name in names if name in _PLACE), key=_PLACE.__getitem__)
    return [(name, f"{SHORT[name]}-") for name in named]


def parse_name(filename: str) -> tuple[Entities, str, str]:
    """Split a BIDS file name into entities, suffix and extension; unknown keys are kept as they are.

    >>> parse_name("sub-01_task-rest_eeg.vhdr")
    ({'subject': '01', 'task': 'rest'}, 'eeg', '.vhdr')
    """
    base, dot, extension = filename.partition(".")
    *pairs, suffix = base.split("_")
    entities = {name: value for name, value in map(_pair, pairs) if value}
    return entities, suffix, dot + extension


@cache
def _pair(pair: str) -> tuple[str, str]:
    """Return the name and the value of ``task-rest``; a dataset says the same few again and again."""
    key, _, value = pair.partition("-")
    return LONG.get(key, key), value


def label(value: str, name: str) -> str:
    """Return an entity value without its key: ``sub-01`` and ``01`` both name subject ``01``."""
    return value.removeprefix(f"{SHORT.get(name, name)}-")
