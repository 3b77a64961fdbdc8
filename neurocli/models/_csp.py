"""Spatial filters by joint diagonalisation of two covariances."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, TransformerMixin

from ..geometry.spd import congruence, shrunk
from ._subspace import subspace


class CSP(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Common spatial patterns: the ends of the spectrum of :math:`C_k w = \lambda (C_k + C_{rest}) w`.

    Two classes give one problem, more give one a class against the mean of the others.

    Parameters
    ----------
    n_components : int
        Filters of each problem; those with the eigenvalue farthest from 1/2.
    shrinkage : float
        Of the class covariances towards the scaled identity.
    n_bands : int
        Bands that the channels come in, one band's channels after the other's; each has filters of its own.

    Attributes
    ----------
    filters_ : array, shape (n_bands, n_filters, n_channels / n_bands)

    References
    ----------
    Blankertz et al., IEEE Signal Process Mag 2008, 25(1), 41-56.
    """

    def __init__(self, n_components: int = 4, shrinkage: float = 0.0, n_bands: int = 1):
        self.n_components = n_components
        self.shrinkage = shrinkage
        self.n_bands = n_bands

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Find the filters; X of shape (n_samples, n_channels, n_times), y of shape (n_samples,) labels."""
        if X.shape[1] % self.n_bands:
            raise ValueError(
                f"{X.shape[1]} channels cannot be n_bands = {self.n_bands} bands of as many channels each."
            )
        self.filters_ = np.stack([self._fit_band(band, y) for band in np.split(X, self.n_bands, axis=1)])
        return self

    def _fit_band(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        C = _covariances(X)
        W = subspace(C, self.shrinkage)
        means = [congruence(W, shrunk(C[y == label].mean(axis=0), self.shrinkage)) for label in np.unique(y)]
        pairs = [(means[1], means[0])] if len(means) == 2 else [_against_rest(means, k) for k in range(len(means))]
        return np.asarray(np.concatenate([self._filters(one, other) for one, other in pairs]) @ W)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the log power of each filter's output, shape (n_samples, n_bands * n_filters), in log V^2."""
        bands = X.reshape(len(X), self.n_bands, -1, X.shape[-1])
        power = ((self.filters_ @ bands) ** 2).mean(axis=-1).reshape(len(X), -1)
        return np.asarray(np.log(np.maximum(power, np.finfo(float).tiny)))

    def _filters(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        values, vectors = eigh(one, one + other)
        ends = np.argsort(-np.abs(values - 0.5), kind="stable")[: self.n_components]
        return np.asarray(vectors[:, ends].T)


def _covariances(X: np.ndarray) -> np.ndarray:
    x = X.astype(float)
    return np.asarray(x @ x.swapaxes(1, 2) / x.shape[-1])


def _against_rest(means: list[np.ndarray], k: int) -> tuple[np.ndarray, np.ndarray]:
    return means[k], np.mean([other for i, other in enumerate(means) if i != k], axis=0)
