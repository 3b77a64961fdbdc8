"""`neurocli schema`: the JSON Schema of `pipelines.yaml`, for editors."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schema)


def schema() -> None:
    """Print the JSON Schema of pipelines.yaml, for completion and checks in an editor.

    `neurocli schema > neurocli.schema.json` beside a file whose first line is
    `# yaml-language-server: $schema=neurocli.schema.json`.
    """
    import json

    from ..pipelines.schema import schema as made

    print(json.dumps(made(), indent=1, ensure_ascii=False))
