"""Every channel on the same scale."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("zscore")
class ZScore(Step):
    """Subtract each channel's mean over the recording and divide by its standard deviation (n - 1).

    Equal to `nilearn.signal.standardize_signal`; a constant channel becomes zero, and is counted in the notes.

    Raises
    ------
    InputError
        ``E-INPUT-SHORT``: the recording has fewer than two samples; ``E-INPUT-NAN``: a channel holds NaN.
    """

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording, without unit."""
        from ._drift import standardized

        return standardized(data, self.name)
