"""What is asked of a dataset, and the recordings that answer it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..data.entities import Entities
from .exclusions import Exclusion

Wanted = str | Sequence[str] | re.Pattern[str] | None


@dataclass(frozen=True)
class Question:
    """Which recordings are wanted.

    Parameters
    ----------
    datatype, suffix : str
        BIDS words; the suffix follows from the datatype where it is not given.
    extension : str or list of str, optional
        Only these.
    filters : dict, optional
        Entity to a value, a list of values, a compiled pattern, ``"*"`` (any) or None (absent).
    derivatives : str, optional
        Look in ``derivatives/<name>`` instead.
    space, desc : str, optional
        Entities of a derivative.
    participant_label, session_label, task_id : list of str, optional
        Only these, with or without their ``sub-``.
    exclude : list of Exclusion
        Recordings to leave out.
    companions : tuple of str
        Suffixes of images of the same person to read along, such as ``T1w``.
    """

    datatype: str
    suffix: str | None = None
    extension: str | Sequence[str] | None = None
    filters: Mapping[str, Wanted] | None = None
    derivatives: str | None = None
    space: str | None = None
    desc: str | None = None
    participant_label: Sequence[str] | None = None
    session_label: Sequence[str] | None = None
    task_id: Sequence[str] | None = None
    exclude: Sequence[Exclusion] = ()
    companions: Sequence[str] = ()

    @property
    def limits(self) -> dict[str, Sequence[str] | None]:
        """The labels of the command line by entity."""
        return {"subject": self.participant_label, "session": self.session_label, "task": self.task_id}


@dataclass(frozen=True)
class Item:
    """One recording: the input of one unit.

    Parameters
    ----------
    path : str
        Dataset-relative, with ``/``; of a recording in splits, the first part.
    entities : dict
        BIDS entities, with `datatype` and `suffix`.
    sidecars : tuple of str
        Paths of the files it inherits, the most general JSON first.
    """

    path: str
    entities: Entities
    sidecars: tuple[str, ...]
