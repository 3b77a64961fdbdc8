"""Fitted chains as ONNX, as far as they convert, checked against the chain itself."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ._chain import Chain
from ._chain import scores as chain_scores
from ._select import Select

CONVERTS = ("standardize", "impute", "pca", "select", "select_variance")
TOLERANCE = 1e-5  # of float32 against float64


@dataclass(frozen=True)
class Onnx:
    """A chain as ONNX, or why it is none.

    Parameters
    ----------
    data : bytes or None
        The file. Its input ``X`` is float32 of shape (n, n_features) or (n, n_chans, n_times), its last output has the
        scores.
    takes : str
        What `X` is: ``features``, ``epochs``, or what the named member gives (``features after tangent_space``).
    reason : str
        Why `data` is None, or why it begins after the features; empty otherwise.
    error : float or None
        Largest difference from the chain; None where onnxruntime is not installed.
    """

    data: bytes | None
    takes: str = "features"
    reason: str = ""
    error: float | None = None


def to_onnx(chain: Chain, X: np.ndarray, samples: Any = None) -> Onnx:
    """Return a fitted chain as ONNX.

    Parameters
    ----------
    chain : Chain
        Fitted.
    X : array, shape (n_samples, ...)
        Samples to check it on.
    samples : dict of lists, optional
        Their table.
    """
    is_deep = hasattr(chain.fitted_[-1][1], "signature_")  # what comes before it stays outside
    start = len(chain.fitted_) - 1 if is_deep else _first_convertible(chain)
    for _, estimator in chain.fitted_[:start]:
        extra = {"samples": samples} if getattr(estimator, "needs_samples", False) else {}
        X = estimator.transform(X, **extra)
    if is_deep:
        return _deep(chain, X, start)
    if X.ndim > 2:
        return Onnx(None, reason=f"{chain.fitted_[-1][0]!r} has no ONNX form.")
    last = chain.fitted_[start - 1][0] if start else ""
    reason = f"{last!r} has no ONNX form, so the file begins after it." if start else ""
    return _converted(chain.fitted_[start:], X, f"features after {last}" if start else "features", reason)


def _deep(chain: Chain, X: np.ndarray, start: int) -> Onnx:
    from ._onnx_deep import deep_to_onnx

    before = chain.fitted_[start - 1][0] if start else ""
    reason = f"{before!r} has no ONNX form, so the file begins after it." if start else ""
    kind = "epochs" if X.ndim == 3 else "features"
    takes = f"{kind} after {before}" if start else kind
    data = deep_to_onnx(chain.fitted_[-1][1], X.shape[1:])
    return _checked(Onnx(data, takes, reason), chain.fitted_[-1:], X.astype(np.float32))


def _first_convertible(chain: Chain) -> int:
    others = [i for i, (name, _) in enumerate(chain.fitted_[:-1]) if name not in CONVERTS]
    return others[-1] + 1 if others else 0


def _converted(members: list[tuple[str, Any]], X: np.ndarray, takes: str, reason: str) -> Onnx:
    from skl2onnx import to_onnx as convert

    X32 = X.astype(np.float32)
    pipeline = Pipeline([(f"{i}-{name}", _twin(estimator)) for i, (name, estimator) in enumerate(members)])
    last = pipeline.steps[-1][1]
    options = None if is_regressor(last) else {id(last): {"zipmap": False} | _raw(last)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the converter reads attributes that scikit-learn is about to drop
            data = convert(pipeline, X32[:1], options=options).SerializeToString(deterministic=True)
    except Exception as error:  # converters fail in every way
        return Onnx(None, takes, f"{members[-1][0]!r} does not convert: {str(error).splitlines()[0]}")
    return _checked(Onnx(data, takes, reason), members, X32)


def _raw(last: Any) -> dict[str, bool]:
    return {} if hasattr(last, "predict_proba") else {"raw_scores": True} if hasattr(last, "support_") else {}


def _twin(estimator: Any) -> Any:
    """Return an estimator that gives the same and converts."""
    estimator = getattr(estimator, "chosen_", estimator)
    if isinstance(estimator, Select):
        columns = ColumnTransformer([("kept", "passthrough", estimator.kept_.tolist())])
        return columns.fit(np.zeros((2, estimator.n_features_)))
    if isinstance(estimator, LinearDiscriminantAnalysis):  # its own converter is wrong for two classes
        twin = LogisticRegression()
        twin.coef_, twin.intercept_, twin.classes_ = estimator.coef_, estimator.intercept_, estimator.classes_
        twin.n_features_in_ = estimator.n_features_in_
        return twin
    return estimator


def _checked(result: Onnx, members: list[tuple[str, Any]], X: np.ndarray) -> Onnx:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or importing it looks up its maker's servers
    try:
        import onnxruntime
    except ImportError:
        return result
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(result.data, options, providers=["CPUExecutionProvider"])
    found = np.asarray(session.run(None, {"X": X})[-1], float).reshape(len(X), -1)
    Z = X.astype(float) if X.ndim == 2 else X
    for _, estimator in members[:-1]:
        Z = estimator.transform(Z)
    expected = chain_scores(members[-1][1], Z)
    expected = expected[:, 1:] if found.shape[1] < expected.shape[1] else expected  # one column for two classes
    error = float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))
    if error > TOLERANCE:
        return Onnx(None, result.takes, f"it differs from the model by {error:.1e}, more than {TOLERANCE:.0e}.", error)
    return Onnx(result.data, result.takes, result.reason, error)
