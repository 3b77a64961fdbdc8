"""Common spatial patterns find where power differs."""

from __future__ import annotations

import numpy as np
import pytest
from pyriemann.spatialfilters import CSP as Oracle

from neurocli.models._csp import CSP


def mixed(n_classes, seed=0):
    """Return epochs of 5 sources, source k twice as strong in class k, mixed into 5 channels."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n_classes), 30)
    sources = rng.normal(size=(len(y), 5, 100)) * 1e-6
    sources[np.arange(len(y)), y] *= 2
    mixing = rng.normal(size=(5, 5))
    return mixing @ sources, y, mixing


def test_two_classes_are_pyriemanns():
    x, y, _ = mixed(2)
    covariances = x @ x.swapaxes(1, 2) / 100
    ours, oracle = CSP(3).fit(x, y), Oracle(nfilter=3).fit(covariances, y)
    signs = np.sign((ours.filters_[0] * oracle.filters_).sum(axis=1))[:, None]
    assert np.allclose(ours.filters_[0] * signs, oracle.filters_, rtol=1e-6)
    assert np.allclose(ours.transform(x), oracle.transform(covariances), atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_the_first_filter_of_a_class_picks_its_source(n_classes):
    """Ground truth: filter times mixing is the source, up to sign and scale."""
    x, y, mixing = mixed(n_classes)
    filters = CSP(2).fit(x, y).filters_[0]
    first = filters[:2] if n_classes == 2 else filters[::2]
    picked = np.abs(first @ mixing)
    assert sorted(picked.argmax(axis=1)) == list(range(n_classes))
    assert (picked.max(axis=1) > 4 * np.sort(picked, axis=1)[:, -2]).all()


def test_an_average_reference_is_no_obstacle():
    x, y, _ = mixed(2)
    referenced = x - x.mean(axis=1, keepdims=True)
    out = CSP(4).fit(referenced, y).transform(referenced)
    assert out.shape == (60, 4)
    assert np.isfinite(out).all()


def test_each_band_of_a_filter_bank_has_filters_of_its_own():
    (x, y, _), (z, _, _) = mixed(2), mixed(2, seed=1)
    both = CSP(3, n_bands=2).fit(np.concatenate([x, z], axis=1), y).transform(np.concatenate([x, z], axis=1))
    alone = [CSP(3).fit(band, y).transform(band) for band in (x, z)]
    assert np.array_equal(both, np.concatenate(alone, axis=1))


def test_channels_that_are_no_bands_are_refused():
    x, y, _ = mixed(2)
    with pytest.raises(ValueError, match="5 channels cannot be n_bands = 2"):
        CSP(3, n_bands=2).fit(x, y)
