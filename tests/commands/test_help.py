"""`--help`, `--version` and what the command line takes before any command sees it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from neurocli import __version__
from neurocli.commands import _help, build
from neurocli.commands._options import request, spread

APP: Any = _help.plain(typer.main.get_command(build()))


def below(path: tuple[str, ...], command: Any) -> Iterator[tuple[str, ...]]:
    yield path
    for name, one in getattr(command, "commands", {}).items():
        yield from below((*path, name), one)


def test_the_version_is_printed_without_a_command():
    done = subprocess.run([sys.executable, "-m", "neurocli", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("flag", _help.HELP)
@pytest.mark.parametrize("path", list(below((), APP)), ids=" ".join)
def test_every_command_helps_in_words(path, flag, capsys):
    with pytest.raises(SystemExit) as left:
        APP([*path, flag], prog_name="neurocli")
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert "Usage: neurocli" in said
    assert "<bool>" not in said
    assert "list[" not in said.replace("<list[", "")  # Typer names the type of an argument, and gives no other way
    assert not re.search(r"\w \.(\s|$)", said), "what stands in brackets is markup, and is lost"


def test_every_command_has_a_panel_and_an_example_that_calls_it():
    names = {name for name, command in APP.commands.items() if not command.hidden}
    placed = [name for names_ in _help.PANELS.values() for name in names_]
    assert sorted(placed) == sorted(names)
    assert set(_help.EXAMPLES) >= names - {"init", "doctor", "features"}  # which take nothing
    assert all(example.split()[:2] == ["neurocli", name] for name, example in _help.EXAMPLES.items())


@pytest.mark.parametrize("name", sorted(_help.EXAMPLES))
def test_an_example_has_only_options_that_exist(name):
    command = APP.commands[name]
    known = {
        option for one in [command, *getattr(command, "commands", {}).values()] for p in one.params for option in p.opts
    }
    assert {word for word in _help.EXAMPLES[name].split() if word.startswith("-")} <= known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("run p --participant-label 01 02 -o x", "run p --participant-label 01 --participant-label 02 -o x"),
        ("run p --task-id a b", "run p --task-id a --task-id b"),
        ("app in out participant --session-label 1 2", "app in out participant --session-label 1 --session-label 2"),
        ("run --participant-label 01 p", "run --participant-label 01 p"),
        ("app in --participant-label 01 out group", "app in --participant-label 01 out group"),
        ("run p --participant-label=01 -o x", "run p --participant-label=01 -o x"),
        ("--version", "--version"),
        ("", ""),
    ],
)
def test_labels_may_follow_one_flag(typed, meant):
    assert spread(typed.split()) == meant.split()


def test_a_dataset_has_one_name_from_wherever_it_is_called(tmp_path, monkeypatch):
    (tmp_path / "bids").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    from_above = request(pipeline="p", bids_dir=Path("bids"), out=Path("out"))
    monkeypatch.chdir(tmp_path / "work")
    assert request(pipeline="p", bids_dir=Path("../bids"), out=Path("../out")) == from_above


def test_a_linked_dataset_keeps_the_name_it_is_called_by(tmp_path):
    (tmp_path / "bids").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "bids")
    assert request(pipeline="p", bids_dir=tmp_path / "link", out=tmp_path).bids_dir == tmp_path / "link"


def test_a_shell_completes_the_names_of_pipelines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = {"_NEUROCLI_COMPLETE": "complete_bash", "COMP_WORDS": "neurocli run eegmat-f", "COMP_CWORD": "2"}
    done = CliRunner().invoke(build(), [], env=env, prog_name="neurocli")
    assert done.output.split() == ["eegmat-forest"]
