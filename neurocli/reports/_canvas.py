"""A canvas for figures, each a PNG whose bytes depend on the data alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

INK, ACCENT, SOFT, WARN = "#1c2733", "#1f6f8b", "#9fb3c2", "#b3261e"


@dataclass(frozen=True)
class Figure:
    """A picture, its title and what it shows."""

    title: str
    caption: str
    png: bytes


@contextmanager
def axes_of(width: float = 6.0, height: float = 3.8, **grid: Any) -> Iterator[tuple[Any, Any, Callable[[], bytes]]]:
    """Give a canvas, its axes, and a function that returns the picture; sizes in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(canvas)
    axes = canvas.subplots(**grid)

    def png() -> bytes:
        buffer = io.BytesIO()
        canvas.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
        return buffer.getvalue()

    for axis in np.atleast_1d(axes).flat:
        axis.spines[["top", "right"]].set_visible(False)
    yield canvas, axes, png
