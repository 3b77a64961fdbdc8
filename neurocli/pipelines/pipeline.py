"""A pipeline as the rest of the house sees it: frozen, checked, and able to say which line said what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..step import Settings
from . import tree
from .settings import Evaluate, Input, Target, Train
from .yaml_core import Node


@dataclass(frozen=True)
class Use:
    """One use of a registered definition.

    Parameters
    ----------
    name : str
        Its YAML name.
    settings : Settings
        Of the definition, checked.
    address : str
        Where it is used: ``preprocess.filter[1]``.
    """

    name: str
    settings: Settings
    address: str

    def recipe(self) -> dict[str, Any]:
        """Return what enters a key: name, version and every setting, defaults too."""
        return {
            "name": self.name,
            "version": self.settings.version,
            "settings": self.settings.model_dump(mode="json"),
            "libraries": list(self.settings.libraries),
            "seeded": self.settings.seeded,
        }


@dataclass(frozen=True)
class Pipeline:
    """A named entry of ``pipelines.yaml``, with everything it inherited."""

    name: str
    title: str
    citation: str | None
    input: Input
    target: Target | None
    preprocess: tuple[Use, ...]
    featurize: tuple[Use, ...]
    train: Train | None
    evaluate: Evaluate | None
    export: tuple[Use, ...]
    seed: int
    keep: str = "final"  # of what is made of single recordings: final, all or none
    device: str = "cpu"
    node: Node = field(repr=False, compare=False, default=Node({}, "pipelines.yaml"))

    def mark(self, address: str) -> str:
        """Return the line and column that said `address` (``pipelines.yaml:31:16``), or the nearest above it."""
        return anchor(tree.find(self.node, tree.parse(address)))

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every use of a definition, in the order of the stages."""
        model = self.train.model if self.train else ()
        return (*self.preprocess, *self.featurize, *model, *self.export)


def anchor(node: Node) -> str:
    """Return where to point at: a scalar itself, the key of anything longer."""
    return node.key_where or node.where if isinstance(node.value, (dict, list)) else node.where
