"""What a run and a plan print for a person."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from neurocli.commands import _show, plan
from neurocli.pipelines.preview import CACHED, TO_RUN, Line, Preview

SCORE = {
    "metric": "balanced_accuracy", "mean": 0.7, "ci": [0.6, 0.8], "chance": 0.5, "p_null": 0.02, "n_subjects": 8,
    "n_samples": 192, "rivals": {"majority": 0.5, "linear": 0.7},
}  # fmt: skip


def document(*outputs: str, scores: list[Any] = []) -> dict[str, Any]:  # noqa: B006 - read only
    units = {"executed": 1, "cached": 0, "failed": 0, "blocked": 0}
    return {"pipeline": "tiny", "status": "ok", "units": units, "wall_s": 1.0, "scores": scores,
            "outputs": list(outputs), "out": "/out", "failures": [], "warnings": []}  # fmt: skip


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (("/out/a.tsv", "/out/report.html"), ["report: /out/report.html"]),
        (("/out/q/sub-01.html", "/out/q/index.html", "/out/q/sub-02.html"), ["report: /out/q/index.html"]),
        (("/out/a.tsv",), ["file: /out/a.tsv"]),
        (tuple(f"/out/{i}.fif" for i in range(48)), ["48 files in /out"]),
        ((), []),
    ],
)
def test_a_run_says_where_to_look(capsys, outputs, said):
    _show.answer(document(*outputs), _show.Show())
    assert [line.strip() for line in capsys.readouterr().out.splitlines()[1:]] == said


@pytest.mark.parametrize("width", [40, 80, 100])
def test_a_score_is_broken_between_words_on_a_terminal_and_nowhere_else(capsys, monkeypatch, width):
    _show.answer(document(scores=[SCORE]), _show.Show())
    whole = capsys.readouterr().out.splitlines()[1]
    monkeypatch.setattr(_show.sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    _show.answer(document(scores=[SCORE]), _show.Show())
    lines = capsys.readouterr().out.splitlines()[1:]
    assert all(len(line) <= width for line in lines)
    assert all(line.startswith("    ") for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == " ".join(whole.split())


def line(stage: str, state: str, wall_s: float | None, role: str = "model") -> Line:
    unit = SimpleNamespace(id=f"{stage}/x", stage=stage, recipe={"role": role}, key="0")
    return Line(unit, state, wall_s, None if wall_s is None else 2e9)  # type: ignore[arg-type]


def test_a_plan_without_experience_says_so_once():
    said = plan.text(Preview("tiny", (line("train", TO_RUN, None), line("train", TO_RUN, None)), 2), units=False)
    assert said.splitlines() == [
        "tiny: something to do",
        "  train      2 to run",
        "  time and memory are not known until something like it has run; 2 processes at a time",
    ]


def test_a_plan_prices_what_is_left_and_nothing_else():
    lines = (line("preprocess", CACHED, 9.0), line("train", TO_RUN, 30.0), line("train", TO_RUN, 600.0, "null"))
    core = "of one core"
    assert plan.text(Preview("tiny", lines, 1), units=False).splitlines() == [
        "tiny: something to do",
        "  preprocess 1 cached",
        "  train      2 to run; 10 min of one core",
        f"  the answer takes 30.0 s {core}, its controls 10 min {core}; 1 process at a time, 2.0 GB each at most",
    ]
