"""What can be used in a pipeline, described from the definitions' own fields and docstrings."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic.json_schema import PydanticJsonSchemaWarning

from .. import registry
from ..errors import UsageError, unknown
from ..evaluation.metrics import INDEX, Entry
from ..step import Settings

# what a person may call a kind -> kind of the registry
KINDS = {
    "steps": "steps", "preprocess": "steps",
    "features": "features", "featurize": "features",
    "models": "models", "train": "models",
    "metrics": "metrics", "evaluate": "metrics",
    "exporters": "exporters", "export": "exporters",
}  # fmt: skip
STAGE = {
    "steps": "preprocess", "features": "featurize", "models": "train.model",
    "metrics": "evaluate.metrics", "exporters": "export",
}  # fmt: skip


def kind_of(word: str) -> str:
    """Return the kind that a word names: itself, or the stage that uses it.

    Raises
    ------
    UsageError
        If it names none.
    """
    if word not in KINDS:
        raise UsageError(unknown("kind of step", word, KINDS))
    return KINDS[word]


def describe(kind: str) -> list[dict[str, Any]]:
    """Return every definition of a kind that can be used, third parties' by name alone."""
    if kind == "metrics":
        return [_metric(name, entry) for name, entry in INDEX.items()] + [
            _plugin(kind, name) for name in registry.plugin_names(kind)
        ]
    found = [_described(kind, definition) for _, definition in sorted(registry.definitions(kind).items())]
    return found + [_plugin(kind, name) for name in registry.plugin_names(kind)]


def _metric(name: str, entry: Entry) -> dict[str, Any]:
    best = "highest" if entry.best == "max" else "lowest"
    said = f"Of a {entry.task}, from {entry.needs}; the {best} is best."
    return {"kind": "metrics", "stage": STAGE["metrics"], "name": name, "summary": said, "settings": []}


def _plugin(kind: str, name: str) -> dict[str, Any]:
    point = registry.plugin_names(kind)[name]
    package = point.dist.name if point.dist else point.value
    said = f"From the package {package}."
    return {"kind": kind, "stage": STAGE[kind], "name": name, "summary": said, "settings": []}


def _described(kind: str, definition: type[Settings]) -> dict[str, Any]:
    return {
        "kind": kind,
        "stage": STAGE[kind],
        "name": definition.name,
        "summary": summary(definition),
        "version": definition.version,
        "libraries": list(definition.libraries),
        "seeded": definition.seeded,
        "positional": definition.positional,
        "settings": settings_of(definition),
    }


def summary(definition: type[Settings]) -> str:
    """Return the first sentence of the docstring."""
    return (inspect.getdoc(definition) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")


def settings_of(definition: type[Settings]) -> list[dict[str, Any]]:
    """Return each setting: name, type in words, unit, default and what it means."""
    schema = json_schema(definition)
    texts = parameters(inspect.getdoc(definition) or "")
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": words(about, schema),
            "unit": _unit(about, schema),
            "required": name in required,
            "default": about.get("default"),
            "description": texts.get(name) or about.get("description", ""),
        }
        for name, about in schema.get("properties", {}).items()
    ]


def json_schema(definition: type[Settings]) -> dict[str, Any]:
    """Return the JSON Schema of the settings, as pydantic makes it from the fields."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # a default that JSON cannot say is left out
        return definition.model_json_schema(by_alias=True)


def parameters(docstring: str) -> dict[str, str]:
    """Return what the section `Parameters` of a numpydoc docstring says of each name."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (section[1] if section else "").splitlines():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        elif line.strip():
            found.update({name: f"{found.get(name, '')} {line.strip()}".strip() for name in names})
    return found


def words(about: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return the type of a setting in words a person may type after."""
    about = _resolved(about, schema)
    if "anyOf" in about:
        return " or ".join(dict.fromkeys(words(one, schema) for one in about["anyOf"] if one.get("type") != "null"))
    if "enum" in about or "const" in about:
        return " or ".join(str(value) for value in about.get("enum", [about.get("const")]))
    if "x-unit" in about:
        return str(about["x-unit"])
    if about.get("type") == "array":
        return _array(about, schema)
    if about.get("type") == "object" and isinstance(about.get("additionalProperties"), dict):
        return f"mapping of names to {words(about['additionalProperties'], schema)}"
    simple = {"boolean": "true or false", "integer": "whole number", "string": "text", "object": "mapping"}
    return simple.get(str(about.get("type")), str(about.get("type", "anything")))


def _array(about: dict[str, Any], schema: dict[str, Any]) -> str:
    if about.get("maxItems") == 2 and "x-unit" in about.get("items", {}):
        unit = about["items"]["x-unit"]
        return f"[{unit}, {unit}]"
    if "prefixItems" in about:
        return f"[{', '.join(words(one, schema) for one in about['prefixItems'])}]"
    return f"list of {words(about.get('items', {}), schema)}"


def _resolved(about: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    ref = about.get("$ref")
    if ref is None and len(about.get("allOf", [])) == 1:
        ref = about["allOf"][0].get("$ref")
    return about if ref is None else schema["$defs"][ref.rpartition("/")[2]]


def _unit(about: Any, schema: dict[str, Any]) -> str | None:
    """Return the first unit that stands anywhere in the schema of one setting."""
    if isinstance(about, dict):
        about = _resolved(about, schema)
        if "x-unit" in about:
            return str(about["x-unit"])
        parts = [*about.get("anyOf", []), about.get("items"), about.get("additionalProperties")]
        return next((unit for part in parts if (unit := _unit(part, schema))), None)
    return None
