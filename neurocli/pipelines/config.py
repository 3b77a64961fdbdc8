"""`pipelines.yaml`, read and checked: `load` is the one way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from ..errors import ConfigError, unknown
from . import tree
from .build import INHERITED, KEYS, build, expand_steps
from .matrix import Choice, combinations
from .pipeline import Pipeline, Use, anchor
from .sets import Setting, apply_sets, parse_sets
from .yaml_core import Node, kind_of, read

__all__ = ["SHIPPED", "Config", "Pipeline", "Use", "default_file", "load"]

SHIPPED = Path(__file__).resolve().parents[1] / "pipelines.yaml"
TOP = ("version", "defaults", "pipelines")
VERSION = 1


@dataclass(frozen=True)
class Config:
    """The pipelines of one file. Each is built, and its settings checked, when it is asked for.

    Parameters
    ----------
    path : Path
        The file.
    entries : dict
        Name -> entry, with everything it inherits.
    sets : tuple
        What the command line sets.
    """

    path: Path
    entries: Mapping[str, Node] = field(repr=False)
    sets: tuple[Setting, ...] = field(default=(), repr=False)

    @cached_property
    def families(self) -> dict[str, dict[str, Choice]]:
        """Entry -> the pipelines that its matrix makes, each with what it sets; itself where there is no matrix."""
        return {name: combinations(name, node) for name, node in self.entries.items()}

    @cached_property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """Every pipeline by its name, matrices multiplied out; built when it is asked for."""
        return _Pipelines(self)

    def named(self, name: str) -> tuple[Pipeline, ...]:
        """Return the pipeline of a name, or all of a matrix by its plain name.

        Raises
        ------
        ConfigError
            If no pipeline has the name (``E-CONFIG-PIPELINE``), or one is wrong.
        """
        names = self.families.get(name, (name,))
        return tuple(self.pipelines[one] for one in names)

    def problems(self) -> list[ConfigError]:
        """Return everything that is wrong with any pipeline, each once."""
        found: dict[str, ConfigError] = {}
        for name, choices in self.families.items():
            for member, choice in choices.items():
                for problem in self._build(member, self.entries[name], choice)[1]:
                    found.setdefault(str(problem), problem)
        return list(found.values())

    def _build(self, name: str, entry: Node, choice: Choice) -> tuple[Pipeline | None, list[ConfigError]]:
        try:
            node = _chosen(expand_steps(entry), choice)
            self._refuse_sets_of(choice)
            node = expand_steps(apply_sets(node, self.sets))
        except ConfigError as error:
            return None, [error]
        return build(name, node)

    def _refuse_sets_of(self, choice: Choice) -> None:
        chosen = {address for address, _ in choice}
        for address, _, value in self.sets:
            if address in chosen:
                said = f"{address!r} is in the matrix of this pipeline, whose names would then be wrong."
                raise ConfigError(said, code="E-CONFIG-SET", where=value.where, remedy="Ask for one of its pipelines.")


def _chosen(node: Node, choice: Choice) -> Node:
    for address, value in choice:
        try:
            node = tree.put(node, tree.parse(address), value, address)
        except ConfigError as error:
            error.code = "E-CONFIG-MATRIX"
            raise
    return node


class _Pipelines(Mapping[str, Pipeline]):
    """Builds a pipeline when it is asked for, once."""

    def __init__(self, config: Config):
        self._config = config
        families = config.families.items()
        self._places = {member: (name, choice) for name, found in families for member, choice in found.items()}
        self._built: dict[str, Pipeline] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> Pipeline:
        if name not in self._built:
            self._built[name] = self._make(name)
        return self._built[name]

    def _make(self, name: str) -> Pipeline:
        if name not in self._places:
            names = [*self._places, *self._config.families]
            said = unknown("pipeline", name, dict.fromkeys(names))
            where, remedy = _shown(self._config.path), _found_elsewhere(name, self._config.path)
            raise ConfigError(said, code="E-CONFIG-PIPELINE", where=where, remedy=remedy)
        family, choice = self._places[name]
        pipeline, problems = self._config._build(name, self._config.entries[family], choice)
        if pipeline is None:
            raise problems[0]
        return pipeline


def load(path: Path | None = None, sets: Sequence[str] = ()) -> Config:
    """Return the pipelines of a file; None stands for the one in the current folder, else the shipped one.

    Parameters
    ----------
    path : Path or None
        A YAML file.
    sets : sequence of str
        ``stage.step.setting=value``, over what the file says.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no YAML, or has keys or parents that do not exist. What is wrong with the
        settings of a pipeline is said when that pipeline is asked for, or by `Config.problems`.
    """
    chosen = path or default_file()
    name = _shown(chosen)
    try:
        content = chosen.read_bytes()
    except OSError as error:
        said = f"The pipelines file cannot be read: {error.strerror}."
        remedy = "Give another with -f, or write one with `neurocli init`."
        raise ConfigError(said, code="E-CONFIG-FILE", where=str(chosen), remedy=remedy) from error
    root = read(content, name)
    return Config(chosen, _entries(root), parse_sets(sets))


def default_file() -> Path:
    """Return the pipelines file of the current folder, else the shipped one."""
    here = Path("pipelines.yaml")
    return here if here.is_file() else SHIPPED


def _found_elsewhere(name: str, path: Path) -> str:
    """Return how to reach a shipped pipeline that a file of one's own hides; empty where there is none."""
    if path.absolute() == SHIPPED or name not in load(SHIPPED).families:
        return ""
    return f"{name} comes with neurocli, and {path.name} is read instead: give -f {SHIPPED}, or copy it from there."


def _shown(path: Path) -> str:
    """Return how messages call a file: from the current folder where it lies below it, else by its bare name."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else path.name


def _entries(root: Node) -> dict[str, Node]:
    fields = _mapping(root, "The file")
    for key, node in fields.items():
        if key not in TOP and not key.startswith("x-"):  # x-: a place for anchors
            raise ConfigError(unknown("key", key, TOP), code="E-CONFIG-UNKNOWN", where=node.key_where)
    _check_version(root)
    if "pipelines" not in fields:
        said = "The file needs the key 'pipelines', a mapping of names to pipelines."
        raise ConfigError(said, code="E-CONFIG-MISSING", where=root.where)
    named = _mapping(fields["pipelines"], "pipelines")
    defaults = fields.get("defaults", Node({}, root.where))
    _check_keys(defaults, "defaults", INHERITED)
    for name, node in named.items():
        _check_name(name, node)
        _check_keys(node, f"pipeline {name!r}", KEYS)
    return {name: _inherited(name, named, defaults, ()) for name in named}


def _mapping(node: Node, what: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        said = f"{what}: expected a mapping, got {kind_of(node)}."
        raise ConfigError(said, code="E-CONFIG-VALUE", where=node.where)
    return node.value


def _check_version(root: Node) -> None:
    version = root.fields.get("version")
    if version is None:
        raise ConfigError("The file needs `version: 1`.", code="E-CONFIG-VERSION", where=root.where)
    if version.value != VERSION or isinstance(version.value, bool):
        said = f"version: this release reads version {VERSION}, got {kind_of(version)}."
        raise ConfigError(said, code="E-CONFIG-VERSION", where=version.where)


def _check_name(name: str, node: Node) -> None:
    if not name or set(name) & set("[]=,/\\ \t\n") or name.startswith((".", "-")):
        said = f"{name!r} is no name of a pipeline: it stands in file names and on command lines."
        remedy = "Use letters, digits, '-', '_' and '.'."
        raise ConfigError(said, code="E-CONFIG-VALUE", where=node.key_where, remedy=remedy)


def _check_keys(node: Node, what: str, known: Sequence[str]) -> None:
    if node.is_null:
        said = f"The {what} is empty." if what != "defaults" else "defaults: expected a mapping, got nothing."
        raise ConfigError(said, code="E-CONFIG-VALUE", where=anchor(node))
    for key, child in _mapping(node, what).items():
        if key not in known:
            raise ConfigError(unknown(f"key of {what}:", key, known), code="E-CONFIG-UNKNOWN", where=child.key_where)


def _inherited(name: str, named: Mapping[str, Node], defaults: Node, trail: tuple[str, ...]) -> Node:
    """Return an entry over its parent's, without what is the parent's own: its title."""
    node = named[name]
    parent = node.fields.get("extends")
    if parent is None or parent.is_null:
        return tree.merge(defaults, node)
    above = parent.text if not isinstance(parent.value, (dict, list)) else None
    if above is None:
        raise _wrong_parent(f"extends: expected the name of one pipeline, got {kind_of(parent)}.", parent)
    if above not in named:
        raise _wrong_parent(unknown("pipeline to extend:", above, [other for other in named if other != name]), parent)
    if above in (*trail, name):
        raise _wrong_parent(f"extends goes in a circle: {' -> '.join((*trail, name, above))}.", parent)
    inherited = _inherited(above, named, defaults, (*trail, name))
    own = {key: value for key, value in inherited.fields.items() if key not in ("title", "extends")}
    return tree.merge(replace(inherited, value=own), node)


def _wrong_parent(message: str, node: Node) -> ConfigError:
    return ConfigError(message, code="E-CONFIG-EXTENDS", where=anchor(node))
