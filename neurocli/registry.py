"""Where names in YAML find their definitions: five kinds, each in one room, plus third parties' entry points.

Loading a whole kind imports the standard library and pydantic only. Features are plain functions whose modules
import NumPy at the top, so what is known of them comes from a generated index (`python -m neurocli.features.index`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from .errors import ConfigError, unknown
from .step import Settings

ROOMS = {
    "steps": ("neurocli.preprocessing",),
    "models": ("neurocli.models",),
    "exporters": ("neurocli.exporters", "neurocli.reports"),
    "features": ("neurocli.features.settings",),
}


def definitions(kind: str) -> dict[str, type[Settings]]:
    """Return every definition of a kind (a key of `ROOMS`) that ships with neurocli, by name."""
    return _shipped(kind)


@cache
def _shipped(kind: str) -> dict[str, type[Settings]]:
    if kind == "features":
        return dict(_indexed(kind).definitions())
    found: dict[str, type[Settings]] = {}
    for module in (module for room in ROOMS[kind] for module in _modules(room)):
        found |= {definition.name: definition for definition in _defined_in(module)}
    return dict(sorted(found.items()))


def _indexed(kind: str) -> Any:
    """Return the module that makes definitions from a generated index."""
    return import_module(ROOMS[kind][0])


def _modules(room: str) -> Iterator[ModuleType]:
    package = import_module(room)
    for info in iter_modules(package.__path__):
        if not info.name.startswith("_"):
            yield import_module(f"{room}.{info.name}")


def _defined_in(module: ModuleType) -> Iterator[type[Settings]]:
    for value in vars(module).values():
        ours = isinstance(value, type) and issubclass(value, Settings) and value.__module__ == module.__name__
        if ours and "name" in vars(value):
            yield value


def get(kind: str, name: str) -> type[Settings]:
    """Return the definition that `name` stands for.

    Raises
    ------
    ConfigError
        If nothing of that kind has the name (``E-CONFIG-UNKNOWN``).
    """
    known = _shortcut(kind, name)
    if known is not None:
        return known
    shipped = definitions(kind)
    if name in shipped:
        return shipped[name]
    plugins = plugin_names(kind)
    if name in plugins:
        return _plugin(kind, name)
    raise ConfigError(unknown(kind.rstrip("s"), name, [*shipped, *plugins]), code="E-CONFIG-UNKNOWN")


@cache
def _shortcut(kind: str, name: str) -> type[Settings] | None:
    """Return the definition that stands in the module of its own name, so that one name costs one import."""
    if kind == "features":
        one: type[Settings] | None = _indexed(kind).definition(name)
        return one
    if not name.isidentifier() or name.startswith("_"):
        return None
    for room in ROOMS[kind]:
        if find_spec(f"{room}.{name}"):
            found = _defined_in(import_module(f"{room}.{name}"))
            return next((definition for definition in found if definition.name == name), None)
    return None


@cache
def plugin_names(kind: str) -> dict[str, metadata.EntryPoint]:
    """Return third parties' entry points of a kind, found by metadata and not imported."""
    return {point.name: point for point in metadata.entry_points(group=f"neurocli.{kind}")}


def _plugin(kind: str, name: str) -> type[Settings]:
    point = plugin_names(kind)[name]
    try:
        loaded = point.load()
        definition: type[Settings] = _indexed(kind).of(loaded) if kind == "features" else loaded
    except Exception as error:  # whatever a third party's import raises
        package = point.dist.name if point.dist else point.value
        warnings.warn(f"The plug-in {name!r} of package {package!r} is broken: {error}", stacklevel=2)
        raise ConfigError(
            f"The {kind.rstrip('s')} {name!r} comes from package {package!r}, which cannot be imported: {error}",
            code="E-CONFIG-PLUGIN",
            remedy=f"Mend or remove {package}.",
        ) from error
    definition.name = name
    return definition
