"""What is asked of the engine, made complete: all settings, the columns, and whether the signal suffices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

from ..errors import ConfigError, InputError, unknown
from . import catalogue
from .define import ROOTS, Definition, Given


@dataclass(frozen=True)
class Request:
    """One feature with all of its settings, defaults too.

    `label` is the feature's name; the second of two requests for the same feature is ``name[1]``.
    """

    label: str
    feature: Definition
    given: dict[str, Any]

    @property
    def unit(self) -> str:
        """Unit of the values under these settings."""
        unit = self.feature.unit
        return unit(self.given) if callable(unit) else unit

    @property
    def parts(self) -> tuple[str, ...] | None:
        """Names along the last axis of the values, or None where there is no such axis."""
        parts = self.feature.parts
        if parts is None:
            return None
        return tuple(str(part) for part in (parts(self.given) if callable(parts) else parts))


def prepare(
    asked: Sequence[tuple[str, Mapping[str, Any]]], shape: tuple[int, ...], sfreq: float, ch_names: Sequence[str]
) -> list[Request]:
    """Return complete requests for a signal of this shape.

    Raises
    ------
    ConfigError
        For a feature or a setting that does not exist.
    InputError
        If a feature is not defined for so few samples or channels.
    """
    facts = {"sfreq": sfreq, "n_times": shape[-1], "n_channels": len(ch_names)}
    seen: Counter[str] = Counter()
    requests = []
    for name, settings in asked:
        label = f"{name}[{seen[name]}]" if seen[name] else name
        seen[name] += 1
        feature = catalogue.feature(name)
        requests.append(Request(label, feature, {**complete(feature, settings), **facts}))
        _check(requests[-1])
    return requests


def complete(feature: Definition, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings of a feature, those of its quantities below their names."""
    nested = {name: dict(quantity.settings) for name, quantity in quantities(feature).items() if quantity.settings}
    for name in settings:
        if name not in feature.settings and name not in nested:
            known = [*feature.settings, *nested]
            raise ConfigError(unknown(f"setting of {feature.name}", name, known), code="E-CONFIG-UNKNOWN")
    own = {name: settings.get(name, default) for name, default in feature.settings.items()}
    return {**own, **{name: _nested(feature, name, defaults, settings) for name, defaults in nested.items()}}


def _nested(feature: Definition, name: str, defaults: Given, settings: Given) -> dict[str, Any]:
    given = settings.get(name) or {}
    for key in given:
        if key not in defaults:
            raise ConfigError(unknown(f"setting of {feature.name}.{name}", key, defaults), code="E-CONFIG-UNKNOWN")
    return {**defaults, **feature.presets.get(name, {}), **given}


def quantities(definition: Definition) -> dict[str, Definition]:
    """Return the quantities that a feature or quantity needs, directly or through others."""
    found: dict[str, Definition] = {}
    for need in definition.needs:
        name = catalogue.giver(need)
        if name not in ROOTS and name not in found:
            found |= {name: catalogue.quantity(name), **quantities(catalogue.quantity(name))}
    return found


def _check(request: Request) -> None:
    feature, given = request.feature, request.given
    fewest = feature.min_times(given) if callable(feature.min_times) else feature.min_times
    if given["n_times"] < fewest:
        raise InputError(
            f"{feature.name} needs at least {fewest} samples an epoch, and there are {given['n_times']}"
            f" ({given['n_times'] / given['sfreq']:g} s).",
            code="E-FEATURES-SHORT",
            remedy=f"Make longer epochs, or leave {feature.name} out.",
        )
    if feature.per in ("pair", "directed") and given["n_channels"] < 2:
        raise InputError(
            f"{feature.name} is of pairs of channels, and there is {given['n_channels']}.",
            code="E-FEATURES-CHANNELS",
            remedy=f"Pick two channels or more, or leave {feature.name} out.",
        )


def columns(request: Request, ch_names: Sequence[str]) -> tuple[str, ...]:
    """Return the column names of a request, in C order of the trailing axes; none for an array."""
    if request.feature.per == "array":
        return ()
    parts = request.parts
    middle = [f"/{part}" for part in parts] if parts is not None else [""]
    return tuple(f"{request.label}{part}{owner}" for owner in _owners(request.feature.per, ch_names) for part in middle)


def _owners(per: str, ch_names: Sequence[str]) -> Iterator[str]:
    if per == "epoch":
        yield ""
    elif per in ("channel", "node"):
        yield from (f"/{name}" for name in ch_names)
    else:
        pairs = combinations(ch_names, 2) if per == "pair" else permutations(ch_names, 2)
        yield from (f"/{a}~{b}" for a, b in pairs)
