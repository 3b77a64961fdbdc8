"""fMRI relative to its mean."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("percent_signal_change")
class PercentSignalChange(Step):
    """Express each channel as its deviation from its mean over the recording, in percent of the mean.

    Equal to `nilearn.signal.standardize_signal` with ``psc``; a channel of mean zero becomes zero, and is counted.

    Raises
    ------
    InputError
        ``E-INPUT-NAN``: a channel holds NaN.
    """

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording in percent."""
        from ._drift import percent

        return percent(data, self.name)
