"""Estimators on covariances: the tangent space, and the distance to class means."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError
from ..geometry.spd import congruence, function_of, inverse_root, mean, safe_log, upper
from ..geometry.tangent import tangent_vectors
from ._subspace import inside, subspace


class TangentSpace(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Covariances as vectors in the tangent space at their mean.

    .. math:: s_i = \operatorname{upper}(\log(M^{-1/2} X_i M^{-1/2}))

    for ``riemann``; log X_i - log M for ``logeuclid``; X_i - M for ``euclid``.

    Of a bank of filters, covariances between bands are taken as zero; the vectors are then those of each band.

    Attributes
    ----------
    reference_ : array, shape (rank, rank)
        The mean M, in the unit of the covariances, in the coordinates of `basis_`.
    basis_ : array, shape (rank, n_channels)
        The directions that carry variance.
    """

    def __init__(
        self, metric: str = "riemann", shrinkage: float = 0.0, tol: float = 1e-8, maxiter: int = 50, n_bands: int = 1
    ):
        self.metric = metric
        self.shrinkage = shrinkage
        self.tol = tol
        self.maxiter = maxiter
        self.n_bands = n_bands

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Find the mean of X, shape (n_samples, n_channels, n_channels); labels are not used."""
        X = within_bands(X, self.n_bands)
        self.basis_ = subspace(X, self.shrinkage)
        Y = inside(X, self.basis_, self.shrinkage, "tangent_space")
        self.reference_ = mean(Y, self.metric, tol=self.tol, maxiter=self.maxiter)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the tangent vectors, shape (n_samples, rank (rank + 1) / 2)."""
        check_is_fitted(self)
        Y = inside(within_bands(X, self.n_bands), self.basis_, self.shrinkage, "tangent_space")
        if self.metric == "euclid":
            return upper(Y - self.reference_)
        if self.metric == "logeuclid":
            return upper(function_of(Y, safe_log) - function_of(self.reference_, safe_log))
        return tangent_vectors(Y, self.reference_)


def within_bands(X: np.ndarray, n_bands: int) -> np.ndarray:
    """Return covariances (n_samples, n, n) without those between bands, of n / n_bands channels each, in order.

    Raises
    ------
    InputError
        ``E-INPUT-MODEL``: so many channels are not so many bands.
    """
    n = X.shape[-1]
    if n % n_bands:
        raise InputError(
            f"{n} channels cannot be n_bands = {n_bands} bands of as many channels each.",
            code="E-INPUT-MODEL",
            remedy="Set 'n_bands' to the number of bands of 'filter_bank'.",
        )
    band = np.arange(n) // (n // n_bands)
    return X if n_bands == 1 else X * (band[:, None] == band)


class MDM(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Minimum distance to the mean of each class.

    Attributes
    ----------
    means_ : array, shape (n_classes, rank, rank)
        Mean covariance of each class, in the coordinates of `basis_`.
    """

    def __init__(self, metric: str = "riemann", shrinkage: float = 0.0):
        self.metric = metric
        self.shrinkage = shrinkage

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Find the means; X of shape (n_samples, n_channels, n_channels), y of shape (n_samples,)."""
        self.basis_ = subspace(X, self.shrinkage)
        Y = inside(X, self.basis_, self.shrinkage, "mdm")
        self.classes_ = np.unique(y)
        self.means_ = np.stack([mean(Y[y == label], self.metric) for label in self.classes_])
        return self

    def distances(self, X: np.ndarray) -> np.ndarray:
        """Return the distance of each sample to each mean, shape (n_samples, n_classes), no unit."""
        Y = inside(X, self.basis_, self.shrinkage, "mdm")
        return np.stack([_distance(Y, M, self.metric) for M in self.means_], axis=1)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the softmax of minus the squared distances, shape (n_samples, n_classes)."""
        logits = -(self.distances(X) ** 2)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the label of the nearest mean, shape (n_samples,)."""
        return np.asarray(self.classes_[self.distances(X).argmin(axis=1)])


def _distance(Y: np.ndarray, M: np.ndarray, metric: str) -> np.ndarray:
    if metric == "euclid":
        return np.asarray(np.linalg.norm(Y - M, axis=(1, 2)))
    if metric == "logeuclid":
        return np.asarray(np.linalg.norm(function_of(Y, safe_log) - function_of(M, safe_log), axis=(1, 2)))
    values = np.linalg.eigvalsh(congruence(inverse_root(M), Y))
    return np.asarray(np.sqrt((safe_log(values) ** 2).sum(axis=1)))
