"""What one unit of `train` leaves: held-out predictions, and what made them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from .payload import Payload
from .samples import Samples


@dataclass(frozen=True)
class Fitted(Payload):
    """One fit, or one block of refits under permuted labels.

    Parameters
    ----------
    role : str
        ``model``, ``majority``, ``linear``, ``drift``, ``null`` or ``all``.
    fold : str
        Name of the held-out groups; ``all`` for the one that is published.
    y_true : array, shape (n_test,) or (n_permutations, n_test)
        Class index or number; of a permuted refit, the permuted labels of the held-out samples.
    y_score : array, shape (n_test, n_classes) or (n_permutations, n_test, n_classes)
        Probability or decision value a class; for numbers shape (..., n_test, 1), the prediction.
    samples : dict of lists
        The sample table of the held-out samples.
    classes : tuple of str
        Labels in the order of the class index; empty for a number.
    model : array of uint8, or None
        The fitted model as skops bytes; only of roles ``model`` and ``all``.
    onnx : array of uint8, or None
        The same as ONNX, where it converts; only of role ``all``.
    saw : dict
        What was fitted on: groups, number of samples, hashes for the leak certificate.
    patterns : array, shape (n_classes or 1, n_features), or None
        Haufe patterns of a linear model, in units of the features.
    """

    role: str
    fold: str
    y_true: np.ndarray
    y_score: np.ndarray
    samples: Samples
    classes: tuple[str, ...] = ()
    model: np.ndarray | None = None
    onnx: np.ndarray | None = None
    saw: dict[str, Any] = field(default_factory=dict)
    patterns: np.ndarray | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()
    kind: ClassVar[str] = "fitted"
