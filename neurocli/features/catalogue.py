"""Where a feature, a quantity or a twin is found: the generated index says which module to import, and no other is."""

from __future__ import annotations

import json
import warnings
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from ..errors import ConfigError, unknown
from .define import FEATURES, GIVERS, QUANTITIES, ROOTS, TWINS, Definition, Given

INDEX = Path(__file__).with_name("index.json")
WHERE_TO_LOOK = {"reference": (), "cpu": ("cpu",), "cuda": ("cuda", "cpu")}
PACKAGE = __name__.rpartition(".")[0]
MACHINERY = {
    "define",
    "catalogue",
    "index",
    "settings",
    "requests",
    "memo",
    "engine",
    "featurize",
    "bench",
    "workload",
    "warm",
}


@cache
def index() -> dict[str, Any]:
    """Return the generated index of all features, quantities and twins."""
    read: dict[str, Any] = json.loads(INDEX.read_text()) if INDEX.exists() else {}
    return {"features": {}, "quantities": {}, "twins": {}, **read}


def import_all() -> None:
    """Import every module of features and twins, which registers what they define."""
    for package in (PACKAGE, f"{PACKAGE}.kernels", f"{PACKAGE}.cuda"):
        for info in iter_modules(import_module(package).__path__):
            if not info.name.startswith("_") and not info.ispkg and info.name not in MACHINERY:
                import_module(f"{package}.{info.name}")


def feature(name: str) -> Definition:
    """Return the feature that `name` stands for.

    Raises
    ------
    ConfigError
        If there is none (``E-CONFIG-UNKNOWN``).
    """
    _load(FEATURES, "features", name)
    if name not in FEATURES:
        raise ConfigError(unknown("feature", name, FEATURES), code="E-CONFIG-UNKNOWN")
    return FEATURES[name]


def quantity(name: str) -> Definition:
    """Return the quantity that `name` stands for.

    Raises
    ------
    ConfigError
        If there is none, which is a fault of the feature that asks for it (``E-FEATURES-QUANTITY``).
    """
    _load(QUANTITIES, "quantities", name)
    if name not in QUANTITIES:
        known = [*QUANTITIES, *GIVERS, *ROOTS]
        raise ConfigError(unknown("quantity", name, known), code="E-FEATURES-QUANTITY")
    return QUANTITIES[name]


def is_quantity(name: str) -> bool:
    """Return whether `name` is a quantity of every backend, not the private one of a twin."""
    return name in QUANTITIES or name in index()["quantities"]


def also(name: str) -> tuple[str, ...]:
    """Return the names of what a quantity returns beside itself."""
    return quantity(name).also if is_quantity(name) else ()


def giver(name: str) -> str:
    """Return the quantity that gives `name`: itself, or the one it is a by-product of."""
    return GIVERS.get(name) or _indexed_givers().get(name, name)


@cache
def _indexed_givers() -> dict[str, str]:
    return {name: source for source, about in index()["quantities"].items() for name in about["also"]}


def _load(table: dict[str, Definition], kind: str, name: str) -> None:
    if name in table:
        return
    about = index()[kind].get(name)
    if about:
        import_module(about["module"])
    elif kind == "features" and (points := metadata.entry_points(group="neurocli.features", name=name)):
        next(iter(points)).load()
    else:
        import_all()  # newer than the index


def twin(backend: str, name: str, given: Given) -> Definition | None:
    """Return the twin of a feature or quantity on a backend that holds for these settings, or None.

    What has no twin for a GPU is computed by the one for the processor.
    """
    for one in WHERE_TO_LOOK[backend]:
        module = index()["twins"].get(one, {}).get(name)
        if module and (one, name) not in TWINS and not _usable(module):
            continue
        found = TWINS.get((one, name))
        if found and (found.when is None or found.when(given)):
            return found
    return None


@cache
def _usable(module: str) -> bool:
    try:
        import_module(module)
    except ImportError as error:
        warnings.warn(f"{module} cannot be used ({error}); the reference is, which is slower.", stacklevel=2)
        return False
    return True
