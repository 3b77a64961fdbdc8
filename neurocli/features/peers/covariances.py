"""Covariances, and the tangent space that they are mapped to, of pyRiemann."""

from __future__ import annotations

import numpy as np

from ...geometry.spd import mean
from ...geometry.tangent import tangent_vectors
from ._row import Computed, Peer, Row

ORDER, LAG = 4, 8
LWF, AUGMENTED = ("covariance", {"estimator": "lwf"}), ("augmented_covariance", {"estimator": "scm"})


def _covariances(x: np.ndarray, estimator: str) -> np.ndarray:
    from pyriemann.geometry.covariance import covariances

    return np.asarray(covariances(x, estimator))


def _augmented(x: np.ndarray) -> np.ndarray:
    stacked = np.concatenate([x[:, :, p * LAG : -(ORDER - p) * LAG] for p in range(ORDER)], axis=1)
    return _covariances(stacked - stacked.mean(axis=-1, keepdims=True), "scm")


def _lwf_peer() -> Peer:
    _import()
    return lambda x, sfreq: [_covariances(x, "lwf")]  # noqa: ARG005 (all peers are called alike)


def _augmented_peer() -> Peer:
    _import()
    return lambda x, sfreq: [_augmented(x)]  # noqa: ARG005


def _import() -> None:
    import pyriemann  # noqa: F401 (to say now that it is not installed)


def _lwf_tangent_peer() -> Peer:
    from pyriemann.tangentspace import TangentSpace

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:  # noqa: ARG001
        return [TangentSpace(metric="riemann").fit_transform(_covariances(x, "lwf"))]

    return run


def _augmented_tangent_peer() -> Peer:
    from pyriemann.geometry.tangentspace import tangent_space

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:  # noqa: ARG001
        cov = _augmented(x)
        return [tangent_space(cov, cov.mean(axis=0), metric="riemann")]

    return run


def _at_riemannian_mean(x: np.ndarray, compute: Computed) -> list[np.ndarray]:
    (cov,) = compute(x)
    return [tangent_vectors(cov, mean(cov.astype(float), "riemann"))]


def _at_arithmetic_mean(x: np.ndarray, compute: Computed) -> list[np.ndarray]:
    (cov,) = compute(x)
    return [tangent_vectors(cov, mean(cov.astype(float), "euclid"))]


ROWS = (
    Row("cov_lwf", [LWF], "pyriemann", _lwf_peer, bold=False),
    Row("cov_lwf_tangent", [LWF], "pyriemann", _lwf_tangent_peer, 100, ours=_at_riemannian_mean),
    Row("augmented_cov", [AUGMENTED], "pyriemann", _augmented_peer, 20, bold=False),
    Row("augmented_cov_tangent", [AUGMENTED], "pyriemann", _augmented_tangent_peer, 20, ours=_at_arithmetic_mean),
)
