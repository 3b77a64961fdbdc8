"""Payloads to be written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurocli.data.features import Block, Features
from neurocli.data.recording import Epochs, Image, Recording

NAMES = ("Fp1", "Cz", "T3", "a,b")


def recording(datatype: str = "eeg", **more: Any) -> Recording:
    """Return noise of 20 uV with a bad channel, an event and a span."""
    kind = {"eeg": "eeg", "ieeg": "seeg", "meg": "mag", "emg": "emg"}.get(datatype, "region")
    found = Recording(
        data=np.random.default_rng(0).normal(scale=2e-5, size=(4, 500)), sfreq=100.0, ch_names=NAMES,
        ch_types=(kind, kind, kind, "misc"), units=("V" if datatype in ("eeg", "ieeg", "emg") else "T",) * 3 + ("n/a",),
        entities={"subject": "01", "session": "a", "task": "rest", "datatype": datatype, "suffix": datatype},
        positions=np.array([[0.01, 0.02, 0.1]] * 3 + [[np.nan] * 3]), bads=("Cz",), reference="average",
        events={"onset": [1.0, 2.5], "duration": [None, 0.5], "trial_type": ["a", None]},
        annotations=((0.5, 1.0, "BAD jump, big"), (2.0, 0.01, "blink")),
    )  # fmt: skip
    return replace(found, **more)


def epochs(**more: Any) -> Epochs:
    """Return three epochs of two conditions."""
    found = Epochs(
        data=np.random.default_rng(1).normal(scale=2e-5, size=(3, 4, 100)), sfreq=100.0, tmin=-0.2, ch_names=NAMES,
        ch_types=("eeg", "eeg", "eeg", "misc"), units=("V", "V", "V", "n/a"), entities=recording().entities,
        samples={"subject": ["01"] * 3, "onset": [0.0, 1.0, 2.0], "events/trial_type": ["a", "b", None]},
        positions=recording().positions, bads=("Cz",),
    )  # fmt: skip
    return replace(found, **more)


def features() -> Features:
    """Return two columns of band power and a covariance a sample."""
    rng = np.random.default_rng(2)
    power = Block("band_power", rng.random((3, 2)), ("band_power/alpha/Fz", "band_power/alpha/Cz"), "V^2")
    return Features(
        (power, Block("covariance", rng.random((3, 2, 2)), (), "V^2")), epochs().samples, recording().entities
    )


def image(**more: Any) -> Image:
    """Return a series."""
    found = Image(
        data=np.random.default_rng(3).normal(100, 10, (4, 5, 3, 6)).astype(np.float32), affine=np.diag([2, 2, 2, 1.0]),
        entities={"subject": "01", "task": "rest", "run": "01", "datatype": "func", "suffix": "bold"}, tr=2.5,
    )  # fmt: skip
    return replace(found, **more)
