"""Write the reference pages from the code: `python -m docs.build`. A test keeps them equal to it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from neurocli import registry
from neurocli.commands import build
from neurocli.errors import Exit
from neurocli.evaluation.metrics import INDEX
from neurocli.step import Settings

HERE = Path(__file__).parent / "reference"
PAGES = Path(__file__).parents[1] / "neurocli" / "explanations"
TITLES = {
    "steps": "Preprocessing steps",
    "features": "Features",
    "models": "Members of `train.model`",
    "exporters": "Exporters",
}
NOTE = "Written from the code by `make docs`.\n"


def main() -> None:
    """Write every page."""
    HERE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Return each page by its file name."""
    kinds = {f"{kind}.md": "\n".join(_kind(kind)) for kind in TITLES}
    return {"commands.md": "\n".join(_commands()), "metrics.md": _metrics(), "errors.md": _errors(), **kinds}


def _commands() -> Iterator[str]:
    yield f"# Commands\n\n{NOTE}"
    group: Any = typer.main.get_command(build())
    for path, command in _walk("neurocli", group):
        yield f"## {path}\n\n{inspect.cleandoc(command.help or '')}\n"
        rows = [_parameter(p) for p in command.params if p.name != "help"]
        if rows:
            yield "| parameter | meaning | default |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _walk(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        yield f"{path} {name}", command
        if hasattr(command, "commands"):
            yield from _walk(f"{path} {name}", command)


def _parameter(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    empty = parameter.default in (None, [], ()) or callable(parameter.default)
    default = "" if empty or parameter.required else f"`{parameter.default}`"
    if isinstance(told := getattr(parameter, "show_default", None), str):
        default = told
    return f"| {names} | {(getattr(parameter, 'help', None) or '').replace('|', '/')} | {default} |"


def _kind(kind: str) -> Iterator[str]:
    yield f"# {TITLES[kind]}\n\n{NOTE}"
    for name, definition in registry.definitions(kind).items():
        yield f"## {name}\n\n{inspect.cleandoc(definition.__doc__ or '')}\n"
        rows = list(_settings(definition, definition.model_json_schema()))
        if rows:
            yield "| setting | meaning | default |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _settings(definition: type[Settings], schema: dict[str, Any]) -> Iterator[str]:
    for name, field in definition.model_fields.items():
        shown = field.alias or name
        said = schema.get("properties", {}).get(shown, {})
        meaning = (field.description or said.get("description") or "").replace("|", "/").replace("\n", " ")
        default = "required" if field.is_required() else f"`{said.get('default', field.get_default())}`"
        yield f"| `{shown}` | {meaning} | {default} |"


def _metrics() -> str:
    rows = [f"| `{name}` | {entry.task} | {entry.best} | {entry.needs} |" for name, entry in INDEX.items()]
    head = f"# Metrics\n\n{NOTE}\n| metric | target | best | computed from |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _errors() -> str:
    statuses = "\n".join(f"| {int(status)} | {status.name.lower()} |" for status in Exit)
    body = "\n".join(_error(path) for path in sorted(PAGES.glob("*.md")))
    return f"# Exit statuses and errors\n\n{NOTE}\n| status | name |\n|---|---|\n{statuses}\n\n{body}"


def _error(path: Path) -> str:
    title, _, rest = path.read_text(encoding="utf-8").partition("\n")
    return f"## {path.stem}\n\n{title.lstrip('# ')}. {rest.strip()}\n"


if __name__ == "__main__":
    main()
