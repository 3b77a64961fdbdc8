"""Connectivity over segments: MNE-Connectivity is the oracle where it is installed, textbook sums everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.features.engine import compute

SFREQ, LENGTH = 100.0, 200
BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (20.0, 30.0)}
MEASURES = {
    "coh": "coherence", "imcoh": "imaginary_coherence", "plv": "plv", "pli": "pli", "wpli": "wpli",
    "wpli2_debiased": "wpli_debiased",
}  # fmt: skip
NAMES = tuple(MEASURES.values())
SETTINGS = {"cross_spectra": {"segment": 2.0, "bandwidth": 2.0, "bands": BANDS}}
backends = pytest.mark.parametrize("backend", ["reference", "cpu"])


def segments(n=12, n_channels=4, seed=0):
    """Return noise that channels share with a delay, (n_segments, n_channels, n_times)."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, LENGTH + n_channels))
    shared = np.stack([common[:, c : c + LENGTH] for c in range(n_channels)], axis=1)
    return 1e-6 * (shared + 0.7 * rng.standard_normal(shared.shape))


def end_to_end(cuts):
    return cuts.swapaxes(0, 1).reshape(1, cuts.shape[1], -1)


def measured(x, names=NAMES, backend="reference", settings=SETTINGS):
    requests = [(f"spectral_{name}", settings) for name in names]
    options = {"ch_names": [str(i) for i in range(x.shape[1])], "backend": backend}
    blocks = compute(x, SFREQ, requests, **options)
    return {name: block.values.reshape(len(x), -1, 3) for name, block in zip(names, blocks, strict=True)}


@backends
def test_it_is_mne_connectivitys(backend):
    oracle = pytest.importorskip("mne_connectivity", reason="mne-connectivity (extra 'bench') is not installed")
    cuts = segments()
    low, high = zip(*BANDS.values(), strict=True)
    options = {"mode": "multitaper", "mt_bandwidth": 2.0, "faverage": True, "verbose": "error"}
    found = oracle.spectral_connectivity_epochs(
        cuts, method=list(MEASURES), sfreq=SFREQ, fmin=low, fmax=high, **options
    )
    rows, columns = np.triu_indices(cuts.shape[1], 1)
    ours = measured(end_to_end(cuts), backend=backend)
    for (theirs, name), one in zip(MEASURES.items(), found, strict=True):
        sign = -1 if theirs == "imcoh" else 1  # there the second channel comes first
        expected = sign * one.get_data("dense")[columns, rows]
        np.testing.assert_allclose(ours[name][0], expected, rtol=0, atol=1e-10, err_msg=name)


def test_it_is_what_the_definitions_say():
    """One taper, one bin a band: plain sums over the segments."""
    cuts = segments()
    settings = {
        "cross_spectra": {"segment": 2.0, "bandwidth": 1.0, "bands": {str(f): (f, f) for f in (5.0, 9.0, 21.0)}}
    }
    found = measured(end_to_end(cuts), settings=settings)
    from scipy.signal.windows import dpss

    taper = dpss(LENGTH, 1.0, 2, sym=False)[0]
    spectra = np.fft.rfft((cuts - cuts.mean(axis=-1, keepdims=True)) * taper)[..., [10, 18, 42]]
    a, b = np.triu_indices(cuts.shape[1], 1)
    cross = spectra[:, a] * spectra[:, b].conj()
    power = (np.abs(spectra) ** 2).sum(axis=0)
    lag, n = cross.imag, len(cuts)
    debiased = lag.sum(axis=0) ** 2 - (lag**2).sum(axis=0), np.abs(lag).sum(axis=0) ** 2 - (lag**2).sum(axis=0)
    expected = {
        "coherence": np.abs(cross.sum(axis=0)) / np.sqrt(power[a] * power[b]),
        "imaginary_coherence": cross.sum(axis=0).imag / np.sqrt(power[a] * power[b]),
        "plv": np.abs((cross / np.abs(cross)).mean(axis=0)),
        "pli": np.abs(np.sign(lag).sum(axis=0)) / n,
        "wpli": np.abs(lag.sum(axis=0)) / np.abs(lag).sum(axis=0),
        "wpli_debiased": debiased[0] / debiased[1],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name][0], values, rtol=0, atol=1e-9, err_msg=name)


@backends
def test_equal_channels_are_locked_without_lag_and_independent_ones_are_neither(backend):
    cuts = segments(100, 3)
    cuts[:, 1] = cuts[:, 0]
    cuts[:, 2] = np.random.default_rng(1).standard_normal(cuts[:, 2].shape)
    found = measured(end_to_end(cuts), backend=backend)
    for name in ("coherence", "plv"):
        np.testing.assert_allclose(found[name][0, 0], 1.0, rtol=1e-6)
        assert (found[name][0, 1:] < 0.3).all()
    for name in ("imaginary_coherence", "pli", "wpli", "wpli_debiased"):
        np.testing.assert_array_equal(found[name][0, 0], 0.0)
    assert (np.abs(found["wpli_debiased"][0, 1:]) < 0.2).all()


def test_the_first_channel_leads_where_it_is_earlier():
    """A delay of one sample turns the phase by 2 pi f / sfreq, of which the sine is left."""
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(LENGTH * 50 + 1)
    x = np.stack([noise[1:], noise[:-1]])[None]
    found = measured(x, ["imaginary_coherence"])["imaginary_coherence"][0, 0]
    centres = [np.mean(band) for band in BANDS.values()]
    np.testing.assert_allclose(found, np.sin(2 * np.pi * np.array(centres) / SFREQ), rtol=0.05)


@backends
def test_a_constant_channel_has_no_coherence_and_no_lag(backend):
    cuts = segments()
    cuts[:, 1] = 0.25
    found = measured(end_to_end(cuts), backend=backend)
    first = [0, 3, 4]  # the pairs of the constant channel
    assert np.isnan(found["coherence"][0, first]).all()
    assert np.isnan(found["plv"][0, first]).all()
    np.testing.assert_array_equal(found["wpli"][0, first], 0.0)
    assert np.isfinite(found["coherence"][0, [1, 2, 5]]).all()


def test_one_segment_is_too_few():
    with pytest.raises(InputError, match="spectral_plv needs at least 400 samples an epoch, and there are 399"):
        measured(end_to_end(segments(2))[..., :399], ["plv"])


@backends
def test_bands_with_a_gap_and_bands_that_share_a_bin(backend):
    x = end_to_end(segments())
    alone = {name: {name: band} for name, band in BANDS.items()}
    together = measured(x, ["coherence"], backend)["coherence"]
    for i, bands in enumerate(alone.values()):
        settings = {"cross_spectra": {**SETTINGS["cross_spectra"], "bands": bands}}
        (block,) = compute(x, SFREQ, [("spectral_coherence", settings)], ch_names="abcd", backend=backend)
        np.testing.assert_allclose(block.values.ravel(), together[0, :, i], rtol=1e-12)
