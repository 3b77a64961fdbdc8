"""FreeSurfer's tables, as recon-all writes them, become measures in SI units."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neurocli.errors import InputError
from neurocli.preprocessing.freesurfer_stats import FreesurferStats
from tests.preprocessing.simulated import head

ASEG = """# Title Segmentation Statistics
# subjectname sub-01
# Measure BrainSeg, BrainSegVol, Brain Segmentation Volume, 1150000.500000, mm^3
# Measure SurfaceHoles, SurfaceHoles, Total number of defect holes in surfaces prior to fixing, 40, unitless
# Measure EstimatedTotalIntraCranialVol, eTIV, Estimated Total Intracranial Volume, 1500000.250000, mm^3
# NRows 3
# ColHeaders  Index SegId NVoxels Volume_mm3 StructName normMean normStdDev normMin normMax normRange
  1   4      6000     6000.0  Left-Lateral-Ventricle     35.1    12.0     12.0     80.0     68.0
 12  17      4000     4000.0  Left-Hippocampus           75.1     9.0     32.0    110.0     78.0
 29  53      3000     3000.0  Right-Hippocampus          75.1     9.0     32.0    110.0     78.0
"""
APARC = """# Measure Cortex, MeanThickness, Mean Thickness, 2.5, mm
# ColHeaders StructName NumVert SurfArea GrayVol ThickAvg ThickStd MeanCurv GausCurv FoldInd CurvInd
bankssts                                 1400    950   2300  2.510 0.500     0.108     0.020        9     1.2
"""


@pytest.fixture
def subjects(tmp_path):
    for name in ("sub-01", "sub-02_ses-b"):
        stats = tmp_path / name / "stats"
        stats.mkdir(parents=True)
        (stats / "aseg.stats").write_text(ASEG)
        (stats / "lh.aparc.stats").write_text(APARC)
        (stats / "rh.aparc.stats").write_text(APARC.replace("2.510", "2.490"))
    return tmp_path


def test_measures_are_in_si_units_and_sides_are_compared(subjects):
    found = FreesurferStats(folder=str(subjects)).run(head())
    values = dict(zip(found.ch_names, zip(found.data[:, 0].tolist(), found.units, strict=True), strict=True))
    assert values["eTIV"] == (pytest.approx(1500000.25e-9), "m^3")
    assert values["left-Hippocampus"] == (pytest.approx(4e-6), "m^3")
    assert values["asymmetry-Hippocampus"] == (pytest.approx(1 / 7), "1")
    assert values["left-bankssts-thickness"] == (pytest.approx(2.51e-3), "m")
    assert values["right-bankssts-area"] == (pytest.approx(950e-6), "m^2")
    assert values["asymmetry-bankssts-thickness"][0] == pytest.approx(0.02 / 5)
    assert "left-Lateral-Ventricle" in values
    assert not {"SurfaceHoles", "asymmetry-Lateral-Ventricle"} & set(values)


def test_the_session_has_its_own(subjects):
    image = replace(head(), entities={**head().entities, "subject": "02", "session": "b"})
    assert FreesurferStats(folder=str(subjects), tables=["aseg"]).run(image).ch_names[0] == "BrainSegVol"


def test_a_changed_table_is_another_setting(subjects):
    first = FreesurferStats(folder=str(subjects)).digest
    (subjects / "sub-01/stats/aseg.stats").write_text(ASEG.replace("4000.0", "4100.0"))
    assert FreesurferStats(folder=str(subjects)).digest != first


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda root: (root / "sub-01/stats/lh.aparc.stats").unlink(), "E-INPUT-DERIVATIVES"),
        (lambda root: (root / "sub-01").rename(root / "sub-03"), "E-INPUT-DERIVATIVES"),
        (lambda root: (root / "sub-01/stats/aseg.stats").write_text("1 2 3"), "E-INPUT-UNREADABLE"),
        (lambda root: (root / "sub-01/stats/aseg.stats").write_text("# nothing"), "E-INPUT-UNREADABLE"),
    ],
)
def test_what_is_missing_or_no_table_is_said(subjects, break_it, code):
    break_it(subjects)
    with pytest.raises(InputError) as error:
        FreesurferStats(folder=str(subjects)).run(head())
    assert error.value.code == code


def test_a_folder_that_is_not_there_is_refused_when_the_yaml_is_read(tmp_path):
    with pytest.raises(ValueError, match="there is no folder"):
        FreesurferStats(folder=str(tmp_path / "none"))
