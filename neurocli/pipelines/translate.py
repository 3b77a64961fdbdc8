"""From pydantic's errors to sentences with a place: what was expected, what was given, the nearest right spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError, unknown
from ..si import UnitError
from .pipeline import anchor
from .yaml_core import Node, kind_of

_KINDS = {
    "int": "a whole number", "float": "a number", "finite_number": "a finite number", "bool": "true or false",
    "string": "text", "list": "a list", "tuple": "a list", "dict": "a mapping", "mapping": "a mapping",
    "model": "a mapping", "none": "nothing",
}  # fmt: skip
_LIMITS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "text like {pattern}",
    "multiple_of": "a multiple of {multiple_of}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
Made = TypeVar("Made", bound=BaseModel)
Found = tuple[Node, str, Mapping[str, Any]]  # the node at fault, its address, pydantic's error


def validate(model: type[Made], document: dict[str, Any], node: Node) -> Made:
    """Return checked settings; where text is wanted, an unquoted number is the text that was written.

    Raises
    ------
    ValidationError
        If the document does not fit the model.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        wanting = [found["loc"] for found in error.errors(include_url=False) if found["type"] == "string_type"]
    for loc in wanting:
        _as_written(document, node, loc)
    return model.model_validate(document)


def _as_written(document: Any, node: Node, loc: tuple[str | int, ...]) -> None:
    """Replace the scalar at `loc` of a document, which mirrors `node`, by its text."""
    for part in loc:
        child = _inside(node, part)
        if child is None:
            continue
        if child.text is not None and child.value is not None:
            document[part] = child.text
        node, document = child, document[part]


def translate(error: ValidationError, model: type[BaseModel], node: Node, address: str) -> Iterator[ConfigError]:
    """Yield one error for each value at fault.

    Parameters
    ----------
    error : ValidationError
        What `model.model_validate` raised.
    model : type
        The settings that were asked for.
    node : Node
        What the file says, for the marks.
    address : str
        Of `node`: ``preprocess.filter``.
    """
    groups: dict[str, list[Found]] = {}
    for found in error.errors(include_url=False, include_input=False):
        if found["type"] in ("extra_forbidden", "missing"):
            yield _name_error(found, model, node, address)
        else:
            at, where = _follow(node, found["loc"], address)
            groups.setdefault(where, []).append((at, where, found))
    for several in groups.values():
        yield _value_error(several)


def _follow(node: Node, loc: tuple[str | int, ...], address: str) -> tuple[Node, str]:
    """Walk as far as the file goes; what pydantic adds for the branches of a union is not in the file."""
    for part in loc:
        child = _inside(node, part)
        if child is not None:
            node, address = child, f"{address}[{part}]" if isinstance(part, int) else f"{address}.{part}"
    return node, address


def _inside(node: Node, part: str | int) -> Node | None:
    if isinstance(part, int):
        return node.items[part] if part < len(node.items) else None
    return node.fields.get(part)


def _name_error(found: Mapping[str, Any], model: type[BaseModel], node: Node, address: str) -> ConfigError:
    *path, name = found["loc"]
    owner, where = _follow(node, tuple(path), address)
    if found["type"] == "missing":
        return ConfigError(
            f"{where} needs the setting {str(name)!r}{_described(model, name)}.",
            code="E-CONFIG-MISSING",
            where=anchor(owner),
        )
    known = field_names(_model_at(model, path) or model)
    at = owner.fields[name].key_where if name in owner.fields else anchor(owner)
    return ConfigError(unknown(f"setting of {where}:", name, known), code="E-CONFIG-UNKNOWN", where=at)


def _described(model: type[BaseModel], name: str | int) -> str:
    field = model.model_fields.get(str(name))
    return f" ({field.description.rstrip('.')})" if field and field.description else ""


def field_names(model: type[BaseModel]) -> list[str]:
    """Return the names of a model's fields as YAML spells them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], path: list[str | int]) -> type[BaseModel] | None:
    """Return the settings that the inner mapping at `path` is checked against, where they are settings."""
    current: type[BaseModel] | None = model
    for part in path:
        field = current.model_fields.get(str(part)) if current else None
        current = next(_models_in(field.annotation), None) if field else current
    return current


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _value_error(several: list[Found]) -> ConfigError:
    node, address, _ = several[0]
    said = [raised for _, _, found in several if (raised := found.get("ctx", {}).get("error")) is not None]
    if said:
        code = "E-CONFIG-UNIT" if isinstance(said[0], UnitError) else "E-CONFIG-VALUE"
        return ConfigError(f"{address}: {said[0]}", code=code, where=anchor(node))
    expected = list(dict.fromkeys(_expected(found) for _, _, found in several))
    near = _nearest(node, expected)
    return ConfigError(
        f"{address}: expected {' or '.join(expected)}, got {kind_of(node)}.{near}",
        code="E-CONFIG-VALUE",
        where=anchor(node),
    )


def _expected(found: Mapping[str, Any]) -> str:
    kind, context = str(found["type"]), found.get("ctx", {})
    if kind in _LIMITS:
        shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
        return _LIMITS[kind].format(**shown)
    word = next((words for start, words in _KINDS.items() if kind.startswith(f"{start}_") or kind == start), None)
    return word or str(found["msg"])


def _nearest(node: Node, expected: list[str]) -> str:
    choices = [choice for words in expected for choice in re.findall(r"'([^']+)'", words)]
    near = get_close_matches(node.text or "", choices, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
