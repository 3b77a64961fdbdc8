"""Settings given outside the file: ``--set stage.step.setting=value``."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ConfigError, unknown
from . import tree
from .build import INHERITED
from .yaml_core import Node, read_value

Setting = tuple[str, tuple[tree.Part, ...], Node]  # address, its parts, value


def parse_sets(sets: Sequence[str]) -> tuple[Setting, ...]:
    """Return the settings of the command line; the value is YAML, so lists and units work as in the file.

    Raises
    ------
    ConfigError
        If one is no ``address=value`` (``E-CONFIG-SET``), or its value no YAML (``E-CONFIG-YAML``).
    """
    return tuple(_parse_set(text) for text in sets)


def _parse_set(text: str) -> Setting:
    where = f"--set {text}"
    address, equals, value = text.partition("=")
    if not equals:
        raise ConfigError("A setting is written stage.step.setting=value.", code="E-CONFIG-SET", where=where)
    try:
        parts = tree.parse(address.strip())
    except ValueError as error:
        raise ConfigError(str(error), code="E-CONFIG-SET", where=where) from error
    if parts[0].name not in INHERITED:
        raise ConfigError(unknown("stage:", parts[0].name, INHERITED), code="E-CONFIG-SET", where=where)
    return address.strip(), parts, read_value(value, where)


def apply_sets(pipeline: Node, sets: Sequence[Setting]) -> Node:
    """Return the pipeline with the settings in place.

    Raises
    ------
    ConfigError
        If the pipeline lacks the stage or the step (``E-CONFIG-SET``).
    """
    for address, parts, value in sets:
        stage = pipeline.fields.get(parts[0].name)
        if len(parts) > 1 and (stage is None or stage.is_null):
            there = ", ".join(pipeline.fields)
            said = f"The pipeline has no {parts[0].name!r}; it has {there}."
            raise ConfigError(said, code="E-CONFIG-SET", where=value.where)
        pipeline = tree.put(pipeline, parts, value, address)
    return pipeline
