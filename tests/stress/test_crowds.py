"""Several runs at once on one store and one output folder: the same bytes, and nothing is computed twice."""

from __future__ import annotations

import pytest

from .whole_runs import HANG_S, Stage, check, contents, executed


def crowd(stage, out, n_runs) -> None:
    """Start runs at once; all of them must end well."""
    runs = [stage.start(out) for _ in range(n_runs)]
    said = [run.communicate(timeout=HANG_S)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * n_runs, b"".join(said).decode()


@pytest.mark.parametrize("n_runs", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_runs_at_once_compute_nothing_twice_and_end_with_the_same_bytes(tmp_path, n_runs):
    stage = Stage.built(tmp_path, n_subjects=2)
    stage.finish(tmp_path / "alone")
    crowd(stage, tmp_path / "out", n_runs)
    check(tmp_path / "out", contents(tmp_path / "alone"))
    assert executed(tmp_path / "out") == executed(tmp_path / "alone")
    assert set(executed(tmp_path / "out").values()) == {1}
