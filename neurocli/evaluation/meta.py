"""Two pipelines on several datasets: a test on each, and the tests together, as MOABB does it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import InputError
from .compare import Scores, by_subject, entry, holm
from .judge import plain
from .statistics.paired import Test, over_datasets, sign_flip


def over_runs(runs: Mapping[str, Mapping[str, Scores]], metric: str, *, seed: int = 0) -> dict[str, Any]:
    """Return the comparison of each pair of pipelines that were scored on every dataset.

    Parameters
    ----------
    runs : dict of dict of dict
        Dataset -> pipeline -> scores, as `judge` gives them.
    metric : str
        What is compared.
    seed : int
        Of the sign flips.

    Returns
    -------
    document : dict
        ``rows`` (pipeline, ``mean`` over datasets, ``per_dataset``) and ``pairs`` (better, worse, ``effect``, the
        standardised difference, ``p`` by Stouffer's method with weights of the square root of n, two-sided and
        Holm-corrected, and ``per_dataset``: n_subjects, difference, effect, p of each).

    Raises
    ------
    InputError
        ``E-INPUT-OUT`` where fewer than two folders share two pipelines.
    """
    names = sorted(set.intersection(*(set(found) for found in runs.values())))
    if len(runs) < 2 or len(names) < 2:
        raise InputError(
            f"{len(runs)} folders share {len(names)} pipelines: {', '.join(names) or 'none'}.", code="E-INPUT-OUT",
            remedy="Give the folders of two datasets at least, on which the same two pipelines at least were scored.",
        )  # fmt: skip
    entries = {run: {name: entry(name, found[name], metric) for name in names} for run, found in runs.items()}
    sign = 1 if next(iter(entries.values()))[names[0]]["best"] == "max" else -1
    means = {name: float(np.mean([found[name]["mean"] for found in entries.values()])) for name in names}
    order = sorted(names, key=lambda name: (-sign * means[name], name))
    pairs = [_pair(a, b, entries, sign, seed) for a, b in combinations(order, 2)]
    for pair, p in zip(pairs, holm([pair["p"] for pair in pairs]), strict=True):
        pair["p"] = p
    rows = [{"pipeline": n, "mean": means[n], "per_dataset": {r: f[n]["mean"] for r, f in entries.items()}}
            for n in order]  # fmt: skip
    return dict(plain({"metric": metric, "datasets": list(runs), "rows": rows, "pairs": pairs}))


def _pair(a: str, b: str, entries: Mapping[str, Mapping[str, Any]], sign: int, seed: int) -> dict[str, Any]:
    differences = {run: sign * by_subject(found[a], found[b]) for run, found in entries.items()}
    tested = {run: d for run, d in differences.items() if len(d) > 1 and np.std(d) > 0}
    above = {run: sign_flip(d, np.random.default_rng(seed)) for run, d in tested.items()}
    below = {run: sign_flip(-d, np.random.default_rng(seed)) for run, d in tested.items()}
    sizes = [len(d) for d in tested.values()]
    found = _together(above, sizes), _together(below, sizes)
    rows = [
        {"dataset": run, "n_subjects": len(d), "difference": float(d.mean()) if len(d) else None,
         "effect": above[run].effect if run in above else None, "p": above[run].p if run in above else None}
        for run, d in differences.items()
    ]  # fmt: skip
    p = min(1.0, 2 * min(found[0].p, found[1].p)) if sizes else None
    effect = found[0].effect if sizes else None
    return {"better": a, "worse": b, "effect": effect, "p": p, "per_dataset": rows}


def _together(tests: Mapping[str, Test], sizes: list[int]) -> Test:
    return over_datasets(list(tests.values()), sizes) if sizes else Test(np.nan, np.nan, np.nan)
