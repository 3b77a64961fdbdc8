"""Images of the same person that steps want beside the recording: who wants which, and whether any are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..bids.companions import endings
from ..errors import InputError

if TYPE_CHECKING:
    from ..bids.question import Item


def companions(steps: Iterable[Any]) -> tuple[str, ...]:
    """Return the suffixes that steps want, each once."""
    return tuple(dict.fromkeys(suffix for step in steps for suffix in getattr(step, "companions", ())))


def check_companions(suffixes: Sequence[str], items: Sequence[Item]) -> None:
    """Refuse a run in which nobody has the image that a step wants; a person without it fails alone.

    Raises
    ------
    InputError
        ``E-INPUT-COMPANION``.
    """
    for suffix in suffixes:
        if not any(path.endswith(endings(suffix)) for item in items for path in (item.path, *item.sidecars)):
            message = f"A step of the pipeline wants the {suffix} of the same person, and no recording has one."
            remedy = f"Add sub-<label>/anat/sub-<label>_{suffix}.nii.gz, or take the step out."
            raise InputError(message, code="E-INPUT-COMPANION", remedy=remedy)
