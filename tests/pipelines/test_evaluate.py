"""From recordings to scores: every role of every fold through `fit_unit`, and the document that comes out."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from neurocli.data.features import Block, Features
from neurocli.data.payload import restore
from neurocli.evaluation.split import Split
from neurocli.pipelines.evaluate import judge_unit
from neurocli.pipelines.train import fit_unit

SPLIT = {"leave_out": "subject"}


def recording(subject, task, effect):
    rng = np.random.default_rng([int(subject), task == "rest"])
    n = 9 if task == "rest" else 6
    values = rng.normal(size=(n, 3)) + 0.8 * rng.normal(size=3)  # a state of its own in every recording
    values[:, 0] += effect * (task == "arithmetic")
    entities = {"subject": subject, "task": task}
    samples = {name: [value] * n for name, value in entities.items()}
    samples |= {"onset": [4.0 * i for i in range(n)], "duration": [4.0] * n, "signal": list(map(str, values))}
    return Features((Block("f", values, ("a", "b", "c"), "1"),), samples, entities)


class Shelf:
    def __init__(self):
        self.payloads, self.context = {}, SimpleNamespace(participants=())

    def put(self, payload):
        self.payloads[str(len(self.payloads))] = payload.to_payload()
        return str(len(self.payloads) - 1)

    def payload(self, key):
        return restore(*self.payloads[key])


def run(effect, n_subjects=7, n_permutations=20):
    """Return the scores of a cohort in which arithmetic differs by `effect`."""
    shelf = Shelf()
    entities = [{"subject": f"{i + 1:02}", "task": t} for i in range(n_subjects) for t in ("arithmetic", "rest")]
    members = [{"key": shelf.put(recording(effect=effect, **e))} for e in entities]
    base = {"target": {"entity": "task", "positive": "arithmetic"}, "balance": "weights", "seed": 42}
    base["model"] = [{"name": "standardize", "settings": {}}, {"name": "lda", "settings": {}}]
    base["balance"] = "none"
    fits = []
    for fold in Split(**SPLIT).folds(entities):
        for role in ("model", "majority", "linear", "drift", "null"):
            block = {"permutations": [0, n_permutations]}
            recipe = {**base, "role": role, "fold": json.loads(json.dumps(fold.to_dict())), **block}
            fits.append(shelf.put(fit_unit(recipe, members, shelf)))
    asked = [f"sub-{e['subject']}_task-{e['task']}_eeg" for e in entities] + ["sub-99_task-rest_eeg"]
    recipe = {"metrics": ["balanced_accuracy", "roc_auc"], "split": SPLIT, "asked": asked, "seed": 42}
    return judge_unit(recipe, fits, shelf)


def test_an_effect_is_found_and_everything_stands_beside_it():
    document = run(effect=6.0)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    for score in document["scores"]:
        assert score["mean"] > 0.9
        assert score["chance"] == 0.5
        assert score["p_null"] == pytest.approx(1 / 21)
        assert score["ci"][0] > 0.7
        assert score["rivals"]["majority"] == 0.5
        assert score["rivals"]["linear"] > 0.9
        assert score["drift"] is not None
        assert score["n_subjects"] == 7
        assert score["null_facts"]["n_possible"] == 2**7
        assert len(score["per_fold"]) == 7
    assert document["leaks"] == []
    assert document["certificate"]["clean"] is True
    assert document["certificate"]["generalises_to"] == "new subjects"
    assert document["cohort"]["sentence"] == "n = 7 of 8, missing: sub-99"
