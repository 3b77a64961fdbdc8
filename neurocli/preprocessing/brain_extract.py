"""The brain without its skull."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("brain_extract")
class BrainExtract(Step):
    """Find the brain by a surface that grows from its centre (BET, package `brainextractor`); the rest becomes zero.

    Parameters
    ----------
    threshold : float
        Between 0 and 1; smaller gives a larger brain.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: one slice, or a series; ``E-INPUT-MASK``: no brain was found.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: brainextractor is not installed.

    References
    ----------
    Smith (2002) Hum. Brain Mapp. 17:143.
    """

    threshold: float = Field(default=0.5, gt=0, lt=1)
    libraries = ("brainextractor",)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the brain, with its mask."""
        from ._mri.t1 import brain_extracted

        return brain_extracted(data, self)
