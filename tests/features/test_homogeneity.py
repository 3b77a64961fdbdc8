"""Oracle: SciPy's Friedman test, whose statistic is K (n - 1) times Kendall's W."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import friedmanchisquare

from neurocli.errors import ConfigError
from neurocli.features.engine import compute
from neurocli.features.homogeneity import regional_homogeneity

NAMES = ("a", "b", "c", "d", "e")


def concordance(series):
    n_series, n = series.shape
    return friedmanchisquare(*series.T).statistic / (n_series * (n - 1))


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_friedmans_statistic(ties):
    x = np.random.default_rng(0).standard_normal((2, 5, 40)) + np.sin(np.arange(40) / 3)
    x = np.round(x) if ties else x
    np.testing.assert_allclose(regional_homogeneity(x, NAMES), [[concordance(one)] * 5 for one in x], rtol=1e-12)
    near = {"a": ["c", "b"], "c": ["a", "d", "e"]}
    found = regional_homogeneity(x, NAMES, neighbours=near)
    np.testing.assert_allclose(found[:, 0], [concordance(one[[0, 1, 2]]) for one in x], rtol=1e-12)
    np.testing.assert_allclose(found[:, 2], [concordance(one[[0, 2, 3, 4]]) for one in x], rtol=1e-12)
    assert np.isnan(found[:, [1, 3, 4]]).all()  # no neighbours


def test_series_of_one_order_agree_and_opposite_ones_cancel():
    rising = np.cumsum(np.random.default_rng(1).uniform(0.1, 1, (3, 30)), axis=-1)
    np.testing.assert_allclose(regional_homogeneity(rising[None], NAMES[:3]), 1.0, rtol=1e-12)
    np.testing.assert_allclose(regional_homogeneity(np.stack([rising[0], -rising[0]]), NAMES[:2]), 0.0, atol=1e-12)
    assert np.isnan(regional_homogeneity(np.zeros((3, 30)), NAMES[:3])).all()


def test_a_neighbour_that_is_no_region_is_named():
    settings = {"neighbours": {"a": ["bb"]}}
    with pytest.raises(ConfigError, match="Unknown region among the neighbours 'bb'") as caught:
        compute(np.zeros((1, 5, 9)), 1.0, [("regional_homogeneity", settings)], ch_names=NAMES)
    assert caught.value.code == "E-FEATURES-NEIGHBOURS"
