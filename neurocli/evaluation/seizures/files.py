"""Scores of somebody else's detector: two folders of HED-SCORE tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from ...data.hed_score import from_tsv
from ...errors import InputError
from .counts import Counts, per_subject, pooled
from .detection import latencies, require_continuous
from .side_by_side import RATES, SCORERS, rates


def score_folders(reference: Path, detected: Path) -> dict[str, dict[str, Counts]]:
    """Return every scorer's counts of each recording.

    Parameters
    ----------
    reference, detected : Path
        Folders of TSV files; the same relative path is the same recording, ``_desc-<label>`` in the name apart.

    Returns
    -------
    counts : dict
        Scorer -> relative path -> counts.

    Raises
    ------
    InputError
        ``E-INPUT-EVENTS`` where a recording was annotated and not detected on, or a file is no such table.
    """
    names = sorted(path.relative_to(reference).as_posix() for path in reference.rglob("*.tsv"))
    names = [name for name in names if name.endswith("_events.tsv")] or names  # a BIDS dataset has other tables, too
    if not names or not detected.is_dir():
        raise InputError(
            "There is no table of seizures here." if not names else "There is no such folder of detections.",
            code="E-INPUT-EVENTS",
            where=str(detected if names else reference),
            remedy="Give two folders of HED-SCORE tables: what was there, and what was detected.",
        )
    found = {name: _match(detected, name) for name in names}
    lacking = [name for name, path in found.items() if path is None]
    if lacking:
        raise InputError(
            f"{len(lacking)} of {len(names)} annotated recordings have no table of detections: "
            f"{', '.join(lacking[:5])}.",
            code="E-INPUT-EVENTS",
            remedy="Write one for each, with one row of type 'bckg' where nothing was detected.",
        )
    pairs = {name: (from_tsv(reference / name), from_tsv(path)) for name, path in found.items() if path}
    return {
        scorer: {
            name: score(true.seizures, said.seizures, true.recording_duration) for name, (true, said) in pairs.items()
        }
        for scorer, score in SCORERS.items()
    }


def _match(detected: Path, name: str) -> Path | None:
    """Return the table of detections on a recording: of the same path, or with a ``desc`` of its own."""
    path = detected / name
    if path.is_file():
        return path
    others = sorted(path.parent.glob("*.tsv")) if path.parent.is_dir() else []
    same = [other for other in others if re.sub("_desc-[^_]*", "", other.name) == path.name]
    return same[0] if len(same) == 1 else None


def scored_folders(reference: Path, detected: Path) -> dict[str, Any]:
    """Return every scorer's rates, pooled and as means over subjects, for people and programs.

    Parameters
    ----------
    reference, detected : Path
        As in `score_folders`; the subject is read off ``sub-<label>`` in the path.

    Returns
    -------
    document : dict
        JSON: ``scorers`` (a row each: ``pooled``, ``per_subject``, ``counts``), ``latency``, ``n_recordings``,
        ``n_subjects``. Of clips, rates over time are None and ``refused`` and ``why`` say so.

    Raises
    ------
    InputError
        As `score_folders`.
    """
    counts = score_folders(reference, detected)
    names = sorted(next(iter(counts.values())))
    durations = [from_tsv(reference / name).recording_duration for name in names]
    clips = _clips(durations)
    rows = [_row(scorer, found, is_clips=bool(clips)) for scorer, found in counts.items()]
    latency = None if clips else _latency(reference, detected, names)
    people = len({_subject(name) for name in names})
    return {"scorers": rows, "latency": latency, "n_recordings": len(names), "n_subjects": people, **clips}


def _clips(durations: list[float]) -> dict[str, str]:
    try:
        require_continuous(durations)
    except InputError as error:
        return {"refused": error.code, "why": str(error)}
    return {}


def _subject(name: str) -> str:
    return next((part for part in re.split("[/_]", name) if part.startswith("sub-")), name)


def _row(scorer: str, found: Mapping[str, Counts], *, is_clips: bool) -> dict[str, Any]:
    people: dict[str, list[Counts]] = {}
    for name, count in found.items():
        people.setdefault(_subject(name), []).append(count)
    total = pooled(list(found.values()))
    both = {"pooled": rates([total]), "per_subject": rates(list(per_subject(people).values()))}
    hidden = {RATES[-1]: None} if is_clips else {}  # false positives a day, of a few seconds, say nothing
    counted = {"tp": total.tp, "fn": total.fn, "fp": total.fp}
    return {"scorer": scorer, **{kind: given | hidden for kind, given in both.items()}, "counts": counted}


def _latency(reference: Path, detected: Path, names: list[str]) -> dict[str, Any]:
    found, n_events = [], 0
    for name in names:
        true, said = from_tsv(reference / name), from_tsv(_match(detected, name) or detected / name)
        found += latencies(true.seizures, said.seizures, true.recording_duration)
        n_events += len(true.seizures)
    return {"median_s": median(found) if found else None, "n_found": len(found), "n_events": n_events}
