"""Oracle: neurodsp's compute_irasa and fit_irasa. Ground truth: the exponent and the rhythm of a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.features import irasa as reference
from neurocli.features.engine import compute
from neurocli.features.kernels import irasa as cpu

SFREQ = 250.0
both = pytest.mark.parametrize("module", [reference, cpu], ids=["reference", "cpu"])
neurodsp = pytest.importorskip("neurodsp.aperiodic", reason="the oracle neurodsp of the extra [test] is not installed")


def coloured(exponent, n_series=4, seconds=60, seed=0):
    """Return noise of standard deviation 1 whose power falls with f to the minus `exponent`."""
    rng = np.random.default_rng(seed)
    n_times = round(seconds * SFREQ)
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ)
    amplitude = np.r_[0, freqs[1:] ** (-exponent / 2)]
    noise = rng.standard_normal((2, n_series, freqs.size))
    x = np.fft.irfft((noise[0] + 1j * noise[1]) * amplitude, n_times)
    return x / x.std(axis=-1, keepdims=True)


def value(name, x, backend="reference", **settings):
    channels = [f"E{i}" for i in range(x.shape[0])]
    (block,) = compute(x[None], SFREQ, [(name, settings)], ch_names=channels, backend=backend)
    return block.values[0]


@both
@pytest.mark.parametrize(("seconds", "segment", "overlap"), [(4, 2.0, 0.5), (7.3, 1.5, 0.25), (20, 4.0, 0.5)])
def test_the_spectra_are_those_of_neurodsp(module, seconds, segment, overlap):
    x = coloured(1.4, 2, seconds)
    x -= x.mean(axis=-1, keepdims=True)  # which it does not do itself
    n = round(segment * SFREQ)
    fractal, rhythmic, freqs = module.fractal_psd(x, SFREQ, segment=segment, overlap=overlap)
    expected = [neurodsp.compute_irasa(row, SFREQ, nperseg=n, noverlap=int(overlap * n)) for row in x]
    np.testing.assert_allclose(freqs, expected[0][0], rtol=1e-12)
    np.testing.assert_allclose(fractal, [one[1] for one in expected], rtol=1e-9)
    np.testing.assert_allclose(rhythmic, [one[2] for one in expected], atol=1e-9 * fractal.max())


def test_the_line_is_that_of_neurodsp():
    x = coloured(1.4, 2, 8)
    fractal, _, freqs = reference.fractal_psd(x, SFREQ)
    bins = (freqs >= 3) & (freqs <= 40)
    lines = [neurodsp.fit_irasa(freqs[bins], row[bins]) for row in fractal]
    found = [value("irasa_offset", x, band=(3, 40)), -value("irasa_exponent", x, band=(3, 40))]
    np.testing.assert_allclose(found, np.transpose(lines), rtol=1e-6)  # theirs is found by iteration
    np.testing.assert_allclose(value("irasa_offset", x, band=(3, 40), at=10.0), found[0] + found[1], rtol=1e-12)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_the_exponent_of_a_simulation_is_found_below_a_rhythm(exponent, backend):
    x = coloured(exponent)
    rhythm = 0.5 * np.sin(2 * np.pi * 10.3 * np.arange(x.shape[-1]) / SFREQ)
    np.testing.assert_allclose(value("irasa_exponent", x, backend), exponent, atol=0.1)
    np.testing.assert_allclose(value("irasa_exponent", x + rhythm, backend), exponent, atol=0.15)  # some leaks


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_the_power_of_a_rhythm_is_found_and_noise_has_none(backend):
    """A sinusoid of amplitude a has the power a^2 / 2."""
    x = coloured(1.0)
    rhythm = 0.8 * np.sin(2 * np.pi * 10.3 * np.arange(x.shape[-1]) / SFREQ)
    alpha, beta = value("irasa_rhythm", x + rhythm, backend).reshape(-1, 2).T
    np.testing.assert_allclose(alpha, 0.32, rtol=0.1)
    assert (abs(beta) < 0.02).all()


@pytest.mark.parametrize("band", [(2.0, 66.0), (0.0, 30.0), (2.1, 2.4)])
def test_a_band_that_resampling_spoils_is_refused(band):
    with pytest.raises(InputError, match="band"):
        value("irasa_exponent", coloured(1.0, 1, 8), band=band)


def test_epochs_that_resampling_makes_too_short_are_refused():
    with pytest.raises(InputError, match="irasa_exponent needs at least 950 samples an epoch, and there are 900"):
        value("irasa_exponent", np.zeros((1, 900)))


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_constant_has_no_exponent_and_no_rhythm(backend):
    x = np.full((1, 1000), 0.1)
    assert np.isnan(value("irasa_exponent", x, backend)).all()
    assert np.isnan(value("irasa_offset", x, backend)).all()
    np.testing.assert_array_equal(value("irasa_rhythm", x, backend), 0.0)
