"""A matrix: the cross product of settings, each combination a pipeline of its own."""

from __future__ import annotations

from itertools import product
from math import prod

from ..errors import ConfigError
from . import tree
from .pipeline import anchor
from .yaml_core import Node, kind_of

MAX_COMBINATIONS = 1000
Choice = tuple[tuple[str, Node], ...]  # address -> value


def combinations(name: str, pipeline: Node) -> dict[str, Choice]:
    """Return what each pipeline of a matrix sets, by its name: ``name[C=1,lag=8]``; without a matrix the plain name.

    Raises
    ------
    ConfigError
        If the matrix is no mapping of addresses to lists of different values (``E-CONFIG-MATRIX``).
    """
    matrix = pipeline.fields.get("matrix")
    if matrix is None or matrix.is_null:
        return {name: ()}
    if not isinstance(matrix.value, dict) or not matrix.value:
        raise _wrong(f"matrix: expected a mapping of addresses to lists, got {kind_of(matrix)}.", matrix)
    values = {address: _values(address, node) for address, node in matrix.fields.items()}
    n = prod(len(labelled) for labelled in values.values())
    if n > MAX_COMBINATIONS:
        raise _wrong(f"matrix: {n} combinations are more than {MAX_COMBINATIONS}.", matrix)
    short = _short_names(list(values))
    return {
        f"{name}[{','.join(f'{short[address]}={label}' for address, (label, _) in zip(values, choice, strict=True))}]":
        tuple((address, node) for address, (_, node) in zip(values, choice, strict=True))
        for choice in product(*values.values())
    }  # fmt: skip


def _values(address: str, node: Node) -> list[tuple[str, Node]]:
    try:
        tree.parse(address)
    except ValueError as error:
        raise ConfigError(f"matrix: {error}", code="E-CONFIG-MATRIX", where=node.key_where) from error
    if not node.items:
        raise _wrong(f"matrix.{address}: expected a list of values, got {kind_of(node)}.", node)
    labels = [_label(item, i) for i, item in enumerate(node.items, start=1)]
    for item, label in zip(node.items, labels, strict=True):
        if labels.count(label) > 1:
            raise _wrong(f"matrix.{address}: the value {label!r} is there twice.", item)
    return list(zip(labels, node.items, strict=True))


def _label(item: Node, number: int) -> str:
    """Return a scalar as it was written; anything longer by its number in the list."""
    return "".join(item.text.split()) if item.text is not None else f"#{number}"


def _short_names(addresses: list[str]) -> dict[str, str]:
    """Return the shortest ending of each address that no other shares."""
    found = {}
    for address in addresses:
        parts = address.split(".")
        endings = (".".join(parts[-n:]) for n in range(1, len(parts) + 1))
        others = [other for other in addresses if other != address]
        found[address] = next(
            (ending for ending in endings if not any(f".{other}".endswith(f".{ending}") for other in others)), address
        )
    return found


def _wrong(message: str, node: Node) -> ConfigError:
    return ConfigError(message, code="E-CONFIG-MATRIX", where=anchor(node))
