"""What a linear model reacts to: Haufe patterns, taken back to the units of the features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..data.samples import Samples
from ..geometry.spd import from_upper, function_of
from ._chain import Chain


def patterns(chain: Chain, X: np.ndarray, samples: Samples | None = None) -> np.ndarray | None:
    r"""Return what changes in the features when the output of a linear model goes up by one.

    .. math:: a = \operatorname{cov}(Z, s) / \operatorname{var}(s)

    with Z what the last member is given and s its output (cov(Z) w / var(s), since s = Z w); then back through the
    members before it. Of a tangent space it is the change of the mean covariance, M^(1/2) upper^-1(a) M^(1/2).

    Parameters
    ----------
    chain : Chain
        Fitted.
    X : array, shape (n_samples, n_features) or (n_samples, n, n)
        The samples it was fitted on.
    samples : dict of lists, optional
        Their table.

    Returns
    -------
    a : array, shape (n_outputs, n_features), or None
        One output for two classes and for a number, else one a class; for covariances n_features is n * n, in C order.
        NaN for a column that was not selected. None where the model is not linear, or a member cannot be taken back.

    References
    ----------
    Haufe et al., NeuroImage 2014, 87, 96-110.
    """
    last = getattr(chain.fitted_[-1][1], "chosen_", chain.fitted_[-1][1])
    before = chain.fitted_[:-1]
    if not _is_linear(last) or not all(name in BACK for name, _ in before):
        return None
    for _, estimator in before:
        extra = {"samples": samples} if getattr(estimator, "needs_samples", False) else {}
        X = estimator.transform(X, **extra)
    pattern: np.ndarray | None = regressed(np.asarray(X, float), _outputs(last, X))
    for name, estimator in reversed(before):
        pattern = None if pattern is None else BACK[name](pattern, estimator)
    return pattern


def regressed(X: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Return cov(X, s) / var(s) of each output.

    Parameters
    ----------
    X : array, shape (n_samples, n_features)
    s : array, shape (n_samples, n_outputs)

    Returns
    -------
    a : array, shape (n_outputs, n_features)
        In the unit of X over that of s; zero where an output is constant.
    """
    s = s - s.mean(axis=0)
    power = (s**2).sum(axis=0)
    return np.asarray(s.T @ (X - X.mean(axis=0)) / np.where(power > 0, power, 1.0)[:, None])


def _is_linear(estimator: Any) -> bool:
    return hasattr(estimator, "coef_") and getattr(estimator, "kernel", "linear") == "linear"


def _outputs(estimator: Any, X: np.ndarray) -> np.ndarray:
    values = estimator.decision_function(X) if hasattr(estimator, "decision_function") else estimator.predict(X)
    return np.asarray(values, float).reshape(len(X), -1)


def _standardize(pattern: np.ndarray, estimator: Any) -> np.ndarray:
    return np.asarray(pattern * estimator.scale_)


def _center(pattern: np.ndarray, estimator: Any) -> np.ndarray | None:
    return None if estimator.scale else pattern  # every group has a scale of its own


def _select(pattern: np.ndarray, estimator: Any) -> np.ndarray:
    full = np.full((len(pattern), estimator.n_features_), np.nan)
    full[:, estimator.kept_] = pattern
    return full


def _pca(pattern: np.ndarray, estimator: Any) -> np.ndarray:
    scale = np.sqrt(estimator.explained_variance_) if estimator.whiten else 1.0
    return np.asarray((pattern * scale) @ estimator.components_)


def _tangent(pattern: np.ndarray, estimator: Any) -> np.ndarray | None:
    if estimator.metric == "logeuclid":
        return None
    change, W = from_upper(pattern), estimator.basis_
    if estimator.metric == "riemann":
        root = function_of(estimator.reference_, np.sqrt)
        change = root @ change @ root
    return np.asarray((W.T @ change @ W).reshape(len(pattern), -1))


BACK: dict[str, Callable[[np.ndarray, Any], np.ndarray | None]] = {
    "impute": lambda pattern, _: pattern,
    "standardize": _standardize,
    "center": _center,
    "select": _select,
    "select_variance": _select,
    "pca": _pca,
    "tangent_space": _tangent,
}
