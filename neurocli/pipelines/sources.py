"""From a request to the recordings it asks for, each with the digests of what it is read from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..bids import exclusions, tables
from ..bids.digests import Digests
from ..bids.index import Index, scan
from ..bids.question import Item, Question, Wanted
from ..bids.select import select
from ..errors import InputError
from .companions import check_companions, companions
from .gather import Cohort
from .plan import Source, recording_id
from .units import PENDING

if TYPE_CHECKING:
    from .config import Pipeline
    from .request import Request


def find_sources(
    request: Request, pipeline: Pipeline, *, hashing: bool = True, steps: Iterable[Any] | None = None
) -> list[Source]:
    """Return the recordings of a request in the order of their names.

    With ``hashing=False`` a file that was never hashed is marked pending instead of being read. `steps` are those whose
    companions are read along; by default the pipeline's own.

    Raises
    ------
    InputError
        If the dataset cannot be read, or the selection is empty or ambiguous.
    """
    wanted = companions((use.settings for use in pipeline.preprocess) if steps is None else steps)
    items = _select(request, pipeline, scan(request.bids_dir), wanted)
    check_companions(wanted, items)
    with Digests(request.bids_dir) as memory:
        return [_source(item, pipeline, memory, hashing) for item in items]


def _select(request: Request, pipeline: Pipeline, index: Index, along: tuple[str, ...]) -> list[Item]:
    wanted = pipeline.input
    filters: dict[str, Wanted] = {name: _pattern(values) for name, values in wanted.filters().items()}
    if request.filter_file:
        filters |= exclusions.read_filters(request.filter_file, wanted.datatype, wanted.suffix)
    question = Question(
        datatype=wanted.datatype,
        suffix=wanted.suffix,
        extension=wanted.extension,
        filters=filters,
        derivatives=wanted.derivatives,
        space=wanted.space,
        desc=wanted.desc,
        participant_label=request.participants,
        session_label=request.sessions,
        task_id=request.tasks,
        exclude=exclusions.read_exclusions(request.exclude) if request.exclude else (),
        companions=along,
    )
    return select(index, question)


def _pattern(values: Sequence[str]) -> Wanted:
    """Return labels as they are, and several with ``/patterns/`` among them as one compiled pattern."""
    if not any(value.startswith("/") for value in values):
        return values
    return re.compile("|".join(f"(?:{v[1:-1] if v.startswith('/') else re.escape(v)})" for v in values))


def _source(item: Item, pipeline: Pipeline, memory: Digests, hashing: bool) -> Source:
    found: dict[str, str] = {}
    for path in [item.path, *item.sidecars]:
        found[_role(path, found)] = _digest(path, memory, hashing)
    return Source(recording_id(item.entities, pipeline.input.datatype), item, item.entities, found)


def _role(path: str, taken: Mapping[str, str]) -> str:
    """Return what a file is to its recording, whatever the folder; an inherited one is counted from the root down."""
    ending = path.rpartition("/")[2].rpartition("_")[2]
    if ending not in taken:
        return ending
    return f"{ending}#{sum(role.partition('#')[0] == ending for role in taken)}"


def _digest(path: str, memory: Digests, hashing: bool) -> str:
    """Return the digest of a file; one that cannot be read fails its recording when that is read, and no other."""
    try:
        known = memory.known(path)
        if known is None and not hashing:
            return PENDING
        return known or memory.digest(path)
    except InputError as error:
        return f"unreadable: {error.code}"


def find_cohort(request: Request, sources: Sequence[Source]) -> Cohort:
    """Return what the dataset says of its people."""
    rows = tables.read_participants(request.bids_dir)
    return Cohort(rows, tuple(source.id for source in sources), request.allow_leak)
