"""`neurocli steps`: what can be written in a pipeline."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(steps)


def steps(
    kind: Annotated[
        str | None, typer.Argument(help="steps, features, models, metrics or exporters (or the stage that uses them).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List what can be used in a pipeline: names, settings, units and defaults."""
    from ..pipelines.catalogue import STAGE, describe, kind_of

    kinds = [kind_of(kind)] if kind else list(STAGE)
    found = {one: describe(one) for one in kinds}
    if as_json:
        import json

        print(json.dumps({"schema_version": 1, **found}, ensure_ascii=False))
        return
    for one, definitions in found.items():
        _print_table(f"{one} (in {STAGE[one]})", definitions)


def _print_table(title: str, definitions: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("name", no_wrap=True)
    table.add_column("what it does", ratio=2)
    table.add_column("settings: type = default", ratio=3)
    for about in definitions:
        settings = "\n".join(escape(_setting(setting)) for setting in about["settings"])
        table.add_row(about["name"], escape(about["summary"]), settings)
    Console(soft_wrap=False).print(table)


def _setting(setting: dict[str, Any]) -> str:
    if setting["required"]:
        return f"{setting['name']}: {setting['type']} (required)"
    return f"{setting['name']}: {setting['type']} = {_default(setting['default'])}"


def _default(value: Any) -> str:
    """Return a default as YAML would have it."""
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_default(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_default, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)
