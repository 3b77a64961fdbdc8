"""On real recordings: what random windows would have claimed, and that the certificate names why."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import welch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from neurocli.data.samples import constant, joined, signal_hash
from neurocli.errors import InputError
from neurocli.evaluation import certificate
from neurocli.evaluation.fold import Fold
from neurocli.evaluation.metrics import get
from neurocli.evaluation.split import Split

BANDS = [(1, 4), (4, 8), (8, 13), (13, 30), (30, 45)]
WINDOW, STEP = 4.0, 2.0  # s; neighbours share half


def windows(path, entities):
    """Return log band powers and the sample table of one recording."""
    raw = mne.io.read_raw_edf(path, verbose="error")
    picks = [name for name in raw.ch_names if name.startswith("EEG") and "A2-A1" not in name]
    x, sfreq = raw.get_data(picks), raw.info["sfreq"]
    onsets = np.arange(0, x.shape[1] / sfreq - WINDOW + 1e-9, STEP)
    epochs = np.stack([x[:, round(t * sfreq) : round((t + WINDOW) * sfreq)] for t in onsets])
    freqs, psd = welch(epochs, sfreq, nperseg=round(2 * sfreq))
    power = [psd[..., (freqs >= low) & (freqs < high)].mean(axis=-1) for low, high in BANDS]
    table = constant(entities, len(onsets)) | {"onset": onsets.tolist(), "duration": [WINDOW] * len(onsets)}
    return np.log(np.concatenate(power, axis=1)), table | {"signal": [signal_hash(epoch) for epoch in epochs]}


@pytest.fixture
def eegmat(shared_data):
    found = []
    for i in range(8):
        for task in ("rest", "arithmetic"):
            path = shared_data / f"eegmat/sub-{i:02}/eeg/sub-{i:02}_task-{task}_eeg.edf"
            found.append(windows(path, {"subject": f"{i:02}", "task": task}))
    X = np.concatenate([x for x, _ in found])
    return X, joined([table for _, table in found])


def score(X, y, sides):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000))
    metric = get("balanced_accuracy")
    return float(
        np.mean([metric(y[test], model.fit(X[train], y[train]).predict_proba(X[test])) for train, test in sides])
    )


def test_random_windows_inflate_the_score_and_are_caught(eegmat):
    """The pack's own figures: .60 with subjects left out, .82 with random windows, a difference that is leakage."""
    X, samples = eegmat
    y = (np.array(samples["task"]) == "arithmetic").astype(int)
    entities = [{"subject": f"{i:02}", "task": t} for i in range(8) for t in ("rest", "arithmetic")]
    honest = Split(leave_out="subject").folds(entities)
    order = np.random.default_rng(0).permutation(len(y))
    leaky = [(np.sort(np.setdiff1d(order, part)), np.sort(part)) for part in np.array_split(order, 5)]

    assert score(X, y, leaky) - score(X, y, [fold.masks(samples) for fold in honest]) > 0.1
    assert all(certificate.leaks(fold, samples, *fold.masks(samples)) == [] for fold in honest)
    for i, (train, test) in enumerate(leaky):
        (leak,) = certificate.leaks(Fold(f"random-{i + 1}"), samples, train, test)
        assert leak["kind"] == "overlap"
        assert len(leak["units"]) == 16
        with pytest.raises(InputError, match="share time: sub-00_task-arithmetic"):
            certificate.refuse(Fold(f"random-{i + 1}"), [leak], None)


def test_parts_in_time_of_real_recordings_share_nothing(eegmat):
    _, samples = eegmat
    entities = [{"subject": f"{i:02}", "task": t} for i in range(8) for t in ("rest", "arithmetic")]
    for fold in Split(within="subject", k_fold=5).folds(entities):
        assert certificate.leaks(fold, samples, *fold.masks(samples)) == []
