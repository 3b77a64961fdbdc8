"""Covariances of epochs and of their delayed copies, the delays given or estimated inside the fold."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from pyriemann.estimation import Covariances
from sklearn.base import BaseEstimator, TransformerMixin

from ..errors import InputError
from ._embedding import cao_order, delayed, first_minimum_of_information, mdop_lags, uniform_lags

N_SIGNALS = 60  # that the delays are estimated from: they are averages, and a tree of neighbours each is not for free


class AugmentedCovariances(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Epochs to covariances of channels and their delayed copies.

    Parameters
    ----------
    order, lag : int
        Copies and the delay between them in samples, or the most of either where they are estimated.
    choice : str
        ``given``; ``cao`` (first minimum of mutual information, then Cao's order) or ``mdop``.
    estimator : str
        Of the covariance, as pyriemann names them.
    random_state : int
        Of the signals that the delays are estimated from.

    Attributes
    ----------
    lags_ : list of int
        Delays, in samples.
    n_lost_ : int
        Samples left out of each epoch.
    """

    def __init__(
        self, order: int = 4, lag: int = 8, choice: str = "given", estimator: str = "lwf", random_state: int = 0
    ):
        self.order = order
        self.lag = lag
        self.choice = choice
        self.estimator = estimator
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Learn the delays; X of shape (n_samples, n_channels, n_times), labels are not used."""
        self.lags_, self.n_lost_ = self._delays(X)
        if X.shape[-1] - self.n_lost_ < 2:
            raise InputError(
                f"'augmented_covariances' needs epochs longer than its delays: {self.n_lost_} samples of "
                f"{X.shape[-1]} would be lost.",
                code="E-INPUT-MODEL",
                remedy="Use longer epochs, or a smaller order or lag.",
            )
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return covariances, shape (n_samples, n_lags * n_channels, n_lags * n_channels)."""
        copies = delayed(np.asarray(X, float), self.lags_, self.n_lost_)
        return np.asarray(Covariances(self.estimator).transform(copies))

    def _delays(self, X: np.ndarray) -> tuple[list[int], int]:
        if self.choice == "given":
            return uniform_lags(self.order, self.lag), self.order * self.lag if self.order > 1 else 0
        signals = self._signals(X)
        if self.choice == "mdop":
            lags = mdop_lags(signals, self.lag, self.order)
            return lags, lags[-1]
        lag = first_minimum_of_information(signals, self.lag)
        order = cao_order(signals, lag, self.order)
        return uniform_lags(order, lag), order * lag if order > 1 else 0

    def _signals(self, X: np.ndarray) -> np.ndarray:
        if X.shape[-1] <= (self.order + 1) * self.lag + 1:
            raise InputError(
                f"The delays of 'augmented_covariances' cannot be estimated from epochs of {X.shape[-1]} samples.",
                code="E-INPUT-MODEL",
                remedy=f"Use epochs of more than (order + 1) * lag = {(self.order + 1) * self.lag} samples.",
            )
        flat = X.reshape(-1, X.shape[-1])
        flat = flat[np.ptp(flat, axis=1) > 0]
        chosen = np.random.default_rng(self.random_state).permutation(len(flat))[:N_SIGNALS]
        return np.asarray(flat[np.sort(chosen)], float)
