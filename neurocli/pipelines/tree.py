"""Addresses into a pipeline (`preprocess.filter[1].l_freq`): finding, setting and merging nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..errors import ConfigError, unknown
from .yaml_core import Node

_PART = re.compile(r"([^\[\]]+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Part:
    """One part of an address: a name and, for a repeated step or an item of a list, its number from zero."""

    name: str
    index: int | None = None


def parse(address: str) -> tuple[Part, ...]:
    """Return the parts of an address.

    >>> parse("preprocess.filter[1].l_freq")[1]
    Part(name='filter', index=1)

    Raises
    ------
    ValueError
        If a part is no name with an optional number.
    """
    found = []
    for text in address.split("."):
        match = _PART.fullmatch(text)
        if not match:
            raise ValueError(f"{address!r} is no address; write stage.step.setting, such as preprocess.filter.l_freq.")
        found.append(Part(match[1].strip(), int(match[2]) if match[2] else None))
    return tuple(found)


def step_name(item: Node) -> str | None:
    """Return the name of a listed step: a bare word, or the one key of a mapping."""
    if isinstance(item.value, dict):
        return next(iter(item.value)) if len(item.value) == 1 else None
    return item.text if not isinstance(item.value, list) else None


def step_settings(item: Node) -> Node:
    """Return the settings of a listed step; those of a bare word are empty."""
    if isinstance(item.value, dict):
        return next(iter(item.value.values()))
    return Node({}, item.where, None, item.where)


def steps(listed: Node) -> Iterator[tuple[Part, Node]]:
    """Yield each step of a list, numbered only where its name is there more than once."""
    names = [step_name(item) or "" for item in listed.items]
    for i, (name, item) in enumerate(zip(names, listed.items, strict=True)):
        yield Part(name, names[:i].count(name) if names.count(name) > 1 else None), item


def place(part: Part) -> str:
    """Return a part as it is written in an address."""
    return part.name if part.index is None else f"{part.name}[{part.index}]"


def find(node: Node, parts: Sequence[Part]) -> Node:
    """Return the node at an address or, where the file says nothing there, the nearest above it."""
    if not parts:
        return node
    child = _child(node, parts[0])
    return node if child is None else find(child, parts[1:])


def _child(node: Node, part: Part) -> Node | None:
    if isinstance(node.value, dict):
        child = node.value.get(part.name)
        if child is None or part.index is None:
            return child
        return child.items[part.index] if part.index < len(child.items) else None
    same = [item for item in node.items if step_name(item) == part.name]
    chosen = part.index or 0
    return step_settings(same[chosen]) if chosen < len(same) else None


def put(node: Node, parts: Sequence[Part], value: Node, address: str) -> Node:
    """Return a copy of the tree with `value` at an address; mappings on the way are made, steps are not.

    Raises
    ------
    ConfigError
        If no listed step, or more than one, has the name in the address (``E-CONFIG-SET``).
    """
    if not parts:
        return replace(value, key_where=node.key_where or value.where)
    if isinstance(node.value, list):
        return _put_step(node, parts, value, address)
    part, rest = parts[0], parts[1:]
    fields = dict(node.fields)
    inner = fields.get(part.name, Node({}, value.where, None, value.where))
    if part.index is None:
        fields[part.name] = put(inner, rest, value, address)
    else:
        fields[part.name] = _put_item(inner, parts, value, address)
    return replace(node, value=fields, text=None)


def _put_item(node: Node, parts: Sequence[Part], value: Node, address: str) -> Node:
    index = parts[0].index or 0
    if index >= len(node.items):
        raise _wrong(f"{address!r} asks for item {index} of a list of {len(node.items)}.", value)
    items = list(node.items)
    items[index] = put(items[index], parts[1:], value, address)
    return replace(node, value=items)


def _put_step(node: Node, parts: Sequence[Part], value: Node, address: str) -> Node:
    part = parts[0]
    places = [i for i, item in enumerate(node.items) if step_name(item) == part.name]
    if not places:
        raise _wrong(unknown(f"step in {address!r}:", part.name, {step_name(item) or "" for item in node.items}), value)
    if part.index is None and len(places) > 1:
        ways = ", ".join(f"{part.name}[{k}]" for k in range(len(places)))
        raise _wrong(f"{part.name!r} is there {len(places)} times; say which in {address!r}: {ways}.", value)
    if (part.index or 0) >= len(places):
        raise _wrong(f"{address!r} asks for number {part.index} of {len(places)}; the first is {part.name}[0].", value)
    chosen = places[part.index or 0]
    items = list(node.items)
    settings = put(step_settings(items[chosen]), parts[1:], value, address)
    items[chosen] = Node({part.name: settings}, items[chosen].where)
    return replace(node, value=items)


def _wrong(message: str, value: Node) -> ConfigError:
    return ConfigError(message, code="E-CONFIG-SET", where=value.where)


# mappings whose keys exclude each other: naming another kind replaces what the parent said, whole
KINDS = {
    ("target",): {"entity", "events", "participants"},
    ("train", "split"): {"leave_out", "k_fold", "within", "fixed"},
}


def merge(parent: Node, child: Node, path: tuple[str, ...] = ()) -> Node:
    """Return `child` over `parent`: mappings key by key, everything else (lists of steps too) whole."""
    if not isinstance(parent.value, dict) or not isinstance(child.value, dict):
        return child
    kinds = KINDS.get(path, set())
    if not kinds & set(child.value) <= kinds & set(parent.value):
        return child
    merged = dict(parent.value)
    for key, value in child.value.items():
        merged[key] = merge(merged[key], value, (*path, key)) if key in merged else value
    return replace(child, value=merged)
