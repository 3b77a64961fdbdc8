"""What motion and physiology explain."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ..si import Hertz
from ..step import Step, named
from ._edges import ordered

Expansion = Literal["basic", "derivatives", "power2", "full"]


@named("confounds")
class Confounds(Step):
    """Regress columns of the confounds table out of every voxel (`nilearn.signal.clean`); the mean stays.

    Parameters
    ----------
    columns : list of str
        Names, or patterns such as ``trans_*`` and ``a_comp_cor_0[0-4]``.
    strategy : list of str
        Groups of columns as nilearn's `load_confounds` names them: ``motion``, ``high_pass`` (cosines), ``wm_csf``,
        ``global_signal``, ``compcor`` (of all white matter and fluid; goes with ``high_pass``), ``ica_aroma``.
    motion, wm_csf, global_signal : {'basic', 'derivatives', 'power2', 'full'}
        Whether the group comes with first differences, squares, or both.
    n_compcor : int
        How many components of `compcor`.
    l_freq, h_freq : Hz, optional
        Keep this band of the series and of the confounds (Butterworth, order 5) before one is regressed out of the
        other, so that the regression brings back nothing that the filter took.

    Raises
    ------
    InputError
        ``E-INPUT-CONFOUNDS``: there is no confounds table, no such column, or not one row a volume;
        ``E-INPUT-SHORT``: as many confounds as volumes, or fewer volumes than the filter needs; ``E-INPUT-NYQUIST``:
        an edge is not below half of 1/TR.

    References
    ----------
    Lindquist et al. (2019) Hum. Brain Mapp. 40:2358.
    Wang et al. (2024) PLoS Comput. Biol. 20:e1011942.
    """

    columns: list[str] = Field(default_factory=list)
    strategy: list[Literal["motion", "high_pass", "wm_csf", "global_signal", "compcor", "ica_aroma"]] = Field(
        default_factory=list
    )
    motion: Expansion = "full"
    wm_csf: Expansion = "basic"
    global_signal: Expansion = "basic"
    n_compcor: int = Field(default=5, ge=1)
    l_freq: Hertz | None = None
    h_freq: Hertz | None = None
    positional = "columns"
    version = 2  # the variance is that of voxels which are numbers

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.columns and not self.strategy:
            raise ValueError("name columns, a strategy, or both.")
        if "compcor" in self.strategy and "high_pass" not in self.strategy:
            raise ValueError("compcor was computed after a high-pass, so strategy must have high_pass too.")
        if self.l_freq is not None or self.h_freq is not None:
            ordered(self.l_freq, self.h_freq)
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the residual image; which columns, and how the head moved, is in its notes."""
        from ._confounds import cleaned

        return cleaned(data, self)
