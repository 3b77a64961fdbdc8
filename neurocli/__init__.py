"""neurocli: from a BIDS dataset and a pipeline named in YAML to an honestly evaluated, exported brain decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .runners.api import run as run

__version__ = "0.1.0"
__all__ = ["__version__", "run"]


def __getattr__(name: str) -> Any:
    if name == "run":  # imported late, so that `import neurocli` loads nothing
        from .runners.api import run

        return run
    raise AttributeError(f"module 'neurocli' has no attribute {name!r}")
