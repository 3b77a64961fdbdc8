"""What replaces a column that is taken away leans to no class."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.pipelines.protocol_fits import middle


def test_the_middle_of_unequal_classes_is_halfway_between_their_means():
    X = np.array([[1.0, 4.0], [3.0, 4.0], [2.0, 4.0], [8.0, 0.0]])
    assert middle(X, np.array([0, 0, 0, 1])) == pytest.approx([5.0, 2.0])
    assert middle(X, np.zeros(4)) == pytest.approx(X.mean(axis=0))


def test_what_has_no_value_does_not_count():
    X = np.array([[1.0, np.nan, np.nan], [np.nan, np.nan, np.nan], [3.0, 7.0, np.inf]])
    assert middle(X, np.array([0, 0, 1])) == pytest.approx([2.0, 7.0, 0.0])
