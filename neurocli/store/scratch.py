"""Finished parts of a unit that is not finished: a killed worker leaves them to the one that takes its place."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError
from . import KEY, Store
from ._files import speaking
from ._payloads import TENSORS, load, save

if TYPE_CHECKING:
    import numpy as np

PLACE = "scratch"


class Scratch:
    """The parts of one unit; only who has claimed its key writes here.

    Parameters
    ----------
    store : Store
        Where the unit's entry will be.
    key : str
        Of the unit: whatever the parts depend on is in it.
    """

    def __init__(self, store: Store, key: str) -> None:
        if not KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key.")
        self._store, self._key = store, key
        self.folder = store.root / PLACE / key

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a part, whole or not at all.

        Raises
        ------
        StoreError
            If the disk is full (``E-STORE-FULL``) or may not be written (``E-STORE-PERMISSION``).
        """
        with speaking(self.folder), self._store.building(self._key) as made:
            save(made, arrays, {})
            self.folder.mkdir(parents=True, exist_ok=True)
            Path(made, TENSORS).replace(self._path(name))

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return a part, memory-mapped; None where there is none, or what is there is not whole."""
        try:
            return load(str(self._path(name)))[0]
        except (OSError, StoreError):
            return None

    def drop(self) -> None:
        """Remove all parts: the unit is finished, or begins anew."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"
