"""Fields from outside the helmet, out of MEG."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..si import Seconds
from ..step import Step, named
from ._files import digest_of


@named("maxwell_filter")
class MaxwellFilter(Step):
    """Separate fields from inside and outside the helmet (`mne.preprocessing.maxwell_filter`), with or without time.

    Parameters
    ----------
    st_duration : s, optional
        Length of the windows of temporal separation (tSSS); without it space alone is used.
    st_correlation : float
        Correlation above which what is inside and outside is removed.
    int_order, ext_order : int
        Orders of the harmonics inside and outside.
    coord_frame : {'head', 'meg'}
        ``meg`` is for empty-room recordings, which know no head.
    destination : [m, m, m], optional
        Where the head should have been, in the frame of the device, so that recordings compare.
    movement : bool
        Undo the movements of the head where coils followed it (cHPI, by `mne.chpi`); the notes say whether they did.
    calibration, cross_talk : str, optional
        Paths of the site's files.
    digest : str
        Filled in: the content of these files.

    Raises
    ------
    InputError
        ``E-INPUT-MEG``: no MEG channels, what the reader knows of them is lost, no head position, bad channels that
        are not marked (not finite), or Maxwell filtering was done already; ``E-INPUT-SHORT``: shorter than
        `st_duration`.

    References
    ----------
    Taulu & Simola (2006) Phys. Med. Biol. 51:1759.
    """

    st_duration: Seconds | None = Field(default=None, gt=0)
    st_correlation: float = Field(default=0.98, gt=0, le=1)
    int_order: int = Field(default=8, ge=1)
    ext_order: int = Field(default=3, ge=1)
    coord_frame: Literal["head", "meg"] = "head"
    destination: tuple[float, float, float] | None = None
    movement: bool = False
    calibration: str | None = None
    cross_talk: str | None = None
    digest: str = ""
    libraries = ("mne",)

    _filled = digest_of("calibration", "cross_talk")

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording without outer fields; its bad MEG channels are rebuilt and good again."""
        from ._meg import separated

        return separated(data, self)
