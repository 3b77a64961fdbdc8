"""A recording that is computed part by part: killed midway, it goes on where it was, and ends with the same bytes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bench.long_recording import kept_parts, parts_of, watch, write_dataset

from .whole_runs import check, contents

PIPELINE = """version: 1
pipelines:
  long:
    input: {datatype: eeg}
    preprocess:
      - pick: {types: [eeg]}
      - epoch: {duration: 4 s}
    featurize: [variance, line_length, spectral_entropy, band_power]
"""
MINUTES = 10
SIGNAL = MINUTES * 60 * 256 * 64 * 8  # bytes


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Return a folder with ten minutes of 64 channels at 256 Hz."""
    home = tmp_path_factory.mktemp("long")
    write_dataset(home / "bids", MINUTES / 60)
    return home


@pytest.fixture(scope="module")
def undisturbed(home) -> tuple[Path, object]:
    """Return what a run on one core leaves that nobody disturbs."""
    out = home / "undisturbed"
    return out, watch(home, out, pipeline=PIPELINE, n_cpus=1)


def test_a_killed_run_goes_on_at_the_first_missing_part(home, undisturbed):
    out = home / "out"
    first = watch(home, out, pipeline=PIPELINE, kill_at_part=2)
    assert first.status == -signal.SIGKILL
    kept = len(kept_parts(out))
    assert kept >= 2
    second = watch(home, out, pipeline=PIPELINE)
    assert second.status == 0
    n = parts_of(undisturbed[0])["of"]
    assert parts_of(out) == {"of": n, "resumed": kept, "computed": n - kept}
    assert kept < n
    check(out, contents(undisturbed[0]))
    assert kept_parts(out) == []


def test_memory_does_not_hold_the_recording(undisturbed):
    """What Python, MNE, numba and the buffers take is 0.45 GB here; twice that, and no copy for each step."""
    out, seen = undisturbed
    assert seen.status == 0
    assert parts_of(out)["of"] >= 4
    assert max(seen.peaks.values()) < 0.9e9
