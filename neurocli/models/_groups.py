"""Groups of samples that are shifted to a common place: a mean, a covariance, a whitening."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ..data.entities import SHORT
from ..data.samples import Samples
from ..errors import ConfigError, InputError
from ..geometry.spd import congruence, inverse_root, mean
from ._subspace import inside, subspace

NESTED = {"subject": ("subject",), "session": ("subject", "session"), "run": ("subject", "session", "task", "run")}


def group_labels(samples: Samples, by: str) -> list[str]:
    """Return a name of the group of each sample.

    A session is that of a subject, a run that of a subject, session and task, and a recording has all its entities.

    Parameters
    ----------
    samples : dict of lists
        The sample table.
    by : str
        ``subject``, ``session``, ``run``, ``recording``, or a column of the table.

    Raises
    ------
    ConfigError
        ``E-CONFIG-MODEL`` if the table lacks the column.
    """
    names = tuple(SHORT) if by == "recording" else NESTED.get(by, (by,))
    found = [name for name in names if name in samples]
    if not found or (by != "recording" and by not in samples):
        raise ConfigError(
            f"Samples cannot be grouped by {by!r}: the sample table has {', '.join(samples)}.", code="E-CONFIG-MODEL"
        )
    return ["/".join(str(value) for value in row) for row in zip(*(samples[name] for name in found), strict=True)]


def sfreq_of(X: np.ndarray, samples: Samples | None, given: float | None, name: str) -> float:
    """Return the sampling rate of epochs in Hz: as given, else from their ``duration`` in the sample table.

    Raises
    ------
    InputError
        ``E-INPUT-MODEL`` where neither says it.
    """
    durations = [value for value in (samples or {}).get("duration", []) if value]
    if given or durations:
        return given or X.shape[-1] / float(durations[0])
    raise InputError(
        f"{name!r} must know the sampling rate, and the sample table has no 'duration'.",
        code="E-INPUT-MODEL",
        remedy=f"Set '{name}.sfreq'.",
    )


class ByGroup(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Learns something label-free of every group, and applies it to the samples of that group.

    A group that was seen in `fit` keeps what was learned there; a new one uses its own samples (transductive).
    """

    needs_samples = True

    def __init__(self, by: str = "subject"):
        self.by = by

    def fit(self, X: np.ndarray, y: Any = None, samples: Samples | None = None) -> Self:
        """Learn from each group; X of shape (n_samples, ...), labels are not used."""
        self._start(X)
        groups = np.array(group_labels(samples or {}, self.by))
        self.groups_ = sorted(set(groups.tolist()))
        self.learned_ = [self._learn(X[groups == group]) for group in self.groups_]
        return self

    def transform(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the samples, each shifted by what its group has, shape (n_samples, ...)."""
        groups = np.array(group_labels(samples or {}, self.by))
        known = dict(zip(self.groups_, self.learned_, strict=True))
        out: np.ndarray | None = None
        for group in sorted(set(groups.tolist())):
            mine = groups == group
            part = self._apply(X[mine], known[group] if group in known else self._learn(X[mine]))
            out = np.empty((len(X), *part.shape[1:])) if out is None else out
            out[mine] = part
        return X if out is None else out

    def _start(self, X: np.ndarray) -> None:
        """Learn what all groups share."""

    def _learn(self, X: np.ndarray) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} learns nothing")

    def _apply(self, X: np.ndarray, learned: np.ndarray) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} applies nothing")


class Center(ByGroup):
    """Columns minus the mean of their group; with `scale`, over its standard deviation."""

    def __init__(self, by: str = "subject", scale: bool = False):
        super().__init__(by)
        self.scale = scale

    def _learn(self, X: np.ndarray) -> np.ndarray:
        spread = X.std(axis=0) if self.scale else np.ones(X.shape[1])
        return np.stack([X.mean(axis=0), np.where(spread > 0, spread, 1.0)])

    def _apply(self, X: np.ndarray, learned: np.ndarray) -> np.ndarray:
        return np.asarray((X - learned[0]) / learned[1])


class Recenter(ByGroup):
    """Covariances seen from the mean of their group: M^(-1/2) X M^(-1/2).

    References
    ----------
    Zanini et al., IEEE Trans Biomed Eng 2018, 65(5), 1107-1116.
    """

    def __init__(self, by: str = "subject", metric: str = "riemann", shrinkage: float = 0.0):
        super().__init__(by)
        self.metric = metric
        self.shrinkage = shrinkage

    def _start(self, X: np.ndarray) -> None:
        self.basis_ = subspace(X, self.shrinkage)

    def _learn(self, X: np.ndarray) -> np.ndarray:
        return inverse_root(mean(inside(X, self.basis_, self.shrinkage, "recenter"), self.metric))

    def _apply(self, X: np.ndarray, learned: np.ndarray) -> np.ndarray:
        return congruence(learned, inside(X, self.basis_, self.shrinkage, "recenter"))


class EuclideanAlignment(ByGroup):
    """Epochs whitened by the mean covariance of their group: R^(-1/2) x.

    References
    ----------
    He and Wu, IEEE Trans Biomed Eng 2020, 67(2), 399-410.
    """

    def _learn(self, X: np.ndarray) -> np.ndarray:
        x = X.astype(float)
        values, vectors = np.linalg.eigh(np.einsum("ict,idt->cd", x, x) / (len(x) * x.shape[-1]))
        kept = values > len(values) * np.finfo(X.dtype).eps * values[-1]
        scale = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)  # the pseudo-inverse where rank is lost
        return np.asarray((vectors * scale) @ vectors.T)

    def _apply(self, X: np.ndarray, learned: np.ndarray) -> np.ndarray:
        return np.asarray(learned @ X)
