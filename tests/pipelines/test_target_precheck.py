"""Before anything runs: targets, folds and centring are settled from names alone, at the line that asked for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from neurocli.errors import ConfigError, InputError
from neurocli.pipelines.config import load
from neurocli.pipelines.precheck import precheck

TEXT = """\
version: 1
pipelines:
  tasks:
    input: {datatype: eeg}
    target: {entity: task, positive: arithmetic}
    preprocess: [{epoch: {duration: 4 s}}]
    featurize: [variance]
    train:
      split: {leave_out: subject}
      model: [{center: {by: subject}}, lda]
    evaluate: {metrics: [accuracy]}
"""
RECORDINGS = [{"subject": s, "task": t} for s in ("01", "02") for t in ("rest", "arithmetic")]


def pipeline(tmp_path, *changes):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "pipelines.yaml"
    path.write_text(text)
    return load(path).pipelines["tasks"]


def test_what_a_plan_may_print(tmp_path):
    assert precheck(pipeline(tmp_path), RECORDINGS) == {
        "classes": ("rest", "arithmetic"),
        "n_folds": 2,
        "generalises_to": "new subjects",
        "transductive": ["center by subject"],
    }


@pytest.mark.parametrize(
    ("change", "kind", "code", "line"),
    [
        (("positive: arithmetic", "positive: aritmetic"), InputError, "E-INPUT-CLASSES", 5),
        (("entity: task, positive: arithmetic", "participants: age, as: number"), InputError, "E-INPUT-TARGET", 5),
        (("leave_out: subject", "leave_out: run"), ConfigError, "E-CONFIG-SPLIT", 9),
        (("leave_out: subject", "k_fold: 3, by: subject"), InputError, "E-INPUT-FOLDS", 9),
        (("by: subject}}, lda", "by: recording}}, lda"), ConfigError, "E-LEAK-CENTER", 10),
    ],
)
def test_what_cannot_be_is_refused_at_its_line(tmp_path, change, kind, code, line):
    if change[1].endswith("number"):
        changes = (change, ("[{center: {by: subject}}, lda]", "[ridge]"), ("metrics: [accuracy]", "metrics: [mae]"))
    else:
        changes = (change,)
    with pytest.raises(kind) as error:
        precheck(pipeline(tmp_path, *changes), RECORDINGS)
    assert error.value.code == code
    assert f"pipelines.yaml:{line}:" in str(error.value.where)


def test_it_imports_no_numpy():
    code = "import sys; import neurocli.pipelines.precheck; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
