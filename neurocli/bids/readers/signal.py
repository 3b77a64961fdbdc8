"""What a reader of electrophysiology returns, before the sidecars have had their say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError

BOUNDARY = "BAD boundary"  # of a moment at which the recording was paused or cut: no epoch may lie across it


@dataclass(frozen=True)
class Signal:
    """Channels of one rate, in the units of the header.

    Parameters
    ----------
    data : array, shape (n_channels, n_times)
        Signal, channel i in ``units[i]``.
    sfreq : float
        Hz.
    ch_names, units : tuple of str
        As the header spells them; an unknown unit is ``""``.
    ch_types : tuple of (str or None)
        As MNE spells them; None where the header does not say.
    annotations : tuple of (onset, duration, description)
        In s.
    assumed : str or None
        The unit by convention, where the header cannot say.
    certain : bool
        The format fixes units and types, so tables that differ are about something else.
    length_said : bool
        The header says how long the file is, so its size was checked.
    positions : array, shape (n_channels, 3), or None
        Head frame, m.
    """

    data: np.ndarray
    sfreq: float
    ch_names: tuple[str, ...]
    units: tuple[str, ...]
    ch_types: tuple[str | None, ...]
    annotations: tuple[tuple[float, float, str], ...] = ()
    assumed: str | None = None
    certain: bool = False
    length_said: bool = True
    positions: np.ndarray | None = None
    bads: tuple[str, ...] = ()
    info: dict[str, Any] | None = None
    notes: tuple[dict[str, Any], ...] = ()


def truncated(path: Path, expected: int, found: int, unit: str = "bytes") -> InputError:
    """Return the error for a file that is shorter than its header says."""
    what = f"The file is truncated: {found:,} {unit} are there, its header says {expected:,}."
    return InputError(
        what if expected else "The file is empty.",
        code="E-INPUT-TRUNCATED", where=str(path), remedy="Copy or fetch it again, or exclude the recording.",
    )  # fmt: skip


def unreadable(path: Path, why: object) -> InputError:
    """Return the error for bytes that are not what the extension says."""
    return InputError(f"The file is no proper {''.join(path.suffixes)}: {why}.", code="E-INPUT-UNREADABLE",
                      where=str(path), remedy="Fetch it again, or exclude the recording.")  # fmt: skip


def unsupported(path: Path, what: str, remedy: str) -> InputError:
    """Return the error for a variant that is not read."""
    return InputError(what, code="E-INPUT-FORMAT", where=str(path), remedy=remedy)


def size_of(path: Path) -> int:
    """Return the size of a file in bytes.

    Raises
    ------
    InputError
        If it is empty (``E-INPUT-TRUNCATED``), a link to nothing (``E-INPUT-LINK``) or not there.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        from ..digests import missing

        raise missing(path, str(path), error) from error
    if size == 0:
        raise truncated(path, 0, 0)
    return size


def noted(**what: Any) -> dict[str, Any]:
    """Return a note of the reader."""
    return {"step": "read", **what}


def common_rate(rates: Sequence[float]) -> float:
    """Return the rate that most channels have; of equally many, the highest."""
    return max(set(rates), key=lambda rate: (sum(r == rate for r in rates), rate))
