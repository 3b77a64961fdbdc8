"""Ground truth: a signal that jumps between known maps. Oracle: pycrostates, on the same maps and on its own."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.features._microstates import cluster, peaks
from neurocli.features.engine import compute
from neurocli.features.microstates import microstates

SFREQ, N_STATES, N_CHANNELS = 250.0, 4, 16
NAMES = [f"E{i}" for i in range(N_CHANNELS)]
FEATURES = ("microstate_duration", "microstate_occurrence", "microstate_coverage", "microstate_gev")
MAPS = np.linalg.qr(np.random.default_rng(0).standard_normal((N_CHANNELS, N_STATES + 1)))[0].T[:N_STATES]
MAPS -= MAPS.mean(axis=1, keepdims=True)
MAPS /= np.linalg.norm(MAPS, axis=1, keepdims=True)
WHERE_TO = np.array([[0, 0.7, 0.2, 0.1], [0.1, 0, 0.8, 0.1], [0.3, 0.3, 0, 0.4], [0.9, 0.05, 0.05, 0]])
TEMPLATES = {name: list(row) for name, row in zip("ABCD", MAPS, strict=True)}


def simulated(n_runs=400, noise=0.05, seed=1):
    """Return a signal in V, and the true label of each sample; runs last 40 to 120 ms."""
    rng = np.random.default_rng(seed)
    states, lengths = [0], rng.integers(10, 31, n_runs)
    for _ in range(n_runs - 1):
        states.append(rng.choice(N_STATES, p=WHERE_TO[states[-1]]))
    labels = np.repeat(states, lengths)
    strength = (1.2 + np.sin(2 * np.pi * 10 * np.arange(labels.size) / SFREQ)) * rng.choice([-1, 1], n_runs).repeat(
        lengths
    )
    x = MAPS[labels].T * strength + noise / 4 * rng.standard_normal((N_CHANNELS, labels.size))
    return 1e-5 * x, labels


def value(name, x, **settings):
    (block,) = compute(x[None], SFREQ, [(name, {"microstates": settings})], ch_names=NAMES[: len(x)])
    return block.values[0]


def test_the_maps_of_a_simulation_are_found_whatever_their_sign():
    x, _ = simulated()
    x = x - x.mean(axis=0)
    found = cluster(x[:, peaks(x.std(axis=0))].T, N_STATES, 10, 0)
    likeness = abs(found @ MAPS.T)
    assert sorted(likeness.argmax(axis=1)) == [0, 1, 2, 3]
    assert likeness.max(axis=1).min() > 0.999


def test_what_is_said_of_a_simulation_is_true_of_its_labels():
    x, labels = simulated(noise=0.01)
    assert (microstates(x, templates=TEMPLATES)[0] == labels).mean() > 0.999
    starts = np.r_[True, np.diff(labels) != 0]
    n, n_runs = (np.bincount(part, minlength=4) for part in (labels, labels[starts]))
    np.testing.assert_allclose(value("microstate_duration", x, templates=TEMPLATES), n / n_runs / SFREQ, rtol=0.01)
    np.testing.assert_allclose(
        value("microstate_occurrence", x, templates=TEMPLATES), n_runs / labels.size * SFREQ, rtol=0.01
    )
    np.testing.assert_allclose(value("microstate_coverage", x, templates=TEMPLATES), n / labels.size, rtol=0.01)
    assert value("microstate_gev", x, templates=TEMPLATES).sum() > 0.99


def test_the_transitions_are_those_of_the_chain():
    x, _ = simulated(n_runs=4000)
    found = value("microstate_transitions", x, templates=TEMPLATES).reshape(N_STATES, N_STATES - 1)
    np.testing.assert_allclose(found, WHERE_TO[~np.eye(4, dtype=bool)].reshape(4, 3), atol=0.06)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


@pytest.fixture(scope="module")
def oracle():
    """Return a noisy signal, pycrostates' maps of it, and what it says of them."""
    cluster_of = pytest.importorskip("pycrostates.cluster", reason="the oracle pycrostates is not installed")
    mne = pytest.importorskip("mne")
    from pycrostates.preprocessing import extract_gfp_peaks

    x, _ = simulated(n_runs=80, noise=0.5)
    x = x - x.mean(axis=0)
    raw = mne.io.RawArray(x, mne.create_info(NAMES, SFREQ, "eeg"), verbose="error")
    raw.set_eeg_reference(projection=False, verbose="error")
    model = cluster_of.ModKMeans(N_STATES, n_init=5, random_state=3)
    model.fit(extract_gfp_peaks(raw, verbose="error"), verbose="error")
    options = {"factor": 0, "reject_edges": False, "min_segment_length": 0, "verbose": "error"}
    return x, model, model.predict(raw, picks="eeg", **options)


def test_the_statistics_of_the_same_maps_are_those_of_pycrostates(oracle):
    x, model, segmentation = oracle
    templates = {str(k): list(row) for k, row in enumerate(model.cluster_centers_)}
    labels, _ = microstates(x, templates=templates)
    np.testing.assert_array_equal(labels, segmentation.labels)
    expected = segmentation.compute_parameters()
    for name, theirs in zip(FEATURES, ("meandurs", "occurrences", "timecov", "gev"), strict=True):
        by_state = [expected[f"{state}_{theirs}"] for state in segmentation.cluster_names]
        np.testing.assert_allclose(value(name, x, templates=templates), by_state, rtol=1e-9)
    away = ~np.eye(N_STATES, dtype=bool)
    theirs = segmentation.compute_transition_matrix()[away]
    np.testing.assert_allclose(value("microstate_transitions", x, templates=templates), theirs, rtol=1e-9)


def test_the_fit_explains_as_much_as_that_of_pycrostates(oracle):
    """Another random beginning: the same optimum, up to where each stops."""
    x, model, _ = oracle
    at = x[:, peaks(x.std(axis=0))]
    found = cluster(at.T, N_STATES, 20, 0)
    assert abs(found @ model.cluster_centers_.T).max(axis=1).min() > 0.99
    share = ((found @ at) ** 2).max(axis=0).sum() / (at**2).sum()
    assert share > model.GEV_ - 1e-3


def test_the_order_is_that_of_what_is_explained_and_the_seed_decides_all():
    x, _ = simulated(noise=2.0)
    gev = value("microstate_gev", x)
    assert (np.diff(gev) <= 0).all()
    assert 0 < gev.sum() < 1
    np.testing.assert_array_equal(gev, value("microstate_gev", x))
    assert value("microstate_coverage", x).sum() == pytest.approx(1.0)


def test_columns_are_named_by_the_templates_or_by_numbers():
    x, _ = simulated(n_runs=20)
    for settings, names in (
        ({"n_states": 2}, ["1-2", "2-1"]),
        ({"templates": {"A": MAPS[0], "B": MAPS[1]}}, ["A-B", "B-A"]),
    ):
        asked = [("microstate_transitions", {"microstates": settings})]
        (block,) = compute(x[None], SFREQ, asked, ch_names=NAMES)
        assert list(block.columns) == [f"microstate_transitions/{name}" for name in names]


@pytest.mark.parametrize("template", [[1.0] * N_CHANNELS, [1.0, 2.0], [np.nan] * N_CHANNELS])
def test_a_template_that_is_no_map_is_refused(template):
    with pytest.raises(InputError) as error:
        value("microstate_gev", simulated(5)[0], templates={"A": template})
    assert error.value.code == "E-FEATURES-TEMPLATES"


def test_one_channel_has_no_map():
    with pytest.raises(InputError, match="maps over channels, and there is one"):
        value("microstate_gev", np.ones((1, 100)))


@pytest.mark.parametrize("x", [np.full((4, 100), 0.1), np.tile(np.arange(100.0), (4, 1)), np.eye(4, 100)])
def test_without_peaks_there_is_nothing_to_say(x):
    for name in (*FEATURES, "microstate_transitions"):
        assert np.isnan(value(name, x)).all()
