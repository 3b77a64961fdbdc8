"""How far a run is: bars that come and go, lines that are few."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from neurocli.commands import _progress, build
from neurocli.store.ledger import Ledger

PHASE = {"event": "phase", "tasks": 1, "units": ["preprocess/sub-01", "featurize/sub-01"]}
DONE = {"event": "done", "how": "executed", "unit": "preprocess/sub-01"}


def part(done: int, of: int = 5) -> dict[str, object]:
    return {"event": "progress", "unit": "featurize/sub-01", "done": done, "of": of, "resumed": 0}


class Bars:
    """A progress that keeps what is shown."""

    def __init__(self):
        self.shown = {}

    def add_task(self, name, total):
        self.shown[name] = [0, total]
        return name

    def update(self, name, completed):
        self.shown[name][0] = completed

    def remove_task(self, name):
        del self.shown[name]


def test_a_unit_has_a_bar_while_it_tells_of_parts():
    bars = Bars()
    parts = _progress.Parts(bars)
    for event in (PHASE, DONE, part(2), part(3)):
        parts(event)
    assert bars.shown == {"featurize/sub-01": [3, 5]}
    parts({"event": "done", "unit": "featurize/sub-01"})
    assert bars.shown == {}


@pytest.mark.parametrize("style", ["rich", "plain", "none"])
def test_every_style_takes_every_event(style):
    with _progress.reporter(style, verbose=True) as report:
        for event in (PHASE, DONE, part(0), part(5), {**DONE, "unit": "featurize/sub-01"}):
            report(event)


@pytest.mark.parametrize("style", ["rich", "plain"])
@pytest.mark.parametrize(
    ("running", "said"), [(1, "the task that runs has ended"), (3, "the 3 tasks that run have ended")]
)
def test_the_first_ctrl_c_says_what_is_waited_for(capsys, style, running, said):
    with _progress.reporter(style) as report:
        report(PHASE)
        report({"event": "stopping", "running": running})
    assert f"stopping once {said}; Ctrl-C again stops at once" in " ".join(capsys.readouterr().err.split())


def test_lines_are_few_and_say_the_part(capsys, monkeypatch):
    clock = iter(range(0, 1000, 4))  # s
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    with _progress.reporter("plain") as report:
        report(PHASE)
        for done in range(1, 11):
            report(part(done, 10))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "preprocess, featurize: 0 of 2 units (featurize/sub-01: part 3 of 10)"
    assert len(lines) < 4


def test_status_says_how_far_a_running_unit_is(tmp_path):
    ledger = Ledger(tmp_path / ".neurocli" / "ledger")
    for event in ({"event": "started", "unit": "featurize/sub-01"}, part(3)):
        ledger.append(event)
    shown = CliRunner().invoke(build(), ["status", "-o", str(tmp_path)])
    assert shown.output.splitlines() == ["1 running", "  running  featurize/sub-01  part 3 of 5"]
    document = json.loads(CliRunner().invoke(build(), ["status", "-o", str(tmp_path), "--json"]).output)
    assert (document["units"]["featurize/sub-01"]["done"], document["states"]) == (3, {"running": 1})
    ledger.append({"event": "done", "how": "executed", "unit": "featurize/sub-01"})
    assert CliRunner().invoke(build(), ["status", "-o", str(tmp_path)]).output.splitlines() == ["1 done"]
