"""What `channels.tsv` shows that a step cannot take, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..bids.tables import read_tsv
from ..errors import InputError
from ..step import Step

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .plan import Source


def check_channels(pipeline: Pipeline, sources: Sequence[Source], dataset: Path) -> None:
    """Refuse a run of which no recording has the channels that a step needs.

    A recording whose table is missing or broken may still be fine, and then the run goes on.

    Raises
    ------
    InputError
        With the code of the step, such as ``E-INPUT-REFERENCE``, at the first table.
    """
    for step in (use.settings for use in pipeline.preprocess):
        if not isinstance(step, Step) or type(step).check_names is Step.check_names:
            continue
        found = [_complaint(step, source, dataset) for source in sources]
        first = found[0] if found else None
        if first and all(found):
            raise first


def _complaint(step: Step, source: Source, dataset: Path) -> InputError | None:
    table = next((path for path in source.item.sidecars if path.endswith("_channels.tsv")), None)
    if table is None:
        return None
    try:
        rows = read_tsv(dataset / table, table, ("name", "type"))
    except InputError:
        return None
    names = [name or "" for name, kind in zip(rows["name"], rows["type"], strict=True) if (kind or "").upper() == "EEG"]
    wrong = step.check_names(names)
    if wrong is None:
        return None
    code, sentence, remedy = wrong
    return InputError(sentence, code=code, where=table, remedy=remedy)
