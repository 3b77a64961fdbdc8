"""The quantities of one chunk, each computed when first asked for."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import numpy as np

from . import catalogue
from .define import ROOTS, Definition, Given
from .requests import Request


class Memo:
    """The quantities of one chunk, each computed when first asked for.

    Parameters
    ----------
    x : array, shape (n_epochs, n_channels, n_times)
        Signal of the chunk, all finite.
    sfreq : float
        Hz.
    ch_names : tuple of str
        Names of the channels.
    backend : str
        Whose twins are used where there are some.
    """

    def __init__(self, x: np.ndarray, sfreq: float, ch_names: tuple[str, ...], backend: str):
        self.roots = {"x": x, "sfreq": sfreq, "ch_names": ch_names}
        self.backend = backend
        self.known: dict[tuple[str, str], Any] = {}

    @cached_property
    def double(self) -> np.ndarray:
        """The signal in float64, for functions that have no twin."""
        return np.asarray(self.roots["x"], dtype=np.float64)

    def feature(self, request: Request) -> np.ndarray:
        """Return the values of a request."""
        twin = catalogue.twin(self.backend, request.feature.name, request.given)
        definition = twin or request.feature
        settings = {name: request.given[name] for name in definition.settings}
        value: np.ndarray = self._call(definition, twin is not None, settings, request.given)
        return value

    def quantity(self, name: str, given: Given) -> Any:
        """Return a quantity under the settings of the feature that asks for it."""
        source = catalogue.giver(name)
        definition, is_twin = self._pick(source, given)
        key = (source, json.dumps(self._recipe(source, given), default=_spelt))
        if key not in self.known:
            self.known[key] = self._call(definition, is_twin, _settings(definition, source, given), given)
        value = self.known[key]
        names = (source, *catalogue.also(source))
        return value[names.index(name)] if len(names) > 1 else value

    def _pick(self, name: str, given: Given) -> tuple[Definition, bool]:
        twin = catalogue.twin(self.backend, name, given.get(name, given))
        return (twin, True) if twin else (catalogue.quantity(name), False)

    def _recipe(self, name: str, given: Given) -> dict[str, Any]:
        """Return the settings that a quantity depends on: its own, and those of what it needs."""
        definition, _ = self._pick(name, given)
        recipe: dict[str, Any] = {name: _settings(definition, name, given)}
        for need in definition.needs:
            if need not in ROOTS:
                recipe |= self._recipe(catalogue.giver(need), given)
        return recipe

    def _call(self, definition: Definition, is_twin: bool, settings: Given, given: Given) -> Any:
        needs = (self._root(n, is_twin) if n in ROOTS else self.quantity(n, given) for n in definition.needs)
        return definition.func(*needs, **settings)

    def _root(self, name: str, is_twin: bool) -> Any:
        return self.double if name == "x" and not is_twin else self.roots[name]


def _spelt(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else str(value)  # as text, long arrays lose their middle


def _settings(definition: Definition, name: str, given: Given) -> dict[str, Any]:
    """Return the settings of a quantity; a twin's private one shares those of the feature that asks."""
    chosen = given.get(name, {}) if catalogue.is_quantity(name) else given
    return {key: chosen.get(key, default) for key, default in definition.settings.items()}


def preload(backend: str, request: Request) -> None:
    """Import the twins that a request will use, so that no thread has to."""
    twin = catalogue.twin(backend, request.feature.name, request.given)
    waiting = list((twin or request.feature).needs)
    while waiting:
        name = catalogue.giver(waiting.pop())
        if name not in ROOTS:
            definition = catalogue.twin(backend, name, request.given.get(name, request.given))
            waiting += (definition or catalogue.quantity(name)).needs
