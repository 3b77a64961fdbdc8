"""`status`, `logs`, `retry`, `doctor`: what a person asks after a run, from files alone."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from neurocli.commands import _show, build
from neurocli.commands import status as command
from neurocli.errors import NeurocliError
from neurocli.pipelines.config import SHIPPED, default_file
from neurocli.pipelines.request import Request
from neurocli.runners import checkup, provenance
from neurocli.store.ledger import Ledger, writer

FAULT = {
    "code": "E-INPUT-SHORT",
    "message": "It is too short.",
    "remedy": "Take a longer one.",
    "traceback": "Traceback",
}


def neurocli(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(build(), list(map(str, arguments)))
    if isinstance(result.exception, NeurocliError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def tell(out: Path, event: str, unit: str, **more: object) -> None:
    ledger = Ledger(out / ".neurocli" / "ledger")
    ledger.append({"event": event, "unit": unit, **more})
    ledger.close()


@pytest.fixture
def out(tmp_path) -> Path:
    """Return an output folder in which one recording was done and one failed."""
    folder = tmp_path / "out"
    tell(folder, "done", "preprocess/sub-01", how="executed", peak_rss_bytes=1)
    tell(folder, "failed", "preprocess/sub-02", error=FAULT)
    (folder / ".neurocli" / "logs").mkdir()
    (folder / ".neurocli" / "logs" / "sub-02.log").write_text("reading sub-02\n")
    return folder


def test_status_names_what_failed_and_exits_5(out):
    said = neurocli("status", "-o", out, code=5)
    assert said.splitlines()[0] == "1 done, 1 failed"
    assert "preprocess/sub-02 E-INPUT-SHORT It is too short." in said
    units = json.loads(neurocli("status", "-o", out, "--failed", "--json", code=5))["units"]
    assert list(units) == ["preprocess/sub-02"]


def test_status_watches_until_nothing_runs_and_tells_each_change(tmp_path, monkeypatch):
    tell(tmp_path, "started", "preprocess/sub-01", **writer())
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            tell(tmp_path, "done", "preprocess/sub-01", how="executed")

    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=pause))
    said = neurocli("status", "-o", tmp_path, "--watch", "--json").splitlines()
    assert [json.loads(line)["states"] for line in said] == [{"running": 1}, {"done": 1}]
    assert pauses == [command.LOOK_S] * 2


def test_logs_say_when_there_are_none(out):
    tell(out, "done", "preprocess/sub-09", how="executed", peak_rss_bytes=1)
    done = CliRunner().invoke(build(), ["logs", "preprocess/sub-09", "-o", str(out)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "preprocess/sub-09 said nothing: it is done, without a word in its log\n"


def test_logs_print_what_a_unit_said_and_where_it_failed(out):
    assert neurocli("logs", "preprocess/sub-02", "-o", out) == "reading sub-02\nTraceback\n"
    with pytest.raises(NeurocliError, match="Did you mean 'preprocess/sub-0"):
        neurocli("logs", "preprocess/sub-03", "-o", out)


def test_retry_asks_again_for_what_the_last_run_asked_with_other_resources(tmp_path, monkeypatch):
    request = Request("tiny", tmp_path / "bids", tmp_path, sets=("train.null=0",), store_from=(tmp_path / "shared",))
    provenance.write(tmp_path / ".neurocli" / "runs" / "1", {"name": "tiny"}, request)
    asked = []
    monkeypatch.setattr(_show, "carry_out", lambda request, show: asked.append((request, show.json)) or 0)
    neurocli("retry", "-o", tmp_path, "--mem-gb", "3", "--json")
    [(again, as_json)] = asked
    assert again == Request(**{**request.__dict__, "mem_gb": 3.0, "file": default_file().absolute()})
    assert as_json


def test_without_a_run_there_is_nothing_to_retry(tmp_path):
    with pytest.raises(NeurocliError, match="No run has written here"):
        neurocli("retry", "-o", tmp_path)


def test_a_run_of_the_shipped_file_is_repeated_with_it_beside_a_file_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    provenance.write(tmp_path / ".neurocli" / "runs" / "1", {}, Request("demo", tmp_path, tmp_path))
    (tmp_path / "pipelines.yaml").write_text("version: 1\npipelines: {}\n")
    assert provenance.last_request(tmp_path).file == SHIPPED


def test_a_run_can_be_repeated_from_what_it_left(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/neurocli", "run", "tiny"])
    provenance.write(tmp_path, {"name": "tiny", "seed": 7}, Request("tiny", tmp_path, tmp_path))
    lock = json.loads((tmp_path / "lock.json").read_text())
    assert lock["distributions"]["numpy"] == metadata.version("numpy")
    assert (tmp_path / "config.yaml").read_text() == "name: tiny\nseed: 7\n"
    assert (tmp_path / "command.txt").read_text() == "neurocli run tiny\n"
    provenance.write(tmp_path, {"name": "other"}, Request("other", tmp_path, tmp_path))
    assert "tiny" in (tmp_path / "config.yaml").read_text(), "what a run asked for never changes"


def test_the_doctor_says_what_the_file_system_can_do(tmp_path):
    found = json.loads(neurocli("doctor", "-o", tmp_path / "new", "--json"))
    disk = found["disk"]
    assert [disk[name] for name in ("flock", "hard links", "rename over", "sync of folders")] == [True] * 4
    assert not list((tmp_path / "new").iterdir())
    assert found["libraries"]["numpy"] == metadata.version("numpy")
    assert {"sbatch", "squeue"} <= found["tools"].keys()
    assert "flock                  yes" in neurocli("doctor", "-o", tmp_path)


def test_the_doctor_says_where_locks_do_not_work(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(checkup.fcntl, "flock", refuse)
    assert checkup.checkup(tmp_path)["disk"]["flock"] is False


def test_the_doctor_survives_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").write_text("")
    disk = checkup.checkup(tmp_path / "file" / "below")["disk"]
    assert disk["writable"] is False
