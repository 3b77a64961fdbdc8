"""When classes can be told apart: a score at each moment of the epoch, and clusters of moments over subjects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...data.fitted import Fitted
from ..statistics.maps import cluster_test

LEVEL = 0.05
HAT = 1e-3  # share of the largest variance that is added to each: subjects may all score the same by chance
FEWEST = 2  # subjects


def over_time(fits: Sequence[Fitted], *, permutations: int = 1000, tfce: bool = False, seed: int = 0) -> dict[str, Any]:
    """Return the balanced accuracy at each moment, its test over subjects, and the clusters that pass it.

    Parameters
    ----------
    fits : sequence of Fitted
        Of role ``over_time``; scores of shape (n_fitted * n_parts, n_test, n_classes).
    permutations : int
        Sign flips; all of them where there are fewer.
    tfce : bool
        Threshold-free cluster enhancement instead of clusters.
    seed : int
        Of the flips.

    Returns
    -------
    document : dict
        ``times`` (centres of the parts, in s), ``window``, ``generalise``, ``metric``, ``chance``, ``mean`` and ``sem``
        (lists of shape (n_fitted, n_times)), ``p`` (the same, or None), ``clusters``, ``test``, ``smallest_p``,
        ``n_subjects``. Where each moment is decoded by its own fit alone n_fitted is 1.
    """
    facts = fits[0].saw["over_time"]
    n_times = len(facts["times"])
    maps, chance = _subjects(fits, n_times)
    p, test, smallest = _tested(maps - chance[:, None, None], permutations, tfce, seed)
    mean = maps.mean(axis=0)
    return {
        "metric": "balanced_accuracy",
        **{name: facts[name] for name in ("times", "window", "generalise")},
        "chance": float(chance.mean()),
        "mean": mean.tolist(),
        "sem": (maps.std(axis=0, ddof=1) / np.sqrt(len(maps))).tolist() if len(maps) > 1 else None,
        "p": None if p is None else p.tolist(),
        "clusters": [] if p is None else list(_clusters(mean, p, facts["times"])),
        "test": test,
        "smallest_p": smallest,
        "n_subjects": len(maps),
    }


def _subjects(fits: Sequence[Fitted], n_times: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the map of each subject, the mean over seeds, shape (n_subjects, n_fitted, n_times), and its chance."""
    right: dict[str, dict[int, list[np.ndarray]]] = {}
    true: dict[str, dict[int, list[np.ndarray]]] = {}
    for fit in fits:
        seed = int(fit.saw.get("seed", 0))
        names = np.array([str(name) for name in fit.samples.get("subject", [""] * len(fit.y_true))])
        hits = fit.y_score.argmax(axis=-1) == fit.y_true
        for name in np.unique(names).tolist():
            right.setdefault(name, {}).setdefault(seed, []).append(hits[:, names == name])
            true.setdefault(name, {}).setdefault(seed, []).append(fit.y_true[names == name])
    order = sorted(right)
    maps = [_balanced(right[name], true[name], n_times) for name in order]
    n_own = np.array([len(np.unique(np.concatenate(next(iter(true[name].values()))))) for name in order])
    return np.array(maps), 1 / np.where(n_own > 1, n_own, len(fits[0].classes))


def _balanced(right: Mapping[int, list[np.ndarray]], true: Mapping[int, list[np.ndarray]], n_times: int) -> np.ndarray:
    """Return the mean recall of the classes that are there, all folds together, shape (n_fitted, n_times)."""
    maps = []
    for seed, hits in right.items():
        joined, labels = np.concatenate(hits, axis=1), np.concatenate(true[seed])
        maps.append(np.mean([joined[:, labels == k].mean(axis=1) for k in np.unique(labels)], axis=0))
    return np.asarray(np.mean(maps, axis=0).reshape(-1, n_times))


def _tested(
    effect: np.ndarray, permutations: int, tfce: bool, seed: int
) -> tuple[np.ndarray | None, str, float | None]:
    """Return p of each point, what the test is, and the smallest p that it can give."""
    n = len(effect)
    if n < FEWEST:
        return None, "none: one subject", None
    values = effect[:, 0] if effect.shape[1] == 1 else effect
    found = cluster_test(values, seed, tfce=tfce, n_permutations=permutations, tail=1, hat=HAT)
    n_flips = min(permutations, 2**n)
    kind = "threshold-free cluster enhancement" if tfce else "clusters of t at p < .05"
    test = f"{kind}, one-sided, {n_flips} sign flips over {n} subjects"
    return found.p.reshape(effect.shape[1:]), test, 1 / n_flips


def _clusters(mean: np.ndarray, p: np.ndarray, times: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Yield each connected part of the map that passes the test: when it was tested, and where it is highest."""
    from scipy.ndimage import label

    parts, n = label(p <= LEVEL)
    for number in range(1, n + 1):
        rows, columns = np.nonzero(parts == number)
        best = int(mean[rows, columns].argmax())
        fitted = {"fitted_start": times[rows.min()], "fitted_end": times[rows.max()]} if len(mean) > 1 else {}
        yield {
            "start": times[columns.min()],
            "end": times[columns.max()],
            **fitted,
            "peak_time": times[columns[best]],
            "peak": float(mean[rows[best], columns[best]]),
            "p": float(p[rows, columns].min()),
            "n_points": len(rows),
        }
