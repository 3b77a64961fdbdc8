"""Quality pages of BOLD: figures are there, numbers are those of an independent computation, outliers are marked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from neurocli.data.results import Results
from neurocli.preprocessing._confounds import MOTION
from neurocli.preprocessing.quality import Quality as Measure
from neurocli.preprocessing.smooth import Smooth
from neurocli.reports._quality_table import COLUMNS, TRACES
from neurocli.reports.quality import Quality
from tests.preprocessing.simulated import bold

N = 40


def series(subject: int, jump_mm: float = 0.0):
    """Return a run in which the head drifts, and jumps once."""
    rng = np.random.default_rng(subject)
    motion = {name: (rng.normal(0, 0.02, N) / (1 if name.startswith("trans") else 50)).tolist() for name in MOTION}
    motion["trans_y"] = (np.array(motion["trans_y"]) + jump_mm * (np.arange(N) >= 20)).tolist()
    entities = {"subject": f"{subject:02d}", "task": "rest", "datatype": "func", "suffix": "bold"}
    return bold(subject, confounds=motion, entities=entities, events={})


@pytest.fixture(scope="module")
def runs():
    return [series(i, 4.0 if i == 7 else 0.0) for i in range(1, 8)]


@pytest.fixture(scope="module")
def made(runs, tmp_path_factory):
    cleaned = [Measure().run(Smooth(fwhm="6 mm").run(Measure().run(run))) for run in runs]
    quality = {f"sub-{run.entities['subject']}_task-rest": json.loads(json.dumps(run.notes)) for run in cleaned}
    results = Results("bold-clean", "A title", None, {"scores": []}, (), cleaned, cleaned, {}, quality, {})
    folder = tmp_path_factory.mktemp("export")
    Quality().run(results, folder)
    return folder


def table(path):
    head, *lines = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def displaced(run):
    """Return the framewise displacement in mm as Power et al. write it: |dx| + ... + 50 mm (|da| + ...)."""
    moves = np.abs(np.diff([run.confounds[name] for name in MOTION]))
    return moves[:3].sum(axis=0) + 50 * moves[3:].sum(axis=0)


def test_numbers_are_those_computed_by_hand(made, runs):
    for row, run in zip(table(made / "group/desc-boldclean_quality.tsv"), runs, strict=True):
        steps = displaced(run)
        mean = run.data.mean(axis=-1)
        head = mean > 500  # the brain is 1000 and the rest noise of 20 round 0
        tsnr = np.median(mean[head] / run.data.std(axis=-1)[head])
        changes = np.sqrt((np.diff(run.data[head], axis=-1) ** 2).mean(axis=0))
        dice = 2 * (head & run.mask).sum() / (head.sum() + run.mask.sum())
        expected = {"mean_displacement": steps.mean(), "greatest_displacement": steps.max(), "tsnr": tsnr,
                    "n_displaced": (steps > 0.5).sum(), "dvars_before": np.median(changes),
                    "overlap": dice}  # fmt: skip
        found = {name: float(row[name]) for name in expected}
        assert found == pytest.approx(expected, rel=1e-6)
        assert float(row["tsnr_after"]) > float(row["tsnr"])


def test_a_row_a_volume_is_beside_the_page_and_described(made, runs):
    rows = table(made / "quality/boldclean/sub-07_task-rest_timeseries.tsv")
    assert rows[0]["framewise_displacement"] == rows[0]["dvars_before"] == "n/a"
    found = [float(row["framewise_displacement"]) for row in rows[1:]]
    np.testing.assert_allclose(found, displaced(runs[-1]), rtol=1e-9)
    document = json.loads((made / "quality/boldclean/sub-07_task-rest_timeseries.json").read_text())
    assert list(document) == list(TRACES) == list(rows[0])
    assert document["framewise_displacement"]["Units"] == "mm"


def test_the_one_that_jumped_is_marked_and_every_column_is_described(made):
    rows = table(made / "group/desc-boldclean_quality.tsv")
    assert "greatest_displacement" in rows[-1]["outlier_in"]
    assert "n_displaced" not in rows[0]["outlier_in"]
    assert list(json.loads((made / "group/desc-boldclean_quality.json").read_text())) == list(COLUMNS) == list(rows[0])
    assert "sub-07_task-rest</a> is an outlier in" in (made / "quality/boldclean/index.html").read_text()


def test_every_page_has_the_carpet_and_the_outlines(made):
    page = (made / "quality/boldclean/sub-07.html").read_text()
    assert "Carpet of sub-07_task-rest" in page
    assert "Outlines of sub-07_task-rest" in page
    assert page.count("data:image/png;base64,") == 2
    assert "greatest displacement" in page
    assert "An outlier of the cohort" in page
    assert "[[" not in page  # the numbers of the figures are no text


def test_a_carpet_is_the_voxels_in_standard_deviations_from_the_rim_in():
    run = series(1)
    note = Measure().run(run).notes[-1]
    rows = np.array(note["carpet"]) / 10
    assert rows.shape == (80, N)
    inside = run.data[run.mask != 0]
    scores = (inside - inside.mean(axis=-1, keepdims=True)) / inside.std(axis=-1, keepdims=True)
    nearest = np.abs(rows[:, None] - scores[None]).max(axis=-1).min(axis=1)
    assert nearest.max() <= 0.05 + 1e-9  # each row is a voxel, rounded to a tenth


def test_an_image_without_mask_or_motion_has_what_there_is():
    note = Measure().run(replace(series(1), mask=None, confounds={})).notes[-1]
    assert note["overlap"] is None
    assert "displacement_m" not in note
    single = Measure().run(replace(series(1), data=series(1).data[..., 0], tr=None)).notes[-1]
    assert (single["n_volumes"], single["tsnr"]) == (1, None)
    assert len(single["planes"]) == 3
