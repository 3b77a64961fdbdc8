"""The engine: what is shared, what is named, what is refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from neurocli.errors import ConfigError, InputError, MissingError, UsageError
from neurocli.features import catalogue, spectrum
from neurocli.features.define import QUANTITIES, TWINS
from neurocli.features.engine import compute

SFREQ = 128.0
X = np.random.default_rng(4).standard_normal((6, 3, 256))
NAMES = ("a", "b", "c")


@pytest.fixture
def counted(monkeypatch):
    """Count the spectra that are computed."""
    calls = []
    definition = QUANTITIES["psd"]

    def counting(*arguments, **settings):
        calls.append(settings)
        return spectrum.psd(*arguments, **settings)

    replaced = type(definition)(**{**vars(definition), "func": counting})
    monkeypatch.setitem(QUANTITIES, "psd", replaced)
    return calls


def test_one_spectrum_serves_all_features_of_a_chunk(counted):
    names = ["band_power", "spectral_edge", "spectral_entropy", "spectral_centroid", "spectral_spread"]
    compute(X, SFREQ, [(name, {}) for name in names], ch_names=NAMES, backend="reference", chunk=2)
    assert len(counted) == 3


def test_another_setting_is_another_spectrum(counted):
    asked = [("spectral_edge", {}), ("spectral_edge", {"psd": {"segment": 1.0}}), ("spectral_entropy", {})]
    blocks = compute(X, SFREQ, asked, ch_names=NAMES, backend="reference", chunk=6)
    assert [call["segment"] for call in counted] == [2.0, 1.0]
    assert [block.columns[0] for block in blocks] == ["spectral_edge/a", "spectral_edge[1]/a", "spectral_entropy/a"]


def test_progress_counts_epochs():
    seen = []
    compute(X, SFREQ, [("mean", {})], ch_names=NAMES, chunk=4, progress=lambda done, n: seen.append((done, n)))
    assert seen == [(4, 6), (6, 6)]


def test_the_reference_is_always_in_double_precision():
    (block,) = compute(X.astype(np.float32), SFREQ, [("mean", {})], ch_names=NAMES, backend="reference")
    assert block.values.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_values_have_the_dtype_of_the_signal_or_the_one_asked_for(dtype):
    (block,) = compute((X * 100).astype(dtype), SFREQ, [("mean", {})], ch_names=NAMES)
    assert block.values.dtype == (np.float64 if dtype == np.int16 else dtype)
    (block,) = compute((X * 100).astype(dtype), SFREQ, [("mean", {})], ch_names=NAMES, dtype="float32")
    assert block.values.dtype == np.float32


def test_what_float32_cannot_hold_is_nan_and_not_a_wrong_number():
    x = X.copy()
    x[2, 1, 5] = 1e300
    (block,) = compute(x, SFREQ, [("variance", {})], ch_names=NAMES, dtype="float32")
    assert np.isnan(block.values[2, 1])
    assert np.isnan(block.values).sum() == 1


@pytest.mark.parametrize(
    ("x", "sfreq", "code", "sentence"),
    [
        (X[:0], SFREQ, "E-FEATURES-EMPTY", "0 epochs, 3 channels, 256 samples"),
        (X[..., :0], SFREQ, "E-FEATURES-EMPTY", "6 epochs, 3 channels, 0 samples"),
        (X[0], SFREQ, "E-FEATURES-SHAPE", r"\(n_epochs, n_channels, n_times\); got \(3, 256\)"),
        (X[:, :2], SFREQ, "E-FEATURES-SHAPE", r"got \(6, 2, 256\), with 3 channel names"),
        (X, 0.0, "E-FEATURES-SFREQ", "The sampling frequency is 0.0 Hz"),
        (X, np.nan, "E-FEATURES-SFREQ", "The sampling frequency is nan Hz"),
        (X[..., :3], SFREQ, "E-FEATURES-SHORT", "spectral_edge needs at least 4 samples an epoch, and there are 3"),
    ],
)
def test_a_signal_that_cannot_be_used_is_refused(x, sfreq, code, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        compute(x, sfreq, [("spectral_edge", {})], ch_names=NAMES)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("hjort_mobility", {}, "Unknown feature 'hjort_mobility'. Did you mean 'hjorth_mobility'?"),
        ("band_power", {"band": {}}, "Unknown setting of band_power 'band'. Did you mean 'bands'? Known: bands, log"),
        ("band_power", {"psd": {"metod": 1}}, "Unknown setting of band_power.psd 'metod'. Did you mean 'method'?"),
    ],
)
def test_an_unknown_name_is_met_with_the_nearest(name, settings, sentence):
    with pytest.raises(ConfigError) as caught:
        compute(X, SFREQ, [(name, settings)], ch_names=NAMES)
    assert sentence in caught.value.message
    assert caught.value.code == "E-CONFIG-UNKNOWN"


def test_an_unknown_backend_is_refused():
    with pytest.raises(UsageError, match="Unknown backend 'gpu'"):
        compute(X, SFREQ, [("mean", {})], ch_names=NAMES, backend="gpu")


def test_a_gpu_that_is_not_there_is_said_so(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(MissingError, match="torch finds no GPU here") as caught:
        compute(X, SFREQ, [("mean", {})], ch_names=NAMES, backend="cuda")
    assert caught.value.code == "E-ENVIRONMENT-GPU"


def test_a_twin_that_cannot_be_imported_is_replaced_by_the_reference(monkeypatch):
    """No compiler on the machine: the same values, slower, and said once."""
    changed = {**catalogue.index(), "twins": {"cpu": {"line_length": "neurocli.features.kernels.absent"}}}
    monkeypatch.setattr(catalogue, "index", lambda: changed)
    monkeypatch.delitem(TWINS, ("cpu", "line_length"), raising=False)
    with pytest.warns(UserWarning, match="kernels.absent cannot be used"):
        (block,) = compute(X, SFREQ, [("line_length", {})], ch_names=NAMES)
    (again,) = compute(X, SFREQ, [("line_length", {})], ch_names=NAMES, backend="reference")
    np.testing.assert_array_equal(block.values, again.values)


def peak(n_epochs):
    """Return the peak of allocated memory, in bytes, over epochs that share one epoch's memory."""
    x = np.broadcast_to(X[:1], (n_epochs, *X.shape[1:]))
    tracemalloc.start()
    try:
        compute(x, SFREQ, [("variance", {}), ("spectral_edge", {})], ch_names=NAMES, backend="reference", chunk=4)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_bounded_by_the_chunk_and_not_by_the_recording():
    """Beside the result (6 numbers an epoch), a hundred times as many epochs take no more."""
    peak(4)
    assert peak(400) - peak(4) < 400 * 6 * 8 + 50_000  # and some list entries
    assert X[:1].nbytes * 400 > 2_000_000
