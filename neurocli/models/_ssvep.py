"""Steady-state responses: correlation with sines, and with what comes back in every trial."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from ..data.samples import Samples
from ..geometry.spd import congruence
from ._groups import sfreq_of
from ._subspace import subspace


class CanonicalCorrelation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The largest canonical correlation of each epoch with sines and cosines of each frequency and its harmonics.

    Learns nothing.

    Parameters
    ----------
    freqs : list of float
        Hz.
    n_harmonics : int
        1 for the frequency alone.
    sfreq : float, optional
        Hz, where the sample table has no ``duration``.

    References
    ----------
    Lin et al., IEEE Trans Biomed Eng 2006, 53(12), 2610-2614.
    """

    needs_samples = True

    def __init__(self, freqs: list[float], n_harmonics: int = 2, sfreq: float | None = None):
        self.freqs = freqs
        self.n_harmonics = n_harmonics
        self.sfreq = sfreq

    def fit(self, X: np.ndarray, y: Any = None, samples: Samples | None = None) -> Self:
        """Remember the sampling rate; X of shape (n_samples, n_channels, n_times)."""
        self.sfreq_ = sfreq_of(X, samples, self.sfreq, "canonical_correlation")
        return self

    def transform(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the correlations, between 0 and 1, shape (n_samples, n_freqs)."""
        x = X - X.mean(axis=-1, keepdims=True, dtype=float)
        values, vectors = np.linalg.eigh(x @ x.swapaxes(1, 2))
        kept = values > len(values[0]) * np.finfo(X.dtype).eps * values[:, -1:]
        scale = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1)), 0)  # directions without variance count nothing
        white = scale[:, :, None] * (vectors.swapaxes(1, 2) @ x)
        each = [np.linalg.norm(white @ self._sines(freq, X.shape[-1]), 2, axis=(1, 2)) for freq in self.freqs]
        return np.asarray(np.minimum(np.stack(each, axis=1), 1.0))

    def _sines(self, freq: float, n_times: int) -> np.ndarray:
        phase = 2 * np.pi * freq / self.sfreq_ * np.outer(np.arange(n_times), np.arange(1, self.n_harmonics + 1))
        waves = np.concatenate([np.sin(phase), np.cos(phase)], axis=1)
        return np.asarray(np.linalg.qr(waves - waves.mean(axis=0))[0])


class TRCA(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Task-related component analysis: the mixture that is most alike in all trials of a class, and its mean.

    Parameters
    ----------
    is_ensemble : bool
        Whether every class is compared through the mixtures of all classes.

    Attributes
    ----------
    filters_ : array, shape (n_classes, n_channels)
    templates_ : array, shape (n_classes, n_channels, n_times)

    References
    ----------
    Nakanishi et al., IEEE Trans Biomed Eng 2018, 65(1), 104-112.
    """

    def __init__(self, is_ensemble: bool = True):
        self.is_ensemble = is_ensemble

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Learn from X, shape (n_samples, n_channels, n_times), and y, shape (n_samples,) labels."""
        self.classes_ = np.unique(y)
        x = X - X.mean(axis=-1, keepdims=True, dtype=float)
        self.templates_ = np.stack([x[y == label].mean(axis=0) for label in self.classes_])
        self.filters_ = np.stack([_reproducible(x[y == label]) for label in self.classes_])
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return the correlation with each class's template, shape (n_samples, n_classes)."""
        x = X - X.mean(axis=-1, keepdims=True, dtype=float)
        return np.stack([self._correlation(x, k) for k in range(len(self.classes_))], axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the label of the best correlation, shape (n_samples,)."""
        return np.asarray(self.classes_[self.decision_function(X).argmax(axis=1)])

    def _correlation(self, x: np.ndarray, k: int) -> np.ndarray:
        filters = self.filters_ if self.is_ensemble else self.filters_[k : k + 1]
        trial, template = (filters @ x).reshape(len(x), -1), (filters @ self.templates_[k]).ravel()
        size = np.linalg.norm(trial, axis=1) * np.linalg.norm(template)
        return np.asarray(trial @ template / np.where(size > 0, size, 1.0))


def _reproducible(x: np.ndarray) -> np.ndarray:
    """Return the mixture with the largest covariance between trials over that within them, shape (n_channels,)."""
    within = np.einsum("ict,idt->cd", x, x)
    total = x.sum(axis=0) @ x.sum(axis=0).T
    W = subspace(within[None], 0.0)
    vectors = eigh(congruence(W, total - within), congruence(W, within))[1]
    filters = vectors[:, -1] @ W
    return np.asarray(filters * np.sign(filters[np.abs(filters).argmax()]))
