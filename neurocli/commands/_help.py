"""How `--help` looks: commands in the order of a study, an example each, and words instead of Python types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

HELP = ("-h", "--help")
PANELS = {
    "Run a pipeline": ("run", "preprocess", "featurize", "train", "evaluate", "export", "predict", "app"),
    "Before a run": (
        "demo", "init", "steps", "features", "validate", "schema", "plan", "make-deps", "bidsify", "doctor"
    ),
    "After a run": ("status", "report", "compare", "why", "logs", "retry", "attach", "explain"),
    "Besides": ("cache", "score-events"),
}  # fmt: skip
EXAMPLES = {
    "run": "neurocli run eegmat --bids-dir DATASET -o OUT --n-cpus 4",
    "preprocess": "neurocli preprocess eeg-clean --bids-dir DATASET -o OUT --participant-label 01 02",
    "featurize": "neurocli featurize eegmat --bids-dir DATASET -o OUT",
    "train": "neurocli train eegmat --bids-dir DATASET -o OUT --set train.model.logistic_regression.C=0.1",
    "evaluate": "neurocli evaluate eegmat --bids-dir DATASET -o OUT",
    "export": "neurocli export eegmat --bids-dir DATASET -o OUT",
    "predict": "neurocli predict OUT/models/eegmat --bids-dir NEW -o PREDICTED",
    "app": "neurocli app DATASET OUT participant --pipeline eegmat",
    "demo": "neurocli demo -o demo",
    "steps": "neurocli steps models",
    "validate": "neurocli validate pipelines.yaml",
    "schema": "neurocli schema > neurocli.schema.json",
    "plan": "neurocli plan eegmat --bids-dir DATASET -o OUT --set preprocess.filter.l_freq='2 Hz'",
    "make-deps": "neurocli make-deps eegmat --bids-dir DATASET -o OUT > deps.mk",
    "bidsify": "neurocli bidsify mapping.tsv -o DATASET",
    "status": "neurocli status -o OUT --failed",
    "report": "neurocli report -o OUT",
    "compare": "neurocli compare OUT-1 OUT-2",
    "why": "neurocli why eegmat featurize/sub-01_task-rest --bids-dir DATASET -o OUT",
    "logs": "neurocli logs featurize/sub-01_task-rest -o OUT",
    "retry": "neurocli retry -o OUT --mem-gb 16",
    "attach": "neurocli attach -o OUT",
    "explain": "neurocli explain E-CONFIG-UNIT",
    "cache": "neurocli cache gc -o OUT --dry-run",
    "score-events": "neurocli score-events TRUTH DETECTED",
}
WORDS = {
    "path": "PATH", "str": "TEXT", "text": "TEXT", "int": "N", "integer": "N", "int range": "N", "integer range": "N",
    "float": "NUMBER", "float range": "NUMBER",
}  # fmt: skip


def arrange(app: typer.Typer) -> None:
    """Put every command into its panel, in the order of the panels, with its example."""
    place = {name: (panel, i) for i, (panel, name) in enumerate(_placed())}
    infos: list[Any] = [*app.registered_commands, *app.registered_groups]
    for info in infos:
        name = name_of(info)
        info.rich_help_panel = place.get(name, ("Besides", 0))[0]
        info.epilog = f"Example: {EXAMPLES[name]}" if name in EXAMPLES else None
    app.registered_commands.sort(key=lambda info: place.get(name_of(info), ("", len(place)))[1])


def name_of(info: Any) -> str:
    """Return the name of a command or a group as it is typed."""
    held = info.typer_instance.info.name if hasattr(info, "typer_instance") else info.callback.__name__
    return info.name if isinstance(info.name, str) else str(held)


def _placed() -> Iterator[tuple[str, str]]:
    yield from ((panel, name) for panel, names in PANELS.items() for name in names)


def plain(command: Any) -> Any:
    """Name what an option takes in a word, and nothing for a switch; returns the command."""
    context = typer.Context(command, help_option_names=list(HELP))  # the option is kept, with its names
    for parameter in (*command.params, command.get_help_option(context)):
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        elif parameter.param_type_name == "option" and parameter.metavar is None:
            parameter.metavar = WORDS.get(_kind(parameter))
    for below in getattr(command, "commands", {}).values():
        plain(below)
    return command


def _kind(parameter: Any) -> str:
    if hasattr(parameter, "type"):  # a Typer that stands on click's types
        return str(parameter.type.name)
    return str(parameter.display_type(None).strip("<>").removeprefix("list[").removesuffix("]").lower())
