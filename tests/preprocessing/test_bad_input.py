"""Recordings that a chain meets in the wild: many channels, no variance, no places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocli import registry
from neurocli.errors import InputError
from tests.preprocessing.simulated import eeg


def step(name: str, **settings):
    return registry.get("steps", name)(**settings)


def run(name: str, data, **settings):
    return step(name, **settings).run(data, np.random.default_rng(0))


def wide(n_channels: int = 1000):
    """Return 2 s of a thousand contacts."""
    rng = np.random.default_rng(0)
    names = tuple(f"A{i + 1}" for i in range(n_channels))
    return replace(
        eeg(seconds=1.0),
        data=10e-6 * rng.standard_normal((n_channels, 1000)),
        sfreq=500.0,
        ch_names=names,
        ch_types=("ecog",) * n_channels,
        units=("V",) * n_channels,
        positions=None,
    )


def test_a_thousand_channels_go_through_a_chain():
    data = run("notch", wide(), freqs=[50.0], method="iir")
    data = run("filter", data, l_freq=0.5, h_freq=200.0, method="iir")
    found = run("epoch", run("shaft_reference", data, to="bipolar"), duration=1.0)
    assert found.data.shape == (2, 999, 500)
    assert np.isfinite(found.data).all()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("filter", {"l_freq": 1.0, "h_freq": 40.0}),
        ("notch", {"freqs": [50.0]}),
        ("line_noise", {"freq": 50.0}),
        ("resample", {"sfreq": 100.0}),
        ("reference", {"to": "average"}),
        ("zscore", {}),
        ("quality", {}),
    ],
)
def test_a_recording_without_variance_stays_finite(name, settings):
    flat = replace(eeg(), data=np.zeros_like(eeg().data))
    assert np.isfinite(run(name, flat, **settings).data).all()


def test_channels_without_variance_are_found_and_never_all_kept():
    x = eeg().data.copy()
    x[4] = 7e-6
    assert run("bad_channels", replace(eeg(), data=x)).bads == ("Fz",)
    flat = run("bad_channels", replace(eeg(), data=np.zeros_like(x)))
    assert set(flat.bads) == set(eeg().ch_names[:19])
    with pytest.raises(InputError, match=r"E-INPUT-REFERENCE .*All channels are marked bad"):
        run("reference", flat, to="average")


def test_epochs_without_variance_have_no_hash_by_which_they_could_leak():
    flat = run("epoch", replace(eeg(), data=np.zeros_like(eeg().data)), duration=2.0)
    assert flat.samples["signal"] == [None] * 10


def test_missing_positions_are_refused_by_what_needs_them_and_by_nothing_else():
    lost = eeg(positions=None, bads=("Cz",))
    for name, settings in (("interpolate_bads", {}), ("csd", {}), ("reference", {"to": "rest"})):
        with pytest.raises(InputError, match=r"E-INPUT-POSITIONS .*electrodes.tsv"):
            run(name, replace(lost, bads=()) if name == "csd" else lost, **settings)
    assert run("reference", lost, to="average").reference == "average"
