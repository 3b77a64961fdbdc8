"""Scores that runs have published, read back and put side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError


def published_scores(out: Path) -> dict[str, dict[str, Any]]:
    """Return the scores of each pipeline that was evaluated into an output folder.

    Raises
    ------
    InputError
        If there are none (``E-INPUT-OUT``).
    """
    found = sorted((out / "group").glob("desc-*_scores.json"))
    if not found:
        raise InputError("No scores were published here.", code="E-INPUT-OUT", where=str(out),
                         remedy="Give the folder of a run that reached `evaluate`.")  # fmt: skip
    return {path.name.removeprefix("desc-").removesuffix("_scores.json"): _read(path) for path in found}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def meta(runs: Sequence[Path], metric: str | None = None) -> dict[str, Any]:
    """Return what `evaluation.meta` says of the pipelines that were scored in every one of these folders.

    Parameters
    ----------
    runs : sequence of Path
        Output folders, each of another dataset.
    metric : str, optional
        By default the first metric of the first run.
    """
    from ..evaluation.meta import over_runs

    found = {str(run): published_scores(run) for run in runs}
    first = next(iter(next(iter(found.values())).values()))["scores"][0]["metric"]
    return over_runs(found, metric or first)


def comparison(runs: Sequence[Path], metric: str | None = None) -> dict[str, Any]:
    """Return what `evaluation.compare` says of every pipeline that was evaluated into these folders.

    Parameters
    ----------
    runs : sequence of Path
        Output folders; where two hold pipelines of one name, the folder's name tells them apart.
    metric : str, optional
        By default the first metric of the first run.

    Returns
    -------
    document : dict
        What `compare` returns, and the names of the ``datasets``; where there are two, ``pairs`` is empty, since sub-01
        of one is somebody else in the other.
    """
    from ..evaluation.compare import compare

    found = {(run.name, name): document for run in runs for name, document in published_scores(run).items()}
    names = [name for _, name in found]
    named = {name if names.count(name) == 1 else f"{run}/{name}": d for (run, name), d in found.items()}
    first = next(iter(named.values()))["scores"][0]["metric"]
    datasets = sorted({name for run in runs if (name := _dataset(run))})
    document = compare(named, metric or first)
    return {**document, "datasets": datasets, "pairs": document["pairs"] if len(datasets) < 2 else []}


def _dataset(run: Path) -> str:
    """Return the name of the dataset that a run has read; empty where its description does not say."""
    description = run / "dataset_description.json"
    sources = _read(description).get("SourceDatasets") if description.is_file() else None
    return "; ".join(str(source.get("Description", "")) for source in sources or [])
