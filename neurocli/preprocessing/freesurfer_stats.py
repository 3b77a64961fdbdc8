"""What FreeSurfer measured in this head, without doing it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from ..step import Step, named
from ._files import content

Table = Literal["aseg", "lh.aparc", "rh.aparc"]


@named("freesurfer_stats")
class FreesurferStats(Step):
    """Take volumes, thickness and area from FreeSurfer's ``stats/`` instead of measuring the T1 anew.

    Names are FreeSurfer's; structures of a side are called ``left-X`` and ``right-X``, so that pairs also give
    ``asymmetry-X``, (left - right) / (left + right).

    Parameters
    ----------
    folder : str
        FreeSurfer's subjects: ``<folder>/sub-<label>[_ses-<label>]/stats/aseg.stats``.
    tables : list of {'aseg', 'lh.aparc', 'rh.aparc'}
        Which of them; all by default.
    digest : str
        Filled in: the content of these tables, of everybody: a further person makes this step run again.

    Raises
    ------
    InputError
        ``E-INPUT-DERIVATIVES``: FreeSurfer has no such table of this person; ``E-INPUT-UNREADABLE``: it is no table.

    References
    ----------
    Fischl (2012) NeuroImage 62:774.
    """

    folder: str
    tables: list[Table] = Field(default=["aseg", "lh.aparc", "rh.aparc"], min_length=1)
    digest: str = ""
    positional = "folder"

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("digest") or not isinstance(settings.get("folder"), str):
            return settings
        if not Path(settings["folder"]).is_dir():
            raise ValueError(f"there is no folder {settings['folder']!r}.")
        paths = [path for path in Path(settings["folder"]).glob("*/stats/*.stats") if path.stem in get_args(Table)]
        return settings | {"digest": content(*sorted(paths))}

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return a recording of one sample with a channel a measure, in m³, m² and m (asymmetries have no unit)."""
        from ._freesurfer import taken

        return taken(data, self)
