"""Where the sensors are: `electrodes.tsv`, else the standard 10-20 places by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .tables import numbers, read_json, read_tsv

_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
_ANTERIOR_X = ("EEGLAB", "EEGLAB-HJ", "CTF", "4DBti", "KitYokogawa")  # x to the nose, y to the left ear
# "Fp1-REF", "C3-A2", "Fc5."; one ear against the other is no scalp site
_REFERENCE = re.compile(r"[-_ ]?(REF|LE|AR|AVG|CE)$|(?<![AM][12])-([AM][12])+$|\.+$", re.IGNORECASE)


def from_table(
    table: Path, coordsystem: Path | None, ch_names: Sequence[str]
) -> tuple[np.ndarray | None, dict[str, Any] | None]:
    """Read positions from `electrodes.tsv`.

    Parameters
    ----------
    table, coordsystem : Path
        The files; without the second the unit is told from the size of the numbers.
    ch_names : list of str
        Channels; names that differ in case only are the same.

    Returns
    -------
    positions : array, shape (n_channels, 3), or None
        In m, x to the right and y to the front; NaN where unknown. None where no channel has a place.
    note : dict or None
        What had to be assumed.
    """
    found = read_tsv(table, required=("name", "x", "y", "z"))
    xyz = np.array([numbers(found, axis, str(table)) for axis in "xyz"], dtype=float).T.reshape(-1, 3)
    if not np.isfinite(xyz).all(axis=1).any():
        return None, None
    system = read_json(coordsystem) if coordsystem else {}
    factor, note = _factor(system, xyz, coordsystem or table)
    if factor is None:
        return None, note
    named = {(name or "").casefold(): place for name, place in zip(found["name"], xyz * factor, strict=True)}
    return _turned(_looked_up(named, ch_names), _said(system, "CoordinateSystem")), note


def _said(system: dict[str, Any], key: str) -> str | None:
    values = [system[name] for name in (f"EEG{key}", f"iEEG{key}", f"EMG{key}", f"MEG{key}") if name in system]
    return str(values[0]) if values else None


def _factor(system: dict[str, Any], xyz: np.ndarray, where: Path) -> tuple[float | None, dict[str, Any] | None]:
    unit = _said(system, "CoordinateUnits")
    if unit in _METRES:
        return _METRES[unit], None
    if unit == "pixels":
        return None, {"step": "read", "warning": "Electrodes are placed in pixels; positions are not used."}
    if unit not in (None, "n/a"):
        raise InputError(f"The unit of the coordinates is {unit!r}; it can be m, cm, mm or pixels.",
                         code="E-INPUT-SIDECAR", where=str(where))  # fmt: skip
    radius = float(np.nanmedian(np.linalg.norm(xyz, axis=1)))
    guess = "m" if radius < 0.3 else "cm" if radius < 30 else "mm"  # a head has a radius of about 0.09 m
    return _METRES[guess], {"step": "read", "warning": f"Electrodes have no unit; taken as {guess} by their size."}


def _looked_up(named: dict[str, np.ndarray], ch_names: Sequence[str]) -> np.ndarray | None:
    nowhere = np.full(3, np.nan)
    positions = np.array([named.get(name.casefold(), nowhere) for name in ch_names])
    return positions if np.isfinite(positions).any() else None


def _turned(positions: np.ndarray | None, system: str | None) -> np.ndarray | None:
    if positions is None or system not in _ANTERIOR_X:
        return positions
    turned: np.ndarray = positions[:, [1, 0, 2]] * [-1, 1, 1]
    return turned


def standard(ch_names: Sequence[str], ch_types: Sequence[str]) -> np.ndarray | None:
    """Return the standard places of EEG channels in the head frame, shape (n_channels, 3), in m; NaN for others."""
    places = _standard()
    nowhere = np.full(3, np.nan)
    pairs = zip(ch_names, ch_types, strict=True)
    found = [places.get(_site(name), nowhere) if kind == "eeg" else nowhere for name, kind in pairs]
    positions = np.array(found).reshape(-1, 3)
    return positions if np.isfinite(positions).any() else None


def _site(name: str) -> str:
    return _REFERENCE.sub("", name).casefold()


@cache
def _standard() -> dict[str, np.ndarray]:
    """Return the 10-05 places, which include the 10-20 ones and their old names (T3, T4, T5, T6)."""
    from mne.channels import get_builtin_montages, make_standard_montage
    from mne.channels.montage import transform_to_head

    names = ("colin27_1005", "standard_1005")  # the same places; MNE 1.13 renamed them
    name = next(name for name in names if name in get_builtin_montages())
    montage = transform_to_head(make_standard_montage(name))
    return {name.casefold(): place for name, place in montage.get_positions()["ch_pos"].items()}
