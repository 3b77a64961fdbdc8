"""Few-shot calibration: a person whose classes lie elsewhere is learned from their own samples."""

from __future__ import annotations

import numpy as np

from neurocli import registry
from neurocli.evaluation.split import Split
from neurocli.models._chain import build_chain
from neurocli.models._few_shot import calibration_curve


def test_the_curve_rises_with_shots_and_is_scored_on_the_same_samples():
    """The held-out person has the classes the other way round and louder, so without their samples all is wrong."""
    rng = np.random.default_rng(0)
    n, subjects = 40, ("01", "02", "03")
    y = np.tile([0, 1], n // 2 * 3)
    turn = np.repeat([3.0, -1.0, -1.0], n)  # the first is held out
    X = rng.normal(size=(len(y), 2)) * 0.5 + (turn * (2 * y - 1))[:, None]
    samples = {"subject": list(np.repeat(subjects, n)), "onset": [2.0 * i for i in range(n)] * 3}
    samples |= {"duration": [1.0] * len(y)}
    sides = []
    for shots in (0, 2, 15):
        fold = Split(leave_out="subject", few_shot=shots).folds([{"subject": s} for s in subjects])[0]
        sides.append(fold.masks(samples, y.tolist()))
    curve = calibration_curve(build_chain([registry.get("models", "knn")(n_neighbors=1)]), X, y, sides, samples)
    assert curve[0] < 0.2
    assert curve == sorted(curve)
    assert curve[-1] == 1.0
    seen = []
    again = calibration_curve(
        build_chain([registry.get("models", "knn")(n_neighbors=1)]), X, y, sides, samples,
        lambda truth, guess: seen.append(len(truth)) or float(np.mean(truth == guess)),
    )  # fmt: skip
    assert again == curve
    assert seen == [10, 10, 10]
