"""Small cohorts for tests: sample tables with an onset, a duration and a hash of each signal."""

from __future__ import annotations

from neurocli.data.samples import constant, joined


def recordings(n_subjects=4, tasks=("arithmetic", "rest"), runs=(None,)):
    return [
        {"subject": f"{i + 1:02}", "task": task} | ({"run": run} if run else {})
        for i in range(n_subjects)
        for task in tasks
        for run in runs
    ]


def table(entities, n=6, duration=4.0, step=4.0):
    """Return the samples of recordings, `n` of them each, or as many as `n` says of a task."""
    counts = [n[e["task"]] if isinstance(n, dict) else n for e in entities]
    return joined([_one(i, e, m, duration, step) for i, (e, m) in enumerate(zip(entities, counts, strict=True))])


def _one(i, entities, n, duration, step):
    signal = [f"{i}/{j}" for j in range(n)]
    return constant(entities, n) | {"onset": [step * j for j in range(n)], "duration": [duration] * n, "signal": signal}
