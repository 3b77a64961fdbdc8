"""Covariances by batched matrix products; delayed ones by as many products as there are delays, not their square.

Two blocks of an augmented covariance whose delays differ by as much are sums of the same products, but for a few
samples at either end. So only the first row of blocks is a long product, and each other block is the one up left of it
less a head of `lag` samples and plus a tail of as many.
"""

from __future__ import annotations

import numpy as np
import torch
from numba import njit

from ..covariance import lwf_weight, oas_weight, shrunk
from ..define import twin

CLOSE = {"float64": 1e-12, "float32": 1e-5}  # sums of a thousand products in the dtype of the run
compiled = njit(nogil=True, cache=True, forceinline=True, fastmath=True, error_model="numpy")


@compiled
def _centre(x, y):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill y with the series of x (n_series, n_times), their means removed; a constant becomes exactly zero."""
    for series in range(x.shape[0]):
        first = np.float64(x[series, 0])
        total = 0.0
        for t in range(x.shape[1]):
            total += np.float64(x[series, t]) - first
        level = x.dtype.type(first + total / x.shape[1])
        for t in range(x.shape[1]):
            y[series, t] = x[series, t] - level


def centred(x: np.ndarray) -> np.ndarray:
    """Return the series (..., n_times) with their means removed; a constant becomes exactly zero."""
    y = np.empty_like(x)
    _centre(x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1]))
    return y


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a @ b' of each epoch; shapes (n_epochs, n, n_times) and (n_epochs, m, n_times)."""
    return torch.matmul(torch.from_numpy(a), torch.from_numpy(b).transpose(-1, -2)).numpy()


def _estimated(cov: np.ndarray, norms: np.ndarray, n_times: int, estimator: str) -> np.ndarray:
    """Return the covariance shrunk as asked; `norms` (n_epochs, n_times) are squared norms of the samples."""
    if estimator == "scm":
        return cov
    weight = oas_weight(cov, n_times) if estimator == "oas" else lwf_weight(cov, (norms**2).sum(axis=-1), n_times)
    return shrunk(cov, weight)


@twin("covariance", backend="cpu", tolerance=CLOSE)
def covariance(x: np.ndarray, *, estimator: str = "lwf") -> np.ndarray:
    """Covariance between channels; the twin of `covariance.covariance`."""
    y = centred(x)
    cov = _product(y, y) / x.dtype.type(x.shape[-1])
    return _estimated(_symmetric(cov), np.einsum("ect,ect->et", y, y), x.shape[-1], estimator)


def _symmetric(cov: np.ndarray) -> np.ndarray:
    return (cov + np.swapaxes(cov, -1, -2)) / 2


@twin("augmented_covariance", backend="cpu", tolerance=CLOSE)
def augmented_covariance(x: np.ndarray, *, order: int = 4, lag: int = 8, estimator: str = "lwf") -> np.ndarray:
    """Covariance between channels and delayed copies; the twin of `covariance.augmented_covariance`."""
    if order == 1:
        return covariance(x, estimator=estimator)
    y, n_kept = centred(x), x.shape[-1] - order * lag
    n_channels = x.shape[1]
    # zeros: only the upper blocks are filled here, and what lies in new memory may divide to a warning
    cov = np.zeros((len(x), order, n_channels, order, n_channels), x.dtype)
    for delay in range(order):
        cov[:, 0, :, delay] = _product(y[..., :n_kept], y[..., delay * lag : delay * lag + n_kept])
    for i in range(1, order):
        for j in range(i, order):
            cov[:, i, :, j] = cov[:, i - 1, :, j - 1] + _ends(y, i, j, lag, n_kept)
    means = np.stack([y[..., i * lag : i * lag + n_kept].mean(axis=-1) for i in range(order)], axis=1)
    return _finished(y, cov, means, lag, estimator)


def _ends(y: np.ndarray, i: int, j: int, lag: int, n_kept: int) -> np.ndarray:
    """Return what block (i, j) has at its end and block (i - 1, j - 1) has not, less what that has at its start."""
    head, tail = (i - 1) * lag, (i - 1) * lag + n_kept
    further = (j - i) * lag
    left = np.concatenate([-y[..., head : head + lag], y[..., tail : tail + lag]], axis=-1)
    right = [y[..., head + further : head + further + lag], y[..., tail + further : tail + further + lag]]
    return _product(left, np.concatenate(right, axis=-1))


def _finished(y: np.ndarray, cov: np.ndarray, means: np.ndarray, lag: int, estimator: str) -> np.ndarray:
    """Return the estimate from the upper blocks of summed products and the means (n_epochs, order, n_channels)."""
    order, n_channels = means.shape[1:]
    n_kept = y.shape[-1] - order * lag
    cov /= y.dtype.type(n_kept)
    for i in range(order):
        cov[:, i, :, i] = _symmetric(cov[:, i, :, i])
        for j in range(i):
            cov[:, i, :, j] = np.swapaxes(cov[:, j, :, i], -1, -2)
    flat = means.reshape(len(y), -1)
    whole = cov.reshape(len(y), order * n_channels, -1) - flat[:, :, None] * flat[:, None, :]
    norms = _norms(y, means, lag, n_kept) if estimator == "lwf" else np.zeros((len(y), 1))
    return _estimated(whole, norms, n_kept, estimator)


def _norms(y: np.ndarray, means: np.ndarray, lag: int, n_kept: int) -> np.ndarray:
    """Return the squared norm of each stacked sample, the means of the copies removed; (n_epochs, n_kept)."""
    squares = np.einsum("ect,ect->et", y, y)
    norms = np.broadcast_to((means**2).sum(axis=(1, 2))[:, None], (len(y), n_kept)).copy()
    for i in range(means.shape[1]):
        span = slice(i * lag, i * lag + n_kept)
        norms += squares[:, span] - 2 * np.einsum("ec,ect->et", means[:, i], y[..., span])
    return norms
