"""The quantities of one chunk on the device; what a function of the host asks for is brought to it, and back."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch

from .. import catalogue
from ..define import ROOTS, Definition, Given
from ..memo import Memo


class DeviceMemo(Memo):
    """The quantities of one chunk; functions of the backend get tensors, those of other backends arrays.

    Parameters
    ----------
    x : tensor, shape (n_epochs, n_channels, n_times)
        Signal of the chunk, all finite, on the device.
    sfreq : float
        Hz.
    ch_names : tuple of str
        Names of the channels.
    """

    def __init__(self, x: torch.Tensor, sfreq: float, ch_names: tuple[str, ...]):
        self.where = x.device
        super().__init__(x, sfreq, ch_names, "cuda")  # type: ignore[arg-type]  # here a signal is a tensor

    @cached_property
    def host(self) -> np.ndarray:
        """The signal, for functions of the backend ``cpu``."""
        found: np.ndarray = to_host(self.roots["x"])
        return found

    @cached_property
    def double(self) -> np.ndarray:
        """The signal in float64, for reference functions."""
        return self.host.astype(np.float64)

    def _call(self, definition: Definition, is_twin: bool, settings: Given, given: Given) -> Any:  # noqa: ARG002
        needs = (self._need(name, given, definition.backend) for name in definition.needs)
        return definition.func(*needs, **settings)

    def _need(self, name: str, given: Given, asker: str) -> Any:
        if name == "x":
            return self.roots["x"] if asker == "cuda" else self.host if asker == "cpu" else self.double
        if name in ROOTS:
            return self.roots[name]
        value = self.quantity(name, given)
        maker = self._pick(catalogue.giver(name), given)[0].backend
        if (maker == "cuda") == (asker == "cuda"):
            return value
        return to_host(value) if maker == "cuda" else _to_device(value, self.where)


def to_host(value: Any) -> Any:
    """Return tensors as arrays, also those in a tuple."""
    if isinstance(value, tuple):
        return tuple(to_host(one) for one in value)
    return value.cpu().numpy() if isinstance(value, torch.Tensor) else value


def _to_device(value: Any, where: torch.device) -> Any:
    if isinstance(value, tuple):
        return tuple(_to_device(one, where) for one in value)
    return torch.from_numpy(np.ascontiguousarray(value)).to(where) if isinstance(value, np.ndarray) else value
