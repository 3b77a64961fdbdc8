"""From a request to the pipelines that it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import config, device

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .request import Request


def chosen(request: Request) -> list[Pipeline]:
    """Return the pipelines of a name: one, or all of a matrix; their device is decided.

    Raises
    ------
    ConfigError
        If the file has no pipeline of that name (``E-CONFIG-PIPELINE``).
    UsageError
        If what was asked for is no device (``E-USAGE-DEVICE``).
    """
    named = config.load(request.file, overrides(request)).named(request.pipeline)
    return [replace(one, device=device.resolved(request.device or one.device, request.executor)) for one in named]


def overrides(request: Request) -> list[str]:
    """Return the settings given on the command line, the seed among them."""
    return [*request.sets, *([f"seed={request.seed}"] if request.seed is not None else [])]
