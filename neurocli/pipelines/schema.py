"""The JSON Schema of `pipelines.yaml`, generated from the definitions' own fields, for editors."""

from __future__ import annotations

from typing import Any

from .. import registry
from ..evaluation.metrics import INDEX
from ..evaluation.split import Split
from ..step import Settings
from .build import INHERITED, KEEP, LISTED
from .catalogue import json_schema, summary
from .protocols import Ablation, Ahead, Clusters, FewShot, OverTime
from .settings import Evaluate, Input, Null, Search, Target, Train

Schema = dict[str, Any]
Models = dict[str, type[Settings]]
NOTHING: Schema = {"type": "null"}  # takes away what was inherited
# section -> what in it may be a bare value
INNER: dict[str, Models] = {
    "train": {
        "split": Split, "null": Null, "search": Search, "over_time": OverTime, "few_shot": FewShot,
        "ablation": Ablation,
    },
    "target": {"ahead": Ahead},
    "evaluate": {"clusters": Clusters},
}  # fmt: skip


def schema() -> Schema:
    """Return the schema of a whole file."""
    pipeline = _pipeline()
    inherited = {key: value for key, value in pipeline["properties"].items() if key in INHERITED}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "neurocli pipelines",
        "type": "object",
        "required": ["version", "pipelines"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            "defaults": {"type": "object", "additionalProperties": False, "properties": inherited,
                         "description": "What every pipeline starts from."},
            "pipelines": {"type": "object", "additionalProperties": {"$ref": "#/$defs/pipeline"}},
        },
        "patternProperties": {"^x-": {"description": "A place for anchors."}},
        "$defs": {"pipeline": pipeline, **{kind: _chain(kind) for kind in registry.ROOMS}, **_definitions()},
    }  # fmt: skip


def _pipeline() -> Schema:
    stages = {stage: {"anyOf": [{"$ref": f"#/$defs/{kind}"}, NOTHING]} for stage, kind in LISTED.items()}
    sections: Models = {"input": Input, "target": Target, "train": Train, "evaluate": Evaluate}
    properties: Schema = {
        "title": {"type": "string", "description": "One line, for tables and reports."},
        "citation": {"type": "string", "description": "Whom to cite for the data or the method."},
        "extends": {"type": "string", "description": "The pipeline whose entries this one starts from."},
        "matrix": {
            "anyOf": [{"type": "object", "additionalProperties": {"type": "array", "minItems": 1}}, NOTHING],
            "description": "Address of a setting -> values; every combination is a pipeline.",
        },
        "device": {
            "type": "string",
            "pattern": "^(auto|cpu|cuda(:[0-9]+)?)$",
            "description": "Where features and networks are computed, unless --device says it.",
        },
        "seed": {"type": "integer", "minimum": 0, "description": "Of everything random."},
        "keep": {"enum": list(KEEP), "description": "Which payloads of single recordings stay in the store."},
        **{name: _section(name, model) for name, model in sections.items()},
        **stages,
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _section(name: str, model: type[Settings]) -> Schema:
    """Return the schema of a section, in which nothing is required: it may complete what it inherits."""
    found = _localised(json_schema(model), f"#/$defs/section.{name}")
    return {"anyOf": [*_positional(model, found), {"$ref": f"#/$defs/section.{name}"}, NOTHING],
            "description": summary(model)}  # fmt: skip


def _definitions() -> Schema:
    found: Schema = {}
    sections: Models = {"input": Input, "target": Target, "evaluate": Evaluate}
    inner = {name: model for models in INNER.values() for name, model in models.items()}
    for name, model in (sections | inner).items():
        found[f"section.{name}"] = _optional(_localised(json_schema(model), f"#/$defs/section.{name}"))
    for name in ("target", "evaluate"):
        found[f"section.{name}"]["properties"] |= {key: _section(key, model) for key, model in INNER[name].items()}
    found["section.train"] = _train()
    if not registry.plugin_names("metrics"):
        found["section.evaluate"]["properties"]["metrics"]["items"] = {"enum": list(INDEX)}
    for kind in registry.ROOMS:
        for name, definition in registry.definitions(kind).items():
            found[f"{kind}.{name}"] = _localised(json_schema(definition), f"#/$defs/{kind}.{name}")
    return found


def _train() -> Schema:
    found = _optional(json_schema(Train))
    found.pop("$defs", None)
    found["properties"] |= {name: _section(name, model) for name, model in INNER["train"].items()}
    found["properties"]["model"] = {"$ref": "#/$defs/models"}
    return found


def _optional(found: Schema) -> Schema:
    return {key: value for key, value in found.items() if key != "required"}


def _localised(found: Any, prefix: str) -> Any:
    """Return a schema whose references to its own `$defs` hold where it is put."""
    if isinstance(found, dict):
        return {
            key: f"{prefix}/{value.removeprefix('#/')}" if key == "$ref" else _localised(value, prefix)
            for key, value in found.items()
        }
    return [_localised(item, prefix) for item in found] if isinstance(found, list) else found


def _positional(definition: type[Settings], found: Schema) -> list[Schema]:
    """Return what a bare value may be."""
    if definition.positional is None:
        return []
    about = found["properties"][definition.positional]
    return [about, about["items"]] if about.get("type") == "array" and "items" in about else [about]


def _chain(kind: str) -> Schema:
    """Return the schema of a list of steps: each a bare word, or its name with settings below."""
    definitions = registry.definitions(kind)
    bare = [name for name, definition in definitions.items() if not json_schema(definition).get("required")]
    listed = {name: _step(kind, name, definition) for name, definition in definitions.items()}
    mapping = {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": listed}
    if not registry.plugin_names(kind):  # a third party's settings are not known before it is imported
        mapping["additionalProperties"] = False
    items = {"anyOf": [{"enum": bare} if mapping.get("additionalProperties") is False else {"type": "string"}, mapping]}
    return {"type": "array", "items": items}


def _step(kind: str, name: str, definition: type[Settings]) -> Schema:
    place = f"#/$defs/{kind}.{name}"
    found = _localised(json_schema(definition), place)
    return {"anyOf": [{"$ref": place}, *_positional(definition, found), NOTHING], "description": summary(definition)}
