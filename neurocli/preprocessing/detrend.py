"""Slow drifts as polynomials."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("detrend")
class Detrend(Step):
    """Subtract the polynomial that fits each channel (or voxel) best over time; its mean goes too.

    Parameters
    ----------
    order : int
        Degree of the polynomial; 0 subtracts the mean, 1 a straight line (as `scipy.signal.detrend`).

    Raises
    ------
    InputError
        ``E-INPUT-SHORT``: fewer samples than coefficients; ``E-INPUT-NAN``: a channel holds NaN.
    """

    order: int = Field(default=1, ge=0, le=10)
    positional = "order"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the data without the trend."""
        from ._drift import detrended

        return detrended(data, self.order, self.name)
