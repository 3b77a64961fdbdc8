"""Frozen data classes that the store can keep: arrays on one side, everything else as JSON on the other."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np

from .lazy import Lazy

KINDS: dict[str, type[Payload]] = {}


class Payload:
    """Base of the data classes; a field is an array (or None), or something JSON can say.

    A subclass is a frozen dataclass with a class attribute ``kind``.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        KINDS[cls.kind] = cls

    def to_payload(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the arrays, and the rest as a JSON document."""
        arrays: dict[str, np.ndarray] = {}
        meta: dict[str, Any] = {"kind": self.kind}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            (arrays if isinstance(value, np.ndarray | Lazy) else meta)[field.name] = value
        return arrays, meta

    @classmethod
    def from_payload(cls, arrays: dict[str, np.ndarray], meta: dict[str, Any]) -> Self:
        """Return the object whose `to_payload` gave these."""
        return cls(**{**{name: _frozen(value) for name, value in meta.items() if name != "kind"}, **arrays})


def restore(arrays: dict[str, np.ndarray], meta: dict[str, Any]) -> Payload:
    """Return the object of whatever kind that `meta` names."""
    return KINDS[meta["kind"]].from_payload(arrays, meta)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
