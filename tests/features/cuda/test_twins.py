"""The laws of the registry for the GPU: reference = processor = interpreted kernel, for every feature that has one."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.features import catalogue
from neurocli.features.cuda._jit import interpreted
from neurocli.features.define import FEATURES
from neurocli.features.engine import compute
from neurocli.features.requests import prepare, quantities

pytestmark = pytest.mark.usefixtures("kernels")
SFREQ, CH_NAMES = 128.0, ("Fz", "Cz", "Pz")
ALPHA = {"analytic": {"bands": {"alpha": (8.0, 13.0)}}}
BANDS = {"bands": {"theta": (4.0, 8.0), "beta": (13.0, 30.0)}}
SEGMENTS = {"cross_spectra": {"segment": 0.5, "bandwidth": 8.0, **BANDS}}
LAW = {"power_law": {"max_n_peaks": 1, "freq_range": (4.0, 30.0)}, "psd": {"segment": 1.0}}
RARE = {"excursions": {"threshold": 1.0}}
# What is computed in one pass. Interpreted kernels are slow: as few samples as a feature is defined for, and some more
CASES = {
    "statistics": (96, [(name, {}) for name in (
        "mean", "voxels", "variance", "std", "log_variance", "skewness", "kurtosis", "rms", "peak_to_peak",
        "line_length", "zero_crossings", "hjorth_activity", "hjorth_mobility", "hjorth_complexity", "katz_fd",
        "petrosian_fd", "signal", "higuchi_fd", "quantiles",
    )]),
    "patterns": (96, [("permutation_entropy", chosen) for chosen in (
        {}, {"order": 4, "delay": 2, "normalize": False}, {"order": 6},
    )]),
    "sample entropy": (40, [("sample_entropy", {}), ("sample_entropy", {"order": 3, "tolerance": 0.5})]),
    "approximate entropy": (40, [("approximate_entropy", {}), ("approximate_entropy", {"order": 3})]),
    "phrases": (61, [("lempel_ziv_complexity", {})]),
    "memory": (64, [("dfa_exponent", {}), ("hurst_exponent", {})]),
    "prediction": (96, [
        ("ar_coefficients", {}), ("lpc_cepstrum", {}), ("ar_coefficients", {"ar": {"method": "burg"}}),
    ]),
    "singular values": (96, [("svd_entropy", {}), ("svd_entropy", {"order": 10, "delay": 2})]),
    "spectrum": (128, [("band_power", BANDS), ("band_ratio", {}), *((name, {}) for name in (
        "spectral_edge", "spectral_entropy", "peak_frequency", "spectral_centroid", "spectral_spread",
        "spectral_skewness", "spectral_kurtosis",
    ))]),
    "segments": (129, [("band_power", {**BANDS, "psd": {"segment": 0.5}})]),
    "tapers": (128, [("band_power", {**BANDS, "psd": {"method": "multitaper"}, "relative": True, "log": True})]),
    "analytic signal": (64, [(name, {}) for name in (
        "envelope_mean", "envelope_std", "instantaneous_frequency_median", "instantaneous_frequency_iqr",
        "pac_modulation_index",
    )]),
    "pairs": (64, [(name, ALPHA) for name in (
        "plv", "pli", "wpli", "wpli_debiased", "coherence", "imaginary_coherence", "amplitude_envelope_correlation",
    )]),
    "segments of an epoch": (200, [(f"spectral_{name}", SEGMENTS) for name in (
        "coherence", "imaginary_coherence", "plv", "pli", "wpli", "wpli_debiased",
    )]),
    "covariances": (96, [
        ("covariance", {}), ("covariance", {"estimator": "oas"}), ("covariance", {"estimator": "scm"}),
        ("augmented_covariance", {}), ("augmented_covariance", {"estimator": "oas"}),
        ("augmented_covariance", {"order": 1}),
    ]),
    "octaves": (225, [("dwt_energy", {})]),
    "wavelets": (400, [("morlet_power", {})]),
    "power law": (128, [(name, LAW) for name in (
        "aperiodic_exponent", "aperiodic_offset", "bump_frequency", "bump_height", "bump_width",
    )]),
    "avalanches": (60, [(f"avalanche_{name}", RARE) for name in (
        "rate", "size", "duration", "size_exponent", "duration_exponent",
    )] + [("branching_ratio", RARE)]),
}  # fmt: skip


def signal(n_epochs: int, n_channels: int, n_times: int, seed: int = 0) -> np.ndarray:
    """Return noise that leans back to zero, with an alpha rhythm; the last channel is constant."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_epochs, n_channels, n_times))
    for t in range(1, n_times):
        x[..., t] += 0.8 * x[..., t - 1]
    x += np.sin(2 * np.pi * 10 * np.arange(n_times) / SFREQ + rng.uniform(0, 6, (n_epochs, n_channels, 1)))
    x[:, -1] = 0.1
    return 1e-5 * x


def values(requests, x, **options):
    return [block.values for block in compute(x, SFREQ, requests, ch_names=CH_NAMES[: x.shape[1]], **options)]


def stated(backend, request, x):
    """Return what the twins that are used on a backend may err, in the dtype of the signal."""
    name, given = request[0], prepare([request], x.shape, SFREQ, CH_NAMES[: x.shape[1]])[0].given
    used = [catalogue.twin(backend, one, given.get(one, given)) for one in (name, *quantities(FEATURES[name]))]
    rounding = {"float64": 0.0, "float32": 1.2e-7}[x.dtype.name]
    return sum(twin.tolerance[x.dtype.name] for twin in used if twin) or rounding


def equal(found, expected, tolerance):
    """Compare within a tolerance relative to the largest value."""
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_reference_and_processor_and_kernel_are_equal(case, dtype):
    """Also where a channel is constant, within what the twins state."""
    n_times, requests = CASES[case]
    x = signal(1, 3, n_times).astype(dtype)
    found = values(requests, x, backend="cuda", dtype=dtype)
    expected = values(requests, x.astype(np.float64), backend="reference")
    by_processor = values(requests, x, backend="cpu", dtype=dtype)
    for request, one, reference, cpu in zip(requests, found, expected, by_processor, strict=True):
        tolerance = stated("cuda", request, x)
        equal(one, reference, tolerance)
        equal(one, cpu, tolerance + stated("cpu", request, x))


def test_every_feature_that_has_a_kernel_is_under_the_law():
    index = catalogue.index()
    covered = {name for _, requests in CASES.values() for name, _ in requests}
    assert set(index["twins"]["cuda"]) & set(index["features"]) == covered


def test_what_is_longer_than_a_block_is_summed_in_several():
    x = signal(1, 2, 1100)[:, :1].astype(np.float32)
    names = ("kurtosis", "petrosian_fd", "higuchi_fd", "quantiles", "lempel_ziv_complexity",
             "permutation_entropy", "svd_entropy", "dwt_energy")  # fmt: skip
    requests = [*((name, {}) for name in names), ("band_power", {**BANDS, "psd": {"segment": 8.4}})]
    found, expected = (values(requests, x, backend=backend) for backend in ("cuda", "cpu"))
    for request, one, other in zip(requests, found, expected, strict=True):
        equal(one, other, stated("cuda", request, x) + stated("cpu", request, x))


def test_an_epoch_does_not_know_its_neighbours():
    """Three chunks, which take turns in two buffers, give the bits of one; on a card torch may sum in another order."""
    x = signal(5, 3, 64)[:, :2].astype(np.float32)
    requests = [("std", {}), ("band_power", BANDS), ("plv", ALPHA), ("covariance", {})]
    whole = values(requests, x, backend="cuda", chunk=5)
    for chunk in (1, 2):
        for request, one, other in zip(requests, values(requests, x, backend="cuda", chunk=chunk), whole, strict=True):
            equal(one, other, 0.0 if interpreted() else stated("cuda", request, x))
