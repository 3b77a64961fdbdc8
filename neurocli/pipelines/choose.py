"""From a request to the pipelines that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import config

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .request import Request


def chosen(request: Request) -> list[Pipeline]:
    """Return the pipelines of a name: one, or all of a matrix.

    Raises
    ------
    ConfigError
        If the file has no pipeline of that name (``E-CONFIG-PIPELINE``).
    """
    return list(config.load(request.file, overrides(request)).named(request.pipeline))


def overrides(request: Request) -> list[str]:
    """Return the settings given on the command line, the seed among them."""
    return [*request.sets, *([f"seed={request.seed}"] if request.seed is not None else [])]
