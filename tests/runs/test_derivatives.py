"""Pipelines start from what XCP-D and C-PAC left, at the region series or at the image, and redo nothing."""

from __future__ import annotations

import csv
import json

import nibabel
import numpy as np
import pytest

from tests.bids.derivatives import CPAC, TR, XCP_D, cpac, dataset, xcp_d

PIPELINES = """version: 1
pipelines:
  regions-xcp-d:
    input: {datatype: func, suffix: timeseries, derivatives: xcp_d, space: MNI152NLin6Asym, atlas: 4S156Parcels}
    preprocess:
      - pick: {types: [region], exclude_bads: true}
      - epoch: {duration: 40 s}
    featurize: [correlation]
  regions-cpac:
    input: {datatype: func, suffix: timeseries, derivatives: cpac/output/pipeline_rbc, atlas: CC200, reg: 36Parameter}
    preprocess:
      - epoch: {duration: 40 s}
    featurize: [correlation]
  image-xcp-d:
    input: {datatype: func, derivatives: xcp_d, desc: denoised}
    preprocess:
      - confounds: {columns: ["trans_*", "rot_?"]}
  image-cpac:
    input: {datatype: func, derivatives: cpac/output/pipeline_rbc, desc: preproc, reg: 36Parameter}
    preprocess:
      - confounds: {columns: ["Rot*", "GlobalSignal*"]}
"""
SUBJECTS = ("01", "02")


@pytest.fixture
def study(tmp_path):
    """Return a dataset with derivatives of both tools, and the pipelines file."""
    root = dataset(tmp_path / "bids", SUBJECTS)
    for subject in SUBJECTS:
        xcp_d(root, subject)
        cpac(root, subject, regs=("36Parameter", "Off"))
    file = tmp_path / "pipelines.yaml"
    file.write_text(PIPELINES)
    return root, file


def run(cli, study, verb, pipeline, out):
    root, file = study
    return cli.document(verb, pipeline, "-f", file, "--bids-dir", root, "-o", out, "--n-cpus", "1")


@pytest.mark.parametrize(("pipeline", "n_pairs"), [("regions-xcp-d", 1), ("regions-cpac", 3)])
def test_connectivity_from_region_series(cli, study, tmp_path, pipeline, n_pairs):
    import pyarrow.parquet

    document = run(cli, study, "featurize", pipeline, tmp_path / "out")
    assert (document["status"], document["units"]["failed"]) == ("ok", 0), document
    tables = sorted((tmp_path / "out").glob("sub-*/**/*_features.parquet"))
    assert len(tables) == len(SUBJECTS)
    names = [name for name in pyarrow.parquet.read_table(tables[0]).column_names if name.startswith("correlation")]
    assert len(names) == n_pairs


def test_a_plan_names_the_recordings_by_their_atlas(cli, study, tmp_path):
    document = run(cli, study, "plan", "regions-xcp-d", tmp_path / "out")
    units = [line["unit"] for line in document["plan"] if line["unit"].startswith("preprocess/")]
    assert units == [f"preprocess/sub-{s}_task-rest_space-MNI152NLin6Asym_atlas-4S156Parcels" for s in SUBJECTS]


def test_published_series_are_those_of_the_table_and_keep_their_rate(cli, study, tmp_path):
    _, file = study
    file.write_text(PIPELINES.replace("      - epoch: {duration: 40 s}\n    featurize: [correlation]\n", ""))
    document = run(cli, study, "preprocess", "regions-xcp-d", tmp_path / "out")
    assert document["status"] == "ok", document
    (path,) = (tmp_path / "out" / "sub-01" / "func").glob("*_timeseries.tsv")
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    (source,) = study[0].glob(f"{XCP_D.format('01')}_*_timeseries.tsv")
    with source.open(newline="") as lines:
        expected = [float(row["LH_Vis_1"]) for row in csv.DictReader(lines, delimiter="\t")]
    assert [float(row["LH_Vis_1"]) for row in rows] == pytest.approx(expected)
    assert json.loads(path.with_suffix(".json").read_text())["SamplingFrequency"] == 1 / TR


@pytest.mark.parametrize("pipeline", ["image-xcp-d", "image-cpac"])
def test_images_are_cleaned_of_the_confounds_beside_them(cli, study, tmp_path, pipeline):
    document = run(cli, study, "preprocess", pipeline, tmp_path / "out")
    assert (document["status"], document["units"]["executed"]) == ("ok", len(SUBJECTS)), document
    (path,) = (tmp_path / "out" / "sub-01").rglob("*_bold.nii.gz")
    img = nibabel.load(path)
    assert img.header.get_zooms()[3] == TR
    (table,) = study[0].glob(f"{CPAC.format('01')}_reg-36*.1D" if "cpac" in pipeline else f"{XCP_D.format('01')}_mot*")
    rows = np.loadtxt(table, skiprows=1 if table.suffix == ".tsv" else 0)[:, :3]
    x = img.get_fdata().reshape(-1, len(rows))
    found = np.corrcoef(x, rows.T)[: len(x), len(x) :]
    assert np.abs(found).max() < 1e-4  # float32 in the file


def test_nobody_says_the_repetition_time(cli, study, tmp_path):
    (study[0] / "task-rest_bold.json").unlink()
    document = run(cli, study, "preprocess", "regions-cpac", tmp_path / "out")
    assert {failure["code"] for failure in document["failures"]} == {"E-INPUT-TR"}, document
    assert document["status"] == "failed"


def test_an_empty_table_fails_alone(cli, study, tmp_path):
    (table,) = study[0].glob(f"{XCP_D.format('02')}_*_timeseries.tsv")
    table.write_text("LH_Vis_1\tLH_SomMot_1\n")
    document = run(cli, study, "preprocess", "regions-xcp-d", tmp_path / "out")
    assert [failure["code"] for failure in document["failures"]] == ["E-INPUT-TSV"], document
    assert document["status"] == "partial"


def test_two_regressions_of_nuisance_are_refused_before_anything_is_read(cli, study, tmp_path):
    _, file = study
    file.write_text(PIPELINES.replace(", reg: 36Parameter", ""))
    document = run(cli, study, "plan", "regions-cpac", tmp_path / "out")
    assert document["error"]["code"] == "E-INPUT-DUPLICATE"
    assert CPAC.format("01") in document["error"]["message"]
    assert "`reg`" in document["error"]["remedy"]
