"""Write the index of features: ``python -m neurocli.features.index``. A test keeps it equal to the code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import catalogue
from .define import BACKENDS, FEATURES, QUANTITIES, TWINS, Definition
from .requests import Request, complete, quantities

Document = dict[str, Any]


def build() -> Document:
    """Return what can be said of all features, quantities and twins without importing them again."""
    catalogue.import_all()
    return {
        "features": {name: described(definition) for name, definition in sorted(FEATURES.items())},
        "quantities": {name: _quantity(definition) for name, definition in sorted(QUANTITIES.items())},
        "twins": {backend: _twins(backend) for backend in BACKENDS if backend != "reference"},
    }


def described(definition: Definition) -> Document:
    """Return what the index says of a feature."""
    request = Request(definition.name, definition, complete(definition, {}))
    settings = {name: _settings(needed, definition) for name, needed in quantities(definition).items()}
    return {
        "module": definition.module,
        "summary": definition.summary,
        "unit": request.unit,
        "per": definition.per,
        "pairs": definition.per in ("pair", "directed"),
        "cost": definition.cost,
        "backends": _backends(definition),
        "source": definition.source,
        "version": definition.version,
        "libraries": list(definition.libraries),
        "settings": _settings(definition, definition),
        "quantities": {name: fields for name, fields in settings.items() if fields},
    }


def _settings(definition: Definition, feature: Definition) -> Document:
    """Return each setting's annotation and default, which a feature may preset for its quantities."""
    defaults = {**definition.settings, **feature.presets.get(definition.name, {})}
    return {name: {"type": definition.types[name], "default": _plain(defaults[name])} for name in definition.settings}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _backends(definition: Definition) -> list[str]:
    """Return the backends that have a twin of the feature, or of a quantity it stands on."""
    names = {definition.name, *quantities(definition)}
    return ["reference", *(b for b in BACKENDS[1:] if any((b, name) in TWINS for name in names))]


def _quantity(definition: Definition) -> Document:
    return {"module": definition.module, "summary": definition.summary, "also": list(definition.also)}


def _twins(backend: str) -> dict[str, str]:
    return {name: twin.module for (b, name), twin in sorted(TWINS.items()) if b == backend}


def main() -> None:
    """Write the index beside this module."""
    catalogue.INDEX.write_text("{}\n")  # whatever it was, perhaps half merged
    catalogue.INDEX.write_text(json.dumps(build(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
