"""Blinks and heartbeats as independent components."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ..si import Hertz
from ..step import Step, named


@named("ica")
class Ica(Step):
    """Subtract the independent components of eyes and heart (`mne.preprocessing.ICA`).

    The fit sees the signal above `l_freq`, without bad channels and ``BAD`` spans; the components are subtracted from
    the signal as it came. A person's ``drop_component`` and ``keep_component`` (see `overrides`) have the last word.

    Parameters
    ----------
    method : {'picard', 'fastica', 'infomax'}
        Algorithm; picard and infomax are the extended ones, which find sub-Gaussian sources too.
    n_components : int or float, optional
        How many, or which share of the variance; by default all that carry signal.
    l_freq : Hz
        Edge of the high-pass of what the fit sees.
    max_iter : int
        Most iterations.
    decim : int
        The fit sees each `decim`-th sample.
    types : list of str
        Channel types that are decomposed, such as ``[eeg]`` or ``[mag, grad]``.
    eog : list of str, optional
        Channels that see the eyes; by default those of type `eog`.
    frontal : bool
        Whether Fp1, Fp2 and Fpz (those that are there) serve where no channel sees the eyes.
    ecg : list of str, optional
        Channels that see the heart; by default those of type `ecg`.
    measure : {'zscore', 'correlation'}
        How a component's correlation with such a channel is judged: as an outlier among components, or as it is.
    threshold : float
        The z-score, or the correlation, above which a component is removed.
    labels : {'iclabel'}, optional
        Ask ICLabel too; needs the package `mne-icalabel`, an average reference, and is made for 1 to 100 Hz.
    remove : list of str
        ICLabel classes that are removed.
    probability : float
        The least probability with which ICLabel must be sure.

    Raises
    ------
    InputError
        ``E-INPUT-CHANNELS``: an `eog` or `ecg` channel is unknown, or fewer channels are left than two, or than
        `n_components`; ``E-INPUT-SHORT``: the recording is shorter than the high-pass; ``E-INPUT-NAN``.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: `mne-icalabel` is not installed.
    """

    method: Literal["picard", "fastica", "infomax"] = "picard"
    n_components: int | float | None = None
    l_freq: Hertz = Field(default=1.0, gt=0)
    max_iter: int = Field(default=500, ge=1)
    decim: int = Field(default=1, ge=1)
    types: list[str] = Field(default_factory=lambda: ["eeg"])
    eog: list[str] | None = None
    frontal: bool = False
    ecg: list[str] | None = None
    measure: Literal["zscore", "correlation"] = "zscore"
    threshold: float = Field(default=3.0, gt=0)
    labels: Literal["iclabel"] | None = None
    remove: list[str] = Field(default_factory=lambda: ["eye blink", "heart beat"])
    probability: float = Field(default=0.8, gt=0, le=1)
    libraries = ("mne", "python-picard", "scikit-learn", "mne-icalabel")
    seeded = True
    checkpoint = True
    transductive = True

    @model_validator(mode="after")
    def _possible(self) -> Self:
        n = self.n_components
        if n is not None and not (n >= 1 if isinstance(n, int) else 0 < n < 1):
            raise ValueError(f"n_components is a number of components, or a share between 0 and 1; got {n!r}.")
        if self.measure == "correlation" and self.threshold > 1:
            raise ValueError(f"no correlation is above threshold {self.threshold:g}; give one below 1, such as 0.7.")
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording without these components; which, why, and how sure, is in its notes."""
        from ._ica import unmixed

        return unmixed(data, self, rng)
