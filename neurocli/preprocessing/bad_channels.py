"""Which channels cannot be trusted."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..si import Hertz, Seconds
from ..step import Step, named


@named("bad_channels")
class BadChannels(Step):
    """Mark channels as bad by the criteria of the PREP pipeline; nothing else of the recording changes.

    The criteria look at the signal above 1 Hz. A channel that is flat or not finite is bad without further tests.

    Parameters
    ----------
    deviation : float, optional
        Robust z of the channel's amplitude, above which it is bad; null leaves the criterion out.
    noise : float, optional
        Robust z of the ratio of amplitude above to amplitude below `noise_freq`.
    noise_freq : Hz
        Above it a signal counts as noise.
    correlation : float, optional
        Least correlation (98th percentile over the others) that a channel must reach in windows of 1 s.
    correlation_share : float
        Share of such windows in which it may miss it.
    ransac : float, optional
        Least correlation with what random quarters of the other channels predict for its place; needs positions.
    ransac_share : float
        Share of windows in which a channel may miss it.
    ransac_window : s
        Length of these windows.
    ransac_samples : int
        Random subsets.
    types : list of str
        Channel types that are judged, all together.

    Raises
    ------
    InputError
        ``E-INPUT-POSITIONS``: `ransac` without sensor positions; ``E-INPUT-CHANNELS``: fewer than four channels;
        ``E-INPUT-SHORT``.

    References
    ----------
    Bigdely-Shamlo et al. (2015) Front. Neuroinform. 9:16.
    """

    deviation: float | None = Field(default=5.0, gt=0)
    noise: float | None = Field(default=5.0, gt=0)
    noise_freq: Hertz = Field(default=50.0, gt=0)
    correlation: float | None = Field(default=0.4, gt=0, lt=1)
    correlation_share: float = Field(default=0.01, ge=0, lt=1)
    ransac: float | None = Field(default=None, gt=0, lt=1)
    ransac_share: float = Field(default=0.4, ge=0, lt=1)
    ransac_window: Seconds = Field(default=5.0, gt=0)
    ransac_samples: int = Field(default=50, ge=1)
    types: list[str] = Field(default_factory=lambda: ["eeg"])
    libraries = ("mne",)
    seeded = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with more channels marked bad; the notes say which, and by which criterion."""
        from ._bad_channels import judged

        return judged(data, self, rng)
