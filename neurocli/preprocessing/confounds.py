"""What motion and physiology explain."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("confounds")
class Confounds(Step):
    """Regress columns of the confounds table out of every voxel (`nilearn.signal.clean`); the mean stays.

    Parameters
    ----------
    columns : list of str
        Names, or patterns such as ``trans_*`` and ``a_comp_cor_0[0-4]``.

    Raises
    ------
    InputError
        ``E-INPUT-CONFOUNDS``: there is no confounds table, no such column, or not one row a volume;
        ``E-INPUT-SHORT``: as many confounds as volumes.
    """

    columns: list[str] = Field(min_length=1)
    positional = "columns"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the residual image."""
        from ._confounds import cleaned

        return cleaned(data, self)
