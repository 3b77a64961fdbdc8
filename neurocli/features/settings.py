"""Settings of features for the YAML: pydantic models made from the generated index, without importing a feature."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union

from pydantic import ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, create_model

from .. import si
from ..step import Settings
from . import catalogue

Fraction = Annotated[float, Field(ge=0, le=1)]
TwoOrMore = Annotated[int, Field(ge=2)]
TYPES: dict[str, Any] = {
    "bool": bool, "int": int, "float": float, "str": str, "list": list, "dict": dict, "tuple": tuple,
    "Literal": Literal, "Fraction": Fraction, "PositiveInt": PositiveInt, "PositiveFloat": PositiveFloat,
    "NonNegativeInt": NonNegativeInt, "NonNegativeFloat": NonNegativeFloat, "TwoOrMore": TwoOrMore,
    # no feature has a frequency, a length or a step of zero, or of no band
    "Hertz": Annotated[si.Hertz, Field(gt=0)], "Seconds": Annotated[si.Seconds, Field(gt=0)],
    "Volts": si.Volts, "Band": si.Band, "Span": si.Span, "Bands": Annotated[si.Bands, Field(min_length=1)],
}  # fmt: skip


class FeatureSettings(Settings):
    """Settings of one feature, or of a quantity it stands on."""

    model_config = ConfigDict(validate_default=True)


@cache
def definitions() -> dict[str, type[Settings]]:
    """Return the settings of every feature that ships with neurocli, by name."""
    return {name: _shipped(name) for name in sorted(catalogue.index()["features"])}


def definition(name: str) -> type[Settings] | None:
    """Return the settings of one feature that ships with neurocli, made alone; None where there is none."""
    return _shipped(name) if name in catalogue.index()["features"] else None


@cache
def _shipped(name: str) -> type[Settings]:
    return _model(name, catalogue.index()["features"][name])


def of(function: Callable[..., Any]) -> type[Settings]:
    """Return the settings of a feature that is not in the index: a third party's, once imported."""
    from .define import FEATURES
    from .index import described

    return _model(function.__name__, described(FEATURES[function.__name__]))


def _model(name: str, about: Mapping[str, Any]) -> type[Settings]:
    """Make the model of one feature; its quantities are fields with a model of their own."""
    fields = _fields(about["settings"])
    for quantity, settings in about["quantities"].items():
        nested = create_model(f"{name}.{quantity}", __base__=FeatureSettings, **_fields(settings))
        fields[quantity] = (nested, nested())
    model: type[Settings] = create_model(name, __base__=FeatureSettings, __doc__=about["summary"], **fields)
    model.name, model.version, model.libraries = name, about["version"], tuple(about["libraries"])
    model.positional = next(iter(about["settings"]), None)
    return model


def _fields(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: (type_of(setting["type"]), setting["default"]) for name, setting in settings.items()}


def type_of(annotation: str) -> Any:
    """Return the type that an annotation spells; a list, of what is to be computed, has an entry at least.

    Raises
    ------
    ValueError
        If it uses a name that the YAML cannot say.
    """
    tree = ast.parse(annotation, mode="eval").body
    found = _type(tree, annotation)
    is_list = isinstance(tree, ast.Subscript) and ast.unparse(tree.value) in ("list", "tuple")
    return Annotated[found, Field(min_length=1)] if is_list else found


def _type(node: ast.expr, annotation: str) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in TYPES:
            return TYPES[name]
        case ast.Tuple(elts=items):
            return tuple(_type(item, annotation) for item in items)
        case ast.Subscript(value=outer, slice=inner):
            return _type(outer, annotation)[_type(inner, annotation)]
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Union[_type(left, annotation), _type(right, annotation)]  # noqa: UP007 (of values, not of names)
    raise ValueError(f"The annotation {annotation!r} of a setting uses what YAML cannot say; see features.define.")
