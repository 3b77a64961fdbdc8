"""Oracles: pyRiemann and scikit-learn for the estimators, the published definition for the delays."""

from __future__ import annotations

import numpy as np
import pytest
from pyriemann.geometry.covariance import covariances

from neurocli.errors import InputError
from neurocli.features.engine import compute

SFREQ = 250.0
X = np.random.default_rng(2).standard_normal((4, 5, 300)).cumsum(axis=-1)
NAMES = list("abcde")
PEER = {"scm": "scm", "lwf": "lwf", "oas": "oas"}


def values(name, x, backend="reference", **settings):
    (block,) = compute(x, SFREQ, [(name, settings)], ch_names=NAMES[: x.shape[1]], backend=backend)
    assert block.columns == ()
    return block.values


def augmented(x, order, lag):
    """As moabb's AugmentedDataset does."""
    if order == 1:
        return x
    last = [x[:, :, p * lag : -(order - p) * lag] for p in range(order)]
    return np.concatenate(last, axis=1)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("estimator", ["scm", "lwf", "oas"])
def test_the_estimators_are_those_of_pyriemann(estimator, backend):
    centred = X - X.mean(axis=-1, keepdims=True)
    found = values("covariance", X, backend, estimator=estimator)
    np.testing.assert_allclose(found, covariances(centred, PEER[estimator]), rtol=1e-9, atol=1e-9 * X.var())


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("estimator", ["scm", "lwf", "oas"])
@pytest.mark.parametrize(("order", "lag"), [(1, 8), (2, 1), (4, 8), (3, 20)])
def test_the_augmented_ones_are_those_of_the_delayed_channels(estimator, order, lag, backend):
    stacked = augmented(X, order, lag)
    expected = covariances(stacked - stacked.mean(axis=-1, keepdims=True), PEER[estimator])
    found = values("augmented_covariance", X, backend, order=order, lag=lag, estimator=estimator)
    assert found.shape == (4, 5 * order, 5 * order)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * X.var())


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("estimator", ["scm", "lwf", "oas"])
def test_one_channel_has_its_variance(estimator, backend):
    expected = X[:, :1].var(axis=-1)[..., None]
    np.testing.assert_allclose(values("covariance", X[:, :1], backend, estimator=estimator), expected)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_shrinkage_makes_an_average_reference_definite(backend):
    referenced = X - X.mean(axis=1, keepdims=True)
    assert np.linalg.eigvalsh(values("covariance", referenced, backend, estimator="lwf")).min() > 0


def test_delays_that_leave_no_samples_are_refused():
    with pytest.raises(InputError, match="augmented_covariance needs at least 34 samples an epoch, and there are 20"):
        values("augmented_covariance", X[..., :20])


def test_the_signal_is_handed_on_as_it_is():
    (block,) = compute(X.astype(np.float32), SFREQ, [("signal", {})], ch_names=NAMES)
    assert block.values.dtype == np.float32
    np.testing.assert_array_equal(block.values, X.astype(np.float32))
