"""Bursts, taken out of the components that hold them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..si import Seconds
from ..step import Step, named


@named("asr")
class Asr(Step):
    """Rebuild what bursts hold from the rest: artifact subspace reconstruction.

    Where components are far stronger than usual, they are replaced by what the others say of them. The clean part of
    the recording itself is the measure. Filter slow drifts out beforehand.

    Parameters
    ----------
    cutoff : float
        Standard deviations above a component's usual amplitude at which it is rebuilt; 20 to 30 is mild, 5 harsh.
    window : s
        Length of the windows in which amplitudes are judged; every quarter of it the repair may change.
    max_share : float
        Largest share of the components that may be rebuilt at one time.
    max_bad : float
        Share of channels that may be out of range in a window which still counts as clean.
    types : list of str
        Channel types that are repaired, together.

    Raises
    ------
    InputError
        ``E-INPUT-SHORT``: less than 10 s, or hardly anything, is clean; ``E-INPUT-CHANNELS``: fewer than two good
        channels; ``E-INPUT-NAN``.

    References
    ----------
    Mullen et al. (2015) IEEE Trans. Biomed. Eng. 62:2553. Chang et al. (2020) IEEE Trans. Biomed. Eng. 67:1114.
    """

    cutoff: float = Field(default=20.0, gt=0)
    window: Seconds = Field(default=0.5, gt=0)
    max_share: float = Field(default=0.66, gt=0, le=1)
    max_bad: float = Field(default=0.2, gt=0, lt=1)
    types: list[str] = Field(default_factory=lambda: ["eeg"])
    positional = "cutoff"
    checkpoint = True
    transductive = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the repaired recording; how much of it was changed is in its notes."""
        from ._asr import repaired

        return repaired(data, self)
