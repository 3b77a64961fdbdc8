"""The same flags everywhere: their types, and how they become a request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..pipelines.request import Request


def _option(*names: str, help: str, panel: str | None = None, **more: Any) -> Any:  # noqa: A002 - typer's word
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


SELECT, WHERE, HOW, SHOW = "Selection", "Files", "Execution", "Output"


def _names(incomplete: str) -> list[str]:
    """Return what the shell may complete a pipeline's name to: nothing where the file is wrong."""
    from ..errors import NeurocliError
    from ..pipelines.config import load

    try:
        return [name for name in load(None).families if name.startswith(incomplete)]
    except NeurocliError:
        return []


Pipeline = Annotated[str, typer.Argument(help="Name of a pipeline in pipelines.yaml.", autocompletion=_names)]
BidsDir = Annotated[Path, _option("--bids-dir", help="Root of the BIDS dataset.", panel=WHERE)]
Out = Annotated[Path, _option("-o", "--out", "--output-dir", help="Derivative dataset to write.", panel=WHERE)]
Done = Annotated[Path, _option("-o", "--out", "--output-dir", help="The output folder of a run.", panel=WHERE)]
File = Annotated[
    Path | None,
    _option("-f", "--file", help="Pipelines file.", panel=WHERE, show_default="./pipelines.yaml, else the shipped one"),
]
Store = Annotated[
    Path | None,
    _option(
        "--store", help="Where payloads are kept.", panel=WHERE, show_default="NEUROCLI_STORE, else OUT/.neurocli/store"
    ),
]
StoreFrom = Annotated[list[Path], _option("--store-from", help="A store to read from, never written.", panel=WHERE)]
Participants = Annotated[
    list[str], _option("--participant-label", help="Subjects, with or without 'sub-': 01 02.", panel=SELECT)
]
Sessions = Annotated[list[str], _option("--session-label", help="Sessions, as many as you like.", panel=SELECT)]
Tasks = Annotated[list[str], _option("--task-id", help="Tasks, as many as you like.", panel=SELECT)]
Exclude = Annotated[Path | None, _option("--exclude", help="TSV of who is left out, and why.", panel=SELECT)]
FilterFile = Annotated[
    Path | None, _option("--bids-filter-file", help="JSON of entity filters a datatype.", panel=SELECT)
]
Sets = Annotated[list[str], _option("--set", help="stage.step.setting=value; may be repeated.", panel=SELECT)]
Seed = Annotated[int | None, _option("--seed", help="Overrides the pipeline's seed.", panel=SELECT)]
Cpus = Annotated[
    int | None, _option("--n-cpus", help="Processes at a time.", panel=HOW, min=1, show_default="all cores")
]
Memory = Annotated[
    float | None,
    _option("--mem-gb", help="Memory to stay within, in GB.", panel=HOW, min=0.1, show_default="what is free"),
]
Device = Annotated[
    str | None,
    _option("--device", help="auto, cpu, cuda or cuda:N.", panel=HOW, show_default="the pipeline's, else auto"),
]
Executor = Annotated[str, _option("--executor", help="local, slurm or nipype:PLUGIN.", panel=HOW)]
SlurmArgs = Annotated[list[str], _option("--slurm-args", help="Passed on to sbatch; may be repeated.", panel=HOW)]
Detach = Annotated[bool, _option("--detach", help="Submit and leave (SLURM).", panel=HOW)]
TimeLimit = Annotated[float | None, _option("--time-limit", help="Seconds that a task may take.", panel=HOW)]
Retries = Annotated[
    int | None, _option("--retries", help="Times to try again, with more memory, what ran out of it.", panel=HOW, min=0)
]
DryRun = Annotated[bool, _option("-n", "--dry-run", help="Print the plan and stop.", panel=HOW)]
Force = Annotated[list[str], _option("--force", help="Run this stage again, cached or not.", panel=HOW)]
Verify = Annotated[bool, _option("--verify", help="Read what is cached and compare its hashes.", panel=HOW)]
FailFast = Annotated[
    bool, typer.Option("--fail-fast/--keep-going", help="Stop before gathering when a recording fails.",
                       rich_help_panel=HOW)
]  # fmt: skip
AllowLeak = Annotated[str | None, _option("--allow-leak", help="Score a leaking split; the reason is stamped.")]
PrintOutputs = Annotated[bool, _option("--print-outputs", help="Print the files of the run, one a line.", panel=SHOW)]
Json = Annotated[bool, _option("--json", help="Print one JSON document.", panel=SHOW)]
Quiet = Annotated[bool, _option("-q", "--quiet", help="No progress, no table.", panel=SHOW)]
Verbose = Annotated[bool, _option("-v", "--verbose", help="Say which units run.", panel=SHOW)]
Progress = Annotated[str, _option("--progress", help="auto, rich, plain or none.", panel=SHOW)]


LABELS = ("--participant-label", "--session-label", "--task-id")
POSITIONALS = {"app": 3}  # of every other command that selects: one


def spread(arguments: Sequence[str]) -> list[str]:
    """Take `--participant-label 01 02` as BIDS Apps do, where what has no flag stands in front of the flags."""
    n_first = POSITIONALS.get(arguments[0], 1) if arguments else 0
    if any(argument.startswith("-") for argument in arguments[1 : 1 + n_first]):
        return list(arguments)
    told, flag = list[str](), ""
    for argument in arguments:
        if argument.startswith("-"):
            flag = argument if argument in LABELS else ""
        elif flag and told[-1] != flag:
            told.append(flag)
        told.append(argument)
    return told


def request(**given: Any) -> Request:
    """Return what was asked for, from the values of the flags."""
    from ..pipelines.request import Request

    sequences = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    paths = {name: whole(value) for name, value in given.items() if isinstance(value, Path)}
    return Request(**{**given, **sequences, **paths})


def whole(path: Path) -> Path:
    """Return a path from the root; `..` is followed, so that a dataset has one name from wherever it is called."""
    return path.resolve() if ".." in path.parts else path.absolute()
