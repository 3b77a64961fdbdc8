"""From a table of region series to a `Recording`: repetition time, outliers, and regions that were not measured.

XCP-D: ``_space-<label>_atlas-<label>_stat-mean_timeseries.tsv``, ``_seg-<label>_stat-mean_`` from 0.7 to 0.14,
``_atlas-<label>_timeseries.tsv`` before (https://xcp-d.readthedocs.io/en/latest/outputs.html). C-PAC:
``_atlas-<label>_space-<label>_reg-<label>_desc-Mean<n>_timeseries.1D`` (`create_id_string` in ``CPAC/utils/utils.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..data.recording import Recording
from ..errors import InputError
from .image import in_seconds
from .nuisance import Outliers, outliers
from .question import Item
from .read import events, sidecar
from .readers.regions import Regions
from .tables import read_json


def to_regions(root: Path, item: Item, table: Regions) -> Recording:
    """Return series joined with their sidecars; a region without any value is a bad channel.

    Raises
    ------
    InputError
        ``E-INPUT-TR``: no sidecar says the repetition time; ``E-INPUT-SIDECAR``, ``E-INPUT-TSV``.
    """
    n_regions, n_volumes = table.data.shape
    tr = _tr(root, item, table.tr)
    found, notes = outliers(root, item, n_volumes)
    bads = tuple(table.names[i] for i in np.flatnonzero(np.isnan(table.data).all(axis=1)))
    return Recording(
        data=table.data,
        sfreq=1 / tr,
        ch_names=table.names,
        ch_types=("region",) * n_regions,
        units=("1",) * n_regions,
        entities=item.entities,
        bads=bads,
        events={} if found and found.left_out else events(root, item),
        annotations=_spans(found, tr),
        notes=(*notes, *_unmeasured(bads, n_regions)),
    )


def _tr(root: Path, item: Item, of_the_file: float | None) -> float:
    """Return the repetition time in s: of the table's own sidecar, else the file's, else that of the run before it."""
    own = sidecar(root, item)
    said = own["RepetitionTime"] if "RepetitionTime" in own else of_the_file or _of_the_run(root, item)
    if said is None:
        raise InputError("The repetition time is unknown.", code="E-INPUT-TR", where=item.path,
                         remedy="Add RepetitionTime to the JSON sidecar of the table, or of the raw run.")  # fmt: skip
    return in_seconds(said, item)


def _of_the_run(root: Path, item: Item) -> Any:
    document: dict[str, Any] = {}
    for path in item.sidecars:
        if path.endswith("bold.json"):
            document |= read_json(root / path, path)
    return document.get("RepetitionTime")


def _spans(found: Outliers | None, tr: float) -> tuple[tuple[float, float, str], ...]:
    """Return where XCP-D put other values in place of volumes with too much motion."""
    if found is None or found.left_out:
        return ()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], found.bad.astype(int), [0]])))
    return tuple((float(a * tr), float((b - a) * tr), "outlier") for a, b in edges.reshape(-1, 2))


def _unmeasured(bads: tuple[str, ...], n_regions: int) -> tuple[dict[str, Any], ...]:
    if not bads:
        return ()
    return ({"step": "read", "warning": f"{len(bads)} of {n_regions} regions have no value: {', '.join(bads[:5])}."},)
