"""Confounds leave the features, and only as far as training knows them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from neurocli.errors import ConfigError, InputError
from neurocli.models._confounds import ConfoundRegression


def cohort(n=60, seed=0):
    rng = np.random.default_rng(seed)
    age, site = rng.uniform(20, 70, n), rng.choice(["a", "b", "c"], n)
    signal = rng.normal(size=(n, 3))
    X = signal + 0.1 * age[:, None] + 5 * (site == "b")[:, None]
    return X, {"participants/age": age.tolist(), "site": site.tolist()}, signal


def test_the_rest_is_scikit_learns_residual():
    X, samples, _ = cohort()
    out = ConfoundRegression(["age", "site"]).fit(X, samples=samples).transform(X, samples=samples)
    age, site = np.array(samples["participants/age"]), np.array(samples["site"])
    Z = np.column_stack([age, *(site == word for word in "abc")])
    oracle = X - LinearRegression().fit(Z, X).predict(Z)
    assert np.allclose(out - out.mean(axis=0), oracle, atol=1e-10)


def test_new_samples_are_cleaned_with_what_training_learned():
    X, samples, _ = cohort()
    new, table, signal = cohort(400, seed=1)
    out = ConfoundRegression(["age", "site"]).fit(X, samples=samples).transform(new, samples=table)
    assert abs(np.corrcoef(new[:, 0], table["participants/age"])[0, 1]) > 0.4
    assert abs(np.corrcoef(out[:, 0], table["participants/age"])[0, 1]) < 0.2
    assert np.corrcoef(out[:, 0], signal[:, 0])[0, 1] > 0.95


def test_a_site_that_training_lacks_is_left_as_it_is():
    X, samples, _ = cohort()
    fitted = ConfoundRegression(["site"]).fit(X, samples=samples)
    assert np.array_equal(fitted.transform(X[:1], samples={"site": ["z"]}), X[:1])


def test_a_column_that_is_not_there_is_named():
    X, samples, _ = cohort()
    with pytest.raises(ConfigError, match="cannot find the column 'sex': the sample table has participants/age, site"):
        ConfoundRegression(["sex"]).fit(X, samples=samples)


@pytest.mark.parametrize("missing", [None, "n/a", float("nan")])
def test_a_missing_confound_is_counted(missing):
    X, samples, _ = cohort()
    samples["participants/age"][3] = missing
    with pytest.raises(InputError, match="'age' is missing in 1 of 60 samples"):
        ConfoundRegression(["age"]).fit(X, samples=samples)
