"""Scores of somebody else's detector: two folders of HED-SCORE tables."""

from __future__ import annotations

from pathlib import Path

from ...data.hed_score import from_tsv
from ...errors import InputError
from .counts import Counts
from .side_by_side import SCORERS


def score_folders(reference: Path, detected: Path) -> dict[str, dict[str, Counts]]:
    """Return every scorer's counts of each recording.

    Parameters
    ----------
    reference, detected : Path
        Folders of TSV files; the same relative path is the same recording.

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
    lacking = [name for name in names if not (detected / name).is_file()]
    if lacking or not names:
        raise InputError(
            f"{len(lacking)} of {len(names)} annotated recordings have no table of detections: "
            f"{', '.join(lacking[:5])}.",
            code="E-INPUT-EVENTS",
            remedy="Write one for each, with one row of type 'bckg' where nothing was detected.",
        )
    pairs = {name: (from_tsv(reference / name), from_tsv(detected / name)) for name in names}
    return {
        scorer: {
            name: score(true.seizures, said.seizures, true.recording_duration) for name, (true, said) in pairs.items()
        }
        for scorer, score in SCORERS.items()
    }
