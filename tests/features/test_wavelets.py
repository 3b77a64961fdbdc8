"""Oracles: MNE's Morlet transform and PyWavelets; ground truth: sines and energy that is kept."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import pywt
import scipy.linalg
from mne.time_frequency import tfr_array_morlet

from neurocli.errors import InputError
from neurocli.features import wavelets as reference
from neurocli.features.kernels import wavelets as cpu

both = pytest.mark.parametrize("module", [reference, cpu], ids=["reference", "cpu"])
SFREQ = 100.0
X = np.cumsum(np.random.default_rng(3).standard_normal((2, 3, 301)), axis=-1)


@both
@pytest.mark.parametrize("n_cycles", [3.0, 7.0])
def test_morlet_power_is_that_of_mne(module, n_cycles):
    at = (5.0, 8.0, 13.5, 40.0)
    power = tfr_array_morlet(X, SFREQ, np.array(at), n_cycles, zero_mean=False, output="power", verbose="error")
    found = module.morlet_power(X, SFREQ, at=at, n_cycles=n_cycles)
    np.testing.assert_allclose(found, power.mean(axis=-1), rtol=1e-11)


@pytest.mark.parametrize("n_cycles", [1.0, 7.0])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_bins_that_single_precision_leaves_out_carry_nothing(n_cycles, offset):
    """Wavelets near zero and near half the sampling frequency, whose bins go round the end; and an offset beside."""
    x, at = X.astype(np.float32) + np.float32(offset), (2.5, 20.0, 49.0)
    expected = reference.morlet_power(x, SFREQ, at=at, n_cycles=n_cycles)
    np.testing.assert_allclose(cpu.morlet_power(x, SFREQ, at=at, n_cycles=n_cycles), expected, rtol=1e-4)


@pytest.mark.parametrize("freq", [4.0, 30.0])
def test_directions_at_an_end_hold_the_energy_beyond_it(freq):
    """Oracle: the matrix of all w_{u + v}, written out."""
    half = reference.half_wavelet(freq, 250.0, 7.0)
    beyond = scipy.linalg.hankel(half[1:], np.zeros(half.size - 1))
    expected, found = (beyond.conj().T @ beyond).real, cpu._edge(half, 1e-13)
    np.testing.assert_allclose(found.T @ found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_a_long_wavelet_asks_for_no_square_of_its_length():
    half = reference.half_wavelet(1.0, 2000.0, 7.0)  # eleven thousand samples: two gigabytes, squared
    tracemalloc.start()
    found = cpu._edge(half, 1e-10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) < 20
    assert peak < 200e6


@both
def test_power_of_a_sine_peaks_at_its_frequency(module):
    x = np.sin(2 * np.pi * 10 * np.arange(1000) / SFREQ)[None]
    power = module.morlet_power(x, SFREQ, at=(5.0, 8.0, 10.0, 12.0, 20.0))[0]
    assert power.argmax() == 2


@both
def test_a_wavelet_beyond_half_the_sampling_frequency_is_refused(module):
    with pytest.raises(InputError, match=r"A wavelet of 50 Hz does not fit a signal of 100 Hz"):
        module.morlet_power(X, SFREQ, at=(10.0, 50.0))


@both
@pytest.mark.parametrize("n_times", [224, 300, 301])
@pytest.mark.parametrize("level", [1, 5])
def test_energies_are_those_of_pywavelets(module, n_times, level):
    x = X[..., :n_times]
    expected = np.stack([(c**2).sum(axis=-1) for c in pywt.wavedec(x, "db4", level=level)], axis=-1)
    np.testing.assert_allclose(module.dwt_energy(x, level=level), expected, rtol=1e-12)
    np.testing.assert_allclose(module.dwt_energy(x.astype(np.float32), level=level), expected, rtol=1e-5)


@both
def test_a_wavelet_of_four_moments_sees_no_cubic(module):
    """Away from its mirrored ends, a cubic has no details."""
    t = np.linspace(-1, 1, 5000)
    energy = module.dwt_energy((t**3)[None], level=1)[0]
    assert energy[1] < 1e-4 * energy[0]


def test_the_filter_is_that_of_pywavelets():
    wavelet = pywt.Wavelet("db4")
    np.testing.assert_allclose(reference.DB4, wavelet.dec_lo, rtol=1e-15)
    np.testing.assert_allclose(reference.DB4_HIGH, wavelet.dec_hi, rtol=1e-15)
