"""Centring and alignment: each group at the same place, nothing of the labels."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import ConfigError
from neurocli.geometry import spd
from neurocli.models._groups import Center, EuclideanAlignment, Recenter, group_labels

SAMPLES = {"subject": ["01"] * 20 + ["02"] * 20, "session": (["a"] * 10 + ["b"] * 10) * 2, "task": ["rest"] * 40}


def test_every_group_has_mean_zero():
    X = np.random.default_rng(0).normal(size=(40, 3)) + np.repeat([0, 100], 20)[:, None]
    centred = Center("subject").fit(X, samples=SAMPLES).transform(X, samples=SAMPLES)
    assert np.allclose([centred[:20].mean(axis=0), centred[20:].mean(axis=0)], 0, atol=1e-12)
    assert np.allclose(np.diff(centred[:20], axis=0), np.diff(X[:20], axis=0))


def test_scale_gives_each_group_the_same_spread():
    X = np.random.default_rng(0).normal(size=(40, 3)) * np.repeat([1, 100], 20)[:, None]
    X[:, 2] = 5.0  # a constant stays finite
    out = Center("subject", scale=True).fit(X, samples=SAMPLES).transform(X, samples=SAMPLES)
    assert np.allclose(out[:20, :2].std(axis=0), 1)
    assert np.allclose(out[20:, :2].std(axis=0), 1)
    assert np.array_equal(out[:, 2], np.zeros(40))


def test_a_new_group_uses_its_own_samples_and_a_known_one_what_was_learned():
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(40, 2)), rng.normal(size=(10, 2)) + 50
    center = Center("subject").fit(X, samples=SAMPLES)
    unseen = center.transform(new, samples={"subject": ["03"] * 10})
    assert np.allclose(unseen.mean(axis=0), 0)
    known = center.transform(new, samples={"subject": ["01"] * 10})
    assert np.allclose(known, new - X[:20].mean(axis=0))


def test_a_session_is_that_of_a_subject():
    assert group_labels(SAMPLES, "session")[::10] == ["01/a", "01/b", "02/a", "02/b"]
    assert set(group_labels(SAMPLES, "recording")) == {"01/a/rest", "01/b/rest", "02/a/rest", "02/b/rest"}
    assert set(group_labels(SAMPLES, "task")) == {"rest"}


@pytest.mark.parametrize("by", ["site", "run"])
def test_a_column_that_is_not_there_is_said(by):
    with pytest.raises(ConfigError, match=f"grouped by '{by}': the sample table has subject, session, task"):
        group_labels(SAMPLES, by)


def test_recentred_covariances_have_the_identity_as_their_mean():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4, 30)) * np.repeat([1.0, 1e-6], 20)[:, None, None]
    X = x @ x.swapaxes(1, 2) / 30
    out = Recenter("subject").fit(X, samples=SAMPLES).transform(X, samples=SAMPLES)
    assert np.allclose(spd.mean(out[:20]), np.eye(4), atol=1e-6)
    assert np.allclose(spd.mean(out[20:]), np.eye(4), atol=1e-6)


@pytest.mark.parametrize("is_referenced", [False, True])
def test_aligned_epochs_have_the_identity_as_their_mean_covariance(is_referenced):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 4)) @ rng.normal(size=(40, 4, 30))
    expected = np.eye(4)
    if is_referenced:
        x, expected = x - x.mean(axis=1, keepdims=True), np.eye(4) - 1 / 4  # a projector: what is lost stays lost
    out = EuclideanAlignment("subject").fit(x, samples=SAMPLES).transform(x, samples=SAMPLES)
    assert np.allclose(np.mean([e @ e.T / 30 for e in out[20:]], axis=0), expected, atol=1e-9)
