"""`neurocli validate`: is a pipelines file right, and if not, in which lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..errors import ConfigError
    from ..pipelines.config import Config


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    path: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="By default as with -f.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("-f", "--file", help="By default ./pipelines.yaml, else the shipped one."),
    ] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="stage.step.setting=value; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check a pipelines file: print the names of its pipelines, or everything that is wrong with it."""
    from ..errors import ConfigError
    from ..pipelines.config import load

    try:
        config = load(path or file, sets or ())
        problems = config.problems()
    except ConfigError as error:  # so wrong that nothing can be said of its pipelines
        config, problems = None, [error]
    if as_json:
        _print_json(config, problems)
    elif problems:
        _print_problems(problems)
    elif config:
        _print_names(config)
    raise typer.Exit(max((int(problem.exit_status) for problem in problems), default=0))


def _print_names(config: Config) -> None:
    print(f"ok {config.path}")
    for name, pipeline in config.pipelines.items():
        print(f"  {name}  {pipeline.title}" if pipeline.title != name else f"  {name}")


def _print_problems(problems: list[ConfigError]) -> None:
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    for code in dict.fromkeys(problem.code for problem in problems):
        print(f"  neurocli explain {code}", file=sys.stderr)


def _print_json(config: Config | None, problems: list[ConfigError]) -> None:
    import json

    document = {
        "schema_version": 1,
        "status": "failed" if problems else "ok",
        "file": str(config.path) if config else None,
        "pipelines": list(config.pipelines) if config and not problems else [],
        "errors": [problem.to_dict() for problem in problems],
    }
    print(json.dumps(document, ensure_ascii=False))
