"""The address of a unit's output: a hash of its recipe, made without running anything. The one place to audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from importlib import metadata
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # the stubs leave it out
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import Use

Recipe = dict[str, Any]
FORMAT = 1  # of the recipe itself; a bump voids every cache


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
# what `_ENCODER.encode` makes anew at each call, which takes longer than to write a small document
_chunks = c_make_encoder(None, _ENCODER.default, encode_basestring, None, ":", ",", True, False, False)


def canonical(document: Any) -> str:
    """Return the one JSON text of a document: sorted keys, no spaces, no NaN."""
    return "".join(_chunks(document, 0))


def key_of(recipe: Mapping[str, Any]) -> str:
    """Return the key, 64 hexadecimal digits."""
    text = ",".join([name + _fragment(recipe.get(of, FORMAT)) for of, name in _ordered((*recipe, "format"))])
    return blake2b(f"{{{text}}}".encode(), digest_size=32).hexdigest()


@lru_cache(1024)
def _ordered(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return names in their order, each with its text: thousands of recipes have the same few sets of names."""
    return [(name, f"{encode_basestring(name)}:") for name in sorted(set(names))]


_FRAGMENTS: dict[int, tuple[list[Any], str]] = {}


def _fragment(value: Any) -> str:
    """Return the text of one member of a recipe; of a list of steps, which thousands of units share, only once.

    The list is kept beside its text, so that its identity cannot become another's.
    """
    if type(value) is str:
        return encode_basestring(value)  # what `canonical` makes of it, without the detour
    if not isinstance(value, list):
        return canonical(value)
    known = _FRAGMENTS.get(id(value))
    if known is None or known[0] is not value:
        known = _FRAGMENTS[id(value)] = (value, canonical(value))
    return known[1]


def digest_of(document: Any) -> str:
    """Return a short hash of any JSON document, for lists too long to stand in every recipe."""
    return blake2b(canonical(document).encode(), digest_size=16).hexdigest()


@cache
def minor_version(distribution: str) -> str:
    """Return ``major.minor`` of an installed distribution: what a step that declares it is keyed by."""
    try:
        return ".".join(metadata.version(distribution).split(".")[:2])
    except metadata.PackageNotFoundError:
        return "absent"


def use_recipe(use: Use, seed: int) -> Recipe:
    """Return what of one use of a definition enters a key; the seed only where it declares one."""
    recipe = dict(use.recipe())
    recipe["libraries"] = {name: minor_version(name) for name in recipe.pop("libraries", ())}
    if recipe.pop("seeded", False):
        recipe["seed"] = seed
    return recipe


def recipes(uses: Sequence[Use], seed: int) -> list[Recipe]:
    """Return the recipe of each use, in order."""
    return [use_recipe(use, seed) for use in uses]


def seed_of(*parts: object) -> int:
    """Return a seed that depends on all parts and on nothing else (``hash(seed, unit, step)``)."""
    return int.from_bytes(blake2b(canonical([str(part) for part in parts]).encode(), digest_size=8).digest(), "big")
