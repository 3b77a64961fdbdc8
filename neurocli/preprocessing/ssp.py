"""Signal-space projection."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("ssp")
class Ssp(Step):
    """Project out patterns of outer fields, eyes and heart (`mne.compute_proj_eog` and its kin).

    Parameters
    ----------
    saved : bool
        Whether the projectors that came with the file are applied.
    n_eog, n_ecg : int
        Projectors a channel type that are made from averaged blinks and heartbeats; 0 for none.
    eog, ecg : str, optional
        The channel that sees them; by default that of type `eog` or `ecg`.

    Raises
    ------
    InputError
        ``E-INPUT-CHANNELS``: there is no such channel; ``E-INPUT-EPOCHS``: no blink or heartbeat was found;
        ``E-INPUT-NAN``.

    References
    ----------
    Uusitalo & Ilmoniemi (1997) Med. Biol. Eng. Comput. 35:135.
    """

    saved: bool = True
    n_eog: int = Field(default=0, ge=0)
    n_ecg: int = Field(default=0, ge=0)
    eog: str | None = None
    ecg: str | None = None
    libraries = ("mne",)
    transductive = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the projected recording; which projectors were applied is in its notes."""
        from ._meg import projected

        return projected(data, self)
