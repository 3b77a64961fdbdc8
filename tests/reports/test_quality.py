"""The pages and tables of quality control say what the steps noted, and mark who is unlike the others."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from neurocli import registry
from neurocli.data.results import Results
from neurocli.preprocessing.ica import Ica
from neurocli.preprocessing.quality import Quality as Measure
from neurocli.reports import _quality_figures, _quality_page
from neurocli.reports._quality_table import COLUMNS, outlying, summaries
from neurocli.reports.quality import Quality
from tests.preprocessing.simulated import eeg


def recording(subject: str, gain: float = 1.0):
    entities = {"subject": subject, "task": "rest", "datatype": "eeg", "suffix": "eeg"}
    plain = eeg(int(subject), seconds=20.0, entities=entities)
    return replace(plain, data=plain.data * gain, notes=({"step": "read", "warning": "<odd> & strange"},))


def cleaned(data):
    """Return a recording after a short chain, one component taken out by a person."""
    data = Measure().run(data)
    return finished(unmixed(data) if data.entities["subject"] == "01" else data)  # a fit takes seconds


def unmixed(data):
    drop = {"step": "overrides", "decisions": [], "drop_components": [0], "keep_components": []}
    data = replace(data, notes=(*data.notes, drop))
    return Ica(ecg=[], max_iter=40, n_components=6).run(data, np.random.default_rng(0))


def finished(data):
    data = registry.get("steps", "epoch")(duration=2.0, reject={"eeg": "1 V"}).run(data)
    note = {"step": "bad_channels", "n_judged": 19, "noise": ["Cz"], "dead": []}
    return Measure().run(replace(data, notes=(*data.notes, note)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of an export of seven subjects, the last ten times as loud."""
    signals = [cleaned(recording(f"{i:02d}", 10.0 if i == 7 else 1.0)) for i in range(1, 8)]
    quality = {f"sub-{s.entities['subject']}_task-rest": json.loads(json.dumps(s.notes)) for s in signals}
    results = Results("a-clean", "A title", None, {"scores": []}, (), signals, signals, {}, quality,
                      {"sub-09_task-rest": "E-INPUT-SHORT"})  # fmt: skip
    folder = tmp_path_factory.mktemp("export")
    Quality().run(results, folder)
    return folder


def rows(made, name="quality"):
    head, *lines = (line.split("\t") for line in (made / f"group/desc-aclean_{name}.tsv").read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_every_recording_has_a_row_and_every_column_is_described(made):
    table = rows(made)
    assert [row["subject"] for row in table] == [f"{i:02d}" for i in range(1, 8)]
    document = json.loads((made / "group/desc-aclean_quality.json").read_text())
    assert list(document) == list(COLUMNS) == list(table[0])
    first = table[0]
    assert (first["bad_channels"], first["n_bad"], first["n_warnings"]) == ("Cz", "1", "1")
    assert (first["n_epochs"], first["n_rejected"]) == ("10", "0")
    assert first["components_removed"] == "0 (a person)"
    assert rows(made, "components")[0] == {
        "recording": "sub-01_task-rest", "component": "0", "why": "a person", "channel": "n/a", "score": "n/a",
    }  # fmt: skip


def test_the_loud_one_is_marked_in_table_and_page(made):
    table = rows(made)
    assert "amplitude_before" in table[-1]["outlier_in"]
    assert all("amplitude" not in row["outlier_in"] for row in table[:-1])
    index = (made / "quality/aclean/index.html").read_text()
    stamps = re.findall(r'<p class="stamp">(.*?)</p>', index)
    assert any("sub-07_task-rest</a> is an outlier in: amplitude before, amplitude after" in stamp for stamp in stamps)
    assert "sub-09_task-rest is missing: E-INPUT-SHORT" in stamps
    assert index.count('class="n far"') == sum(row["outlier_in"] != "n/a" for row in table) + sum(
        row["outlier_in"].count(",") for row in table
    )


@pytest.mark.parametrize(("n", "said"), [(4, "too few to tell"), (5, "No recording is an outlier.")])
def test_a_small_cohort_is_not_called_clean(n, said):
    row = {**dict.fromkeys(COLUMNS), "outlier_in": []}
    rows = [{**row, "recording": f"sub-{i:02d}", "subject": f"{i:02d}"} for i in range(n)]
    results = Results("a-clean", "A title", None, {"scores": []}, (), (), (), {}, {}, {})
    assert said in _quality_page.cohort_page(results, rows)


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [("amplitude_before", 1e-5, (1e6, "µV")), ("amplitude_after", 1e-13, (1e15, "fT")), ("snr_before", 9.0, (1, "dB")),
     ("tsnr", 9.0, (1, None)), ("n_bad", 2, (1, None))],
)  # fmt: skip
def test_the_cohort_is_drawn_in_the_units_of_the_table(name, value, unit):
    assert _quality_figures._unit(name, [(value, False)]) == unit


def test_every_subject_has_a_page_with_spectra_and_maps(made):
    pages = sorted(path.name for path in (made / "quality/aclean").iterdir())
    assert pages == ["index.html", *(f"sub-{i:02d}.html" for i in range(1, 8))]
    page = (made / "quality/aclean/sub-01.html").read_text()
    assert page.count("<img alt=") == 2
    assert "components that were subtracted" in page
    assert "&lt;odd&gt; &amp; strange" in page  # what a file says is text, never markup
    assert "<odd>" not in page


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ([1.0, 1.1, 0.9, 1.0, 1.05, 9.0, None], [5]),
        ([1.0, 1.0, 1.0, 1.0, 9.0], []),  # no spread: nothing can be said of the one that differs
        ([1.0, 2.0, 100.0, None], []),  # too few to know what is usual
        ([None] * 6, []),
    ],
)
def test_who_is_far(values, far):
    assert [i for i, flag in enumerate(outlying(values)) if flag] == far


def test_a_count_stands_out_where_most_recordings_have_none():
    """A spread of zero would let no recording stand out from others that are all alike."""
    bad = {"step": "quality", "bads": [f"E{i}" for i in range(12)]}
    notes = {f"sub-{i:02d}_task-rest": [{"step": "quality", "bads": ["E1"] * (i == 4)}] for i in range(6)}
    results = Results("a", "A", None, {"scores": []}, (), (), (), {}, notes | {"sub-09_task-rest": [bad]}, {})
    assert {row["subject"]: row["outlier_in"] for row in summaries(results) if row["outlier_in"]} == {"09": ["n_bad"]}


@pytest.mark.parametrize(("kinds", "unit"), [(["mag"], "T²/Hz"), (["grad"], "(T/m)²/Hz"), (["eeg"], "V²/Hz")])
def test_a_spectrum_is_drawn_in_the_unit_of_its_channels(kinds, unit):
    assert _quality_figures._unit_of_power({"types": kinds}) == unit


def test_the_same_results_give_the_same_bytes(tmp_path):
    signals = [cleaned(recording("01"))]
    quality = {"sub-01_task-rest": json.loads(json.dumps(signals[0].notes))}
    results = Results("b", "B", None, {"scores": []}, (), signals, signals, {}, quality)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Quality().run(results, tmp_path / name)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()} for n in ("one", "two"))
    assert one == two
    assert "sub-01.html" in one
