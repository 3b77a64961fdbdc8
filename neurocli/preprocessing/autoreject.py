"""Amplitude limits that a recording sets for itself."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("autoreject")
class Autoreject(Step):
    """Learn a peak-to-peak limit for each channel, and interpolate or drop what is above it.

    In an epoch, a few channels above their limit are interpolated; with many, the epoch is dropped. A limit is good
    when the mean of the epochs below it is near the median of epochs that were left out. How many channels may be
    above it (`consensus`), and how many of those are interpolated (`interpolate`), is chosen likewise.

    Parameters
    ----------
    consensus : list of float
        Shares of the channels above their limit at which an epoch is dropped, to choose from.
    interpolate : list of int
        Most channels to interpolate in an epoch, to choose from; what is above its limit beyond them stays.
    folds : int
        Folds of the cross-validation.
    types : list of str
        Channel types that are judged and interpolated.

    Raises
    ------
    InputError
        ``E-INPUT-EPOCHS``: fewer epochs than folds, or none left; ``E-INPUT-POSITIONS``: sensor positions are missing;
        ``E-INPUT-CHANNELS``: fewer than four channels; ``E-INPUT-NAN``.

    References
    ----------
    Jas et al. (2017) NeuroImage 159:417.
    """

    consensus: list[float] = Field(default_factory=lambda: [0.1, 0.2, 0.3, 0.5, 0.7, 1.0], min_length=1)
    interpolate: list[int] = Field(default_factory=lambda: [1, 4], min_length=1)
    folds: int = Field(default=10, ge=2)
    types: list[str] = Field(default_factory=lambda: ["eeg"])
    seeded = True
    checkpoint = True
    transductive = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the repaired epochs; limits and what was done are in their notes."""
        from ._autoreject import judged

        return judged(data, self, rng)
