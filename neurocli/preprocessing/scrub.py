"""Volumes in which the head moved."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from ..si import Metres
from ..step import Step, named

LARGEST = 0.1  # m


@named("scrub")
class Scrub(Step):
    """Replace volumes with too much motion by a line between the nearest good ones, so that time stays even.

    Parameters
    ----------
    displacement : m
        Framewise displacement above which a volume is bad, such as ``0.5 mm``.
    before, after : int
        Volumes around a bad one that are bad too.

    Raises
    ------
    InputError
        ``E-INPUT-CONFOUNDS``: there are no motion parameters; ``E-INPUT-SHORT``: fewer than two volumes are good.

    References
    ----------
    Power et al. (2014) NeuroImage 84:320.
    """

    displacement: Metres = Field(default=0.0005, gt=0)
    before: int = Field(default=0, ge=0)
    after: int = Field(default=0, ge=0)
    positional = "displacement"
    version = 2  # motion of other volumes is refused

    @field_validator("displacement")
    @classmethod
    def _of_a_head(cls, displacement: float) -> float:
        if displacement > LARGEST:
            raise ValueError(f"no head moves {displacement:g} m between volumes. Did you mean '{displacement:g} mm'?")
        return displacement

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the series; which volumes were replaced is in its notes."""
        from ._mri.scrub import scrubbed

        return scrubbed(data, self)
