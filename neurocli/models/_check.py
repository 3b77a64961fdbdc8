"""What a model refuses, said with the name of the column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import ConfigError, InputError
from ._rules import REMEDY


def check_finite(X: np.ndarray, columns: Sequence[str] = ()) -> None:
    """Check that every value is finite.

    Parameters
    ----------
    X : array, shape (n_samples, ...)
        Samples.
    columns : sequence of str
        Names of the columns in C order; without them, numbers.

    Raises
    ------
    InputError
        ``E-INPUT-NAN``, naming the first column and how many there are.
    """
    if np.isfinite(X.sum(dtype=float)):  # one pass without a mask of the size of X, the usual case
        return
    bad = ~np.isfinite(X.reshape(len(X), -1))
    if not bad.any():
        return
    found = np.flatnonzero(bad.any(axis=0))
    others = f" and in {len(found) - 1} other columns" if len(found) > 1 else ""
    raise InputError(
        f"Column {_name(int(found[0]), X, columns)} is not a number in {int(bad[:, found[0]].sum())} of {len(X)} "
        f"samples{others}.",
        code="E-INPUT-NAN",
        remedy="Leave the feature or the recording out, or begin the model with 'impute'.",
    )


def _name(column: int, X: np.ndarray, columns: Sequence[str]) -> str:
    if column < len(columns):
        return repr(columns[column])
    place = np.unravel_index(column, X.shape[1:])
    return str(column) if X.ndim == 2 else str(tuple(int(i) for i in place))


def check_classes(y: np.ndarray) -> None:
    """Check that there are two classes at least.

    Raises
    ------
    InputError
        ``E-INPUT-CLASSES``.
    """
    found = np.unique(y)
    if len(found) < 2:
        raise InputError(
            f"A model needs two classes at least, and the {len(y)} training samples have "
            + (f"one: {found[0]}." if len(found) else "none."),
            code="E-INPUT-CLASSES",
            remedy="Check the target, the selection of recordings and the split.",
        )


def kind_of(X: np.ndarray) -> str:
    """Return whether samples are ``columns``, ``covariances`` (square and symmetric) or ``epochs``."""
    if X.ndim == 2:
        return "columns"
    is_square = X.ndim == 3 and len(X) and X.shape[1] == X.shape[2]
    return "covariances" if is_square and _is_symmetric(X[0]) else "epochs"


def _is_symmetric(x: np.ndarray) -> bool:
    return bool(np.abs(x - x.T).max() <= 1e-6 * np.abs(x).max())  # float32 products are symmetric to this


def check_shape(name: str, takes: str, X: np.ndarray) -> None:
    """Check that a member gets the kind of sample that it needs.

    Raises
    ------
    ConfigError
        ``E-CONFIG-MODEL``, with the feature that gives it.
    """
    found = kind_of(X)
    if takes in ("any", found):
        return
    raise ConfigError(
        f"{name!r} needs {takes}, and gets {found} of shape {X.shape[1:]} a sample.",
        code="E-CONFIG-MODEL",
        remedy=REMEDY[takes],
    )
