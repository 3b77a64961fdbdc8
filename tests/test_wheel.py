"""The wheel holds all that a run needs, and works far from the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pip(*words: str | Path) -> None:
    """Run pip quietly, without a network."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Return a folder into which the wheel of this tree was installed, with nothing of the tree on the path."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "dist", ROOT)
    (wheel,) = (folder / "dist").glob("neurocli-*.whl")
    pip("install", "--no-deps", "--no-index", "--target", folder / "site", wheel)
    return folder / "site"


def test_the_demo_runs_from_the_wheel_outside_the_repository(installed, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(installed), "NEUROCLI_CACHE_DIR": str(tmp_path / "cache")}
    where = "import neurocli; print(neurocli.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(installed))
    command = [sys.executable, "-m", "neurocli", "demo", "-o", "demo", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "ok"
    assert document["scores"][0]["mean"] > document["scores"][0]["chance"]
    assert (tmp_path / "demo" / "derivatives" / "report.html").is_file()
