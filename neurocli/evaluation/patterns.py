"""Patterns of a linear model: what its weights stand for in the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.samples import Samples


def haufe_patterns(X: np.ndarray, sources: np.ndarray) -> np.ndarray:
    r"""Return the activation patterns of a linear model.

    .. math:: A = \Sigma_X W \Sigma_{\hat s}^{-1} = \operatorname{cov}(X, \hat s) \operatorname{cov}(\hat s)^{+}

    Parameters
    ----------
    X : array, shape (n_samples, n_features)
        What the model was trained on, in the units of the features.
    sources : array, shape (n_samples, n_sources)
        Its decision values on these samples.

    Returns
    -------
    patterns : array, shape (n_sources, n_features)
        Change of each feature with one unit of each decision value.

    References
    ----------
    .. [1] Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in multivariate
       neuroimaging. NeuroImage 87, 96-110.
    """
    X = X - X.mean(axis=0)
    sources = sources - sources.mean(axis=0)
    n = max(len(X) - 1, 1)
    return np.asarray(np.linalg.pinv(sources.T @ sources / n, hermitian=True) @ (sources.T @ X / n))


def linear_values(chain: Any, X: np.ndarray, samples: Samples) -> np.ndarray | None:
    """Return the decision values of a chain whose last member is linear, else None.

    Parameters
    ----------
    chain : Chain
        Fitted; ``fitted_`` holds its members.
    X : array, shape (n_samples, n_features)
        Samples.
    samples : dict of lists
        Their table, for the members that ask for it.

    Returns
    -------
    values : array, shape (n_samples, n_sources), or None
    """
    *before, (_, last) = chain.fitted_
    last = getattr(last, "chosen_", last)
    if not hasattr(last, "coef_"):
        return None
    for _, member in before:
        X = member.transform(X, samples=samples) if getattr(member, "needs_samples", False) else member.transform(X)
    return np.asarray(X @ np.atleast_2d(last.coef_).T + last.intercept_)
