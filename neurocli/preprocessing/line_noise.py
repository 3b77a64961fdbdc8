"""Mains interference without a hole in the spectrum."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..si import Hertz
from ..step import Step, named


@named("line_noise")
class LineNoise(Step):
    """Remove mains interference and its harmonics, leaving the spectrum round them as it is.

    ``zapline`` finds the spatial components in which the line dominates and projects them out of the part of the
    signal that holds the line, so it keeps what other components have at that frequency; it needs several channels.
    ``interpolate`` replaces, channel by channel, the amplitudes round each harmonic by the mean of their neighbours'.

    Parameters
    ----------
    freq : Hz
        Mains frequency, 50 or 60 Hz.
    auto : bool
        Take PowerLineFrequency from the sidecar instead, and `freq` where it says nothing; the report shows which.
    method : {'zapline', 'interpolate'}
        How it is done.
    n_remove : int, optional
        Components to remove (``zapline``); by default those whose line-to-rest ratio is an outlier.
    width : Hz
        Half width of what is cleaned round each harmonic; it fades out over as much again, or (``interpolate``) is
        replaced by what lies there.
    types : list of str, optional
        Channel types to clean; by default all but triggers and `misc`, each type for itself.

    Raises
    ------
    InputError
        ``E-INPUT-NYQUIST``: the frequency is not below half the sampling frequency; ``E-INPUT-SHORT``: less than 4 s;
        ``E-INPUT-NAN``.

    References
    ----------
    de Cheveigné (2020) NeuroImage 207:116356. Leske & Dalal (2019) NeuroImage 189:763.
    """

    freq: Hertz = Field(default=50.0, gt=0)
    auto: bool = False
    method: Literal["zapline", "interpolate"] = "zapline"
    n_remove: int | None = Field(default=None, ge=1)
    width: Hertz = Field(default=1.0, gt=0)
    types: list[str] | None = None
    transductive = True
    positional = "freq"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording without the line; what was removed, and line power before and after, are noted."""
        from ._line_noise import unlined

        return unlined(data, self)
