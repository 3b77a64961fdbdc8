"""YAML as a tree of marked nodes: the 1.2 core schema, every value with its line and column, nothing executable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from ..errors import ConfigError

# libyaml where PyYAML was built with it: five times faster. We take events and resolve scalars ourselves.
Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_NODES = 50_000  # aliases included, so that nested aliases cannot fill the memory
MAX_DEPTH = 50

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Node:
    """A value of the file, and where it stands.

    Parameters
    ----------
    value : dict of Node, list of Node, or scalar
        Mapping keys are the text that was written.
    where : str
        ``pipelines.yaml:31:16``; lines and columns count from one.
    text : str or None
        A scalar as it was written: ``010`` is the number 10 and the subject ``010``.
    key_where : str
        Where the key stands, for a value of a mapping.
    """

    value: dict[str, Node] | list[Node] | Scalar
    where: str
    text: str | None = None
    key_where: str = ""

    @property
    def fields(self) -> dict[str, Node]:
        """The values of a mapping; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The values of a list; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def is_null(self) -> bool:
        """Whether the value is absent: an empty place, ``~`` or ``null``."""
        return self.value is None


def plain(node: Node, *, as_text: bool = False) -> Any:
    """Return the node without its marks; `as_text` keeps every scalar as it was written, but null."""
    if isinstance(node.value, dict):
        return {key: plain(child, as_text=as_text) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child, as_text=as_text) for child in node.value]
    return node.text if as_text and node.value is not None else node.value


def kind_of(node: Node) -> str:
    """Return what a node is, in words."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    return "nothing" if node.value is None else repr(node.text)


_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolve(text: str) -> Scalar:
    """Return what an unquoted scalar stands for in the core schema of YAML 1.2.

    PyYAML follows YAML 1.1, where ``1e-4`` is a string, ``1:30`` is 90, ``010`` is 8 and ``on`` is true.

    >>> [resolve(text) for text in ("1e-4", "1:30", "010", "on", "~")]
    [0.0001, '1:30', 10, 'on', None]
    """
    if _NULL.fullmatch(text):
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def read(content: bytes, name: str) -> Node:
    """Return the one document of a YAML file.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte-order mark.
    name : str
        What messages call the file.

    Raises
    ------
    ConfigError
        If the bytes are no UTF-8, the text is no YAML, or it uses what could surprise: tags, duplicate keys, a second
        document, aliases of aliases that grow beyond all bounds.
    """
    text = _decode(content, name)
    _refuse_tabs(text, name)
    try:
        root = _Composer(text, name).document()
    except yaml.YAMLError as error:
        raise _syntax(error, text, name) from error
    if root is None or root.is_null:
        raise ConfigError(
            "The file is empty.", code="E-CONFIG-EMPTY", where=name, remedy="`neurocli init` writes one to start from."
        )
    return root


def read_value(text: str, where: str) -> Node:
    """Return one value given outside a file, such as on the command line; all its marks are `where`."""
    try:
        root = _Composer(text, where, fixed=where).document()
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise ConfigError(f"{text!r} is no YAML value: {problem}.", code="E-CONFIG-YAML", where=where) from error
    return root or Node(None, where, "")


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        raise ConfigError(
            f"The byte 0x{content[error.start]:02x} is no UTF-8.",
            code="E-CONFIG-ENCODING",
            where=_place(name, before),
            remedy="Save the file as UTF-8.",
        ) from error


def _place(name: str, before: str) -> str:
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _refuse_tabs(text: str, name: str) -> None:
    found = re.search(r"^ *\t+(?=[^\s#])", text, re.MULTILINE)
    if found:
        raise ConfigError(
            "A tab indents this line; YAML indents with spaces.",
            code="E-CONFIG-YAML",
            where=_place(name, text[: text.index("\t", found.start())]),
            remedy="Replace the tab by spaces.",
        )


def _syntax(error: yaml.YAMLError, text: str, name: str) -> ConfigError:
    mark: Any = getattr(error, "problem_mark", None)
    if mark is not None:
        problem = getattr(error, "problem", None) or "not valid"
        context = getattr(error, "context", None)
        said = f"This is no YAML: {problem}{f' ({context})' if context else ''}."
        return ConfigError(said, code="E-CONFIG-YAML", where=f"{name}:{mark.line + 1}:{mark.column + 1}")
    position = getattr(error, "position", 0)
    reason = getattr(error, "reason", str(error))
    return ConfigError(f"This is no YAML: {reason}.", code="E-CONFIG-YAML", where=_place(name, text[:position]))


class _Composer:
    """Builds nodes from the parser's events, and refuses what a pipelines file has no use for."""

    def __init__(self, text: str, name: str, fixed: str | None = None):
        self._parser = Parser(text)
        self._name = name
        self._fixed = fixed
        self._anchors: dict[str, Node | None] = {}
        self._sizes: dict[str, int] = {}
        self._count = 0

    def document(self) -> Node | None:
        events = self._events()
        root = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._fail("A second document starts here; a file holds one.", event, "E-CONFIG-DOCUMENTS")
                root = self._node(next(events), events, 0)
        return root

    def _events(self) -> Iterator[Event]:
        while self._parser.check_event():
            yield self._parser.get_event()

    def _where(self, event: Event) -> str:
        if self._fixed is not None:
            return self._fixed
        mark: Any = event.start_mark
        return f"{self._name}:{mark.line + 1}:{mark.column + 1}"

    def _fail(self, message: str, event: Event, code: str, remedy: str | None = None) -> NoReturn:
        raise ConfigError(message, code=code, where=self._where(event), remedy=remedy)

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._fail(f"This is nested more than {MAX_DEPTH} deep.", event, "E-CONFIG-YAML")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if getattr(event, "tag", None) is not None:
            self._tag(event)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None  # known, and not whole yet
        before = self._count
        node = self._made(event, events, depth)
        if anchor:
            self._anchors[anchor], self._sizes[anchor] = node, self._count - before
        return node

    def _made(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        self._grow(1, event)
        if isinstance(event, ScalarEvent):
            value = resolve(event.value) if event.implicit[0] else event.value
            return Node(value, self._where(event), event.value)
        assert isinstance(event, CollectionStartEvent)
        inside = self._mapping if isinstance(event, MappingStartEvent) else self._sequence
        return Node(inside(events, depth), self._where(event))

    def _sequence(self, events: Iterator[Event], depth: int) -> list[Node]:
        found = []
        while not isinstance(event := next(events), SequenceEndEvent):
            found.append(self._node(event, events, depth + 1))
        return found

    def _mapping(self, events: Iterator[Event], depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._key(event)
            if key in found:
                first = found[key].key_where
                self._fail(f"The key {key!r} is there twice; first at {first}.", event, "E-CONFIG-DUPLICATE")
            value = self._node(next(events), events, depth + 1)
            found[key] = Node(value.value, value.where, value.text, self._where(event))
        return found

    def _key(self, event: Event) -> str:
        if not isinstance(event, ScalarEvent):
            self._fail("A key must be a word.", event, "E-CONFIG-YAML")
        if event.tag is not None:
            self._tag(event)
        if event.value == "<<" and event.implicit[0]:
            remedy = "A pipeline takes over another one's entries with `extends: NAME`."
            self._fail("Merge keys (<<) are no part of YAML 1.2.", event, "E-CONFIG-YAML", remedy)
        return str(event.value)

    def _tag(self, event: Any) -> NoReturn:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._fail(f"The tag {tag!r} is not allowed.", event, "E-CONFIG-TAG", "Write the plain value.")

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            self._fail(f"Nothing was anchored as {event.anchor!r} above.", event, "E-CONFIG-ALIAS")
        node = self._anchors[event.anchor]
        if node is None:
            self._fail(f"{event.anchor!r} contains itself.", event, "E-CONFIG-ALIAS")
        self._grow(self._sizes[event.anchor], event)
        return node

    def _grow(self, n: int, event: Event) -> None:
        self._count += n
        if self._count > MAX_NODES:
            self._fail(f"The file has more than {MAX_NODES} values, aliases included.", event, "E-CONFIG-ALIAS")
