"""Another sampling frequency."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..si import Hertz
from ..step import Step, named


@named("resample")
class Resample(Step):
    """Change the sampling frequency, with anti-aliasing (`mne.io.Raw.resample`).

    Events are kept in seconds, so they do not move; by how much they now lie beside a sample is noted.

    Parameters
    ----------
    sfreq : Hz
        New sampling frequency.
    method : {'fft', 'polyphase'}
        In the frequency domain, or by a polyphase filter.

    Raises
    ------
    InputError
        ``E-INPUT-NAN``: a channel has samples that are no numbers.
    """

    sfreq: Hertz = Field(gt=0)
    method: Literal["fft", "polyphase"] = "fft"
    libraries = ("mne",)
    positional = "sfreq"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording at the new rate."""
        from ._resample import resampled

        return resampled(data, self)
