"""Steps that take epochs: alignment and rejection by line length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg

from neurocli.errors import ConfigError, InputError
from neurocli.preprocessing.epoch import Epoch
from neurocli.preprocessing.euclidean_alignment import EuclideanAlignment
from neurocli.preprocessing.line_length import LineLength
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.reference import Reference
from tests.preprocessing.simulated import eeg


@pytest.fixture(scope="module")
def epochs():
    return Epoch(duration=1.0).run(Pick(types=["eeg"]).run(eeg()))


def mean_covariance(x):
    return np.mean([segment @ segment.T / segment.shape[-1] for segment in x], axis=0)


def test_alignment_makes_the_mean_covariance_the_identity(epochs):
    found = EuclideanAlignment().run(epochs)
    np.testing.assert_allclose(mean_covariance(found.data), np.eye(19), atol=1e-6)
    assert found.units == ("1",) * 19


def test_alignment_is_the_inverse_matrix_root_of_scipy(epochs):
    whitener = np.linalg.inv(scipy.linalg.sqrtm(mean_covariance(epochs.data)))
    np.testing.assert_allclose(EuclideanAlignment().run(epochs).data, whitener @ epochs.data, rtol=0, atol=1e-6)


def test_an_average_reference_is_aligned_on_what_it_spans(epochs):
    found = EuclideanAlignment().run(Reference().run(epochs))
    assert found.notes[-1]["rank"] == 18
    expected = np.eye(19) - 1 / 19  # the identity on everything but the mean
    np.testing.assert_allclose(mean_covariance(found.data), expected, atol=1e-6)


def test_an_epoch_with_a_wild_channel_is_dropped(epochs):
    x = epochs.data.copy()
    x[7, 3] += 100e-6 * (-1.0) ** np.arange(x.shape[-1])
    found = LineLength().run(replace(epochs, data=x))
    assert found.data.shape[0] == 19
    assert found.samples["onset"] == [float(i) for i in range(20) if i != 7]
    assert found.notes[-1]["channels"] == {"F3": 1}
    assert LineLength(share=0.2).run(replace(epochs, data=x)).data.shape[0] == 20


def test_epochs_without_an_outlier_all_stay(epochs):
    assert LineLength(threshold=8.0).run(epochs).data.shape == epochs.data.shape


def test_a_continuous_recording_is_refused():
    with pytest.raises(ConfigError, match="'euclidean_alignment' takes epochs, but is given recording"):
        EuclideanAlignment().run(eeg())


def test_nothing_left_is_said(epochs):
    x = epochs.data[:2].copy()
    x[0, :10] *= 2  # each epoch is the wild one in half of the channels
    x[1, 10:] *= 2
    few = replace(epochs, data=x, samples={"onset": [0.0, 1.0]})
    with pytest.raises(InputError, match=r"Of 2 windows none is left \(2 above line length\)"):
        LineLength(threshold=0.1).run(few)
