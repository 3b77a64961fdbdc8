"""`plan` of 100,000 units: keys of all of them from a cold index, and a look at 100,000 entries of the store."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from .row import Row, command

N_UNITS = 100_000
BAR_S = 10.0
PIPELINE = """
version: 1
pipelines:
  big:
    input: {datatype: eeg}
    preprocess: [{filter: {l_freq: 1 Hz, h_freq: 40 Hz}}, {epoch: {duration: 2 s}}]
    featurize: [{band_power: {bands: {alpha: [8 Hz, 13 Hz]}}}]
"""


def write_tree(root: Path, n_units: int) -> None:
    """Write recordings as git-annex leaves them: links whose names say what is in them; two units each, four a person.

    So every key is final without reading a recording, as it is on any machine that has hashed them once.
    """
    root.mkdir()
    (root / "dataset_description.json").write_text(json.dumps({"Name": "big", "BIDSVersion": "1.10.0"}))
    for subject in range(n_units // 4):
        folder = root / f"sub-{subject:05d}" / "eeg"
        folder.mkdir(parents=True)
        for task in ("rest", "work"):
            name = f"sub-{subject:05d}_task-{task}_eeg.edf"
            digest = sha256(name.encode()).hexdigest()
            (folder / name).symlink_to(f"../../.git/annex/objects/SHA256E-s1048576--{digest}.edf")


def fill(out: Path, plan: list[dict[str, Any]]) -> None:
    """Put an entry and a record of its publication there for every unit, and wait until the disk has them."""
    (out / ".neurocli" / "published").mkdir(parents=True)
    for unit in plan:
        key = unit["key"]
        folder = out / ".neurocli" / "store" / key[:2] / key
        folder.mkdir(parents=True)
        (folder / "payload.json").write_text("{}")
        manifest = {"format": 1, "key": key, "payload": {"name": "payload.json", "size": 2}, "files": {}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        record = out / ".neurocli" / "published" / (unit["unit"].replace("/", "__") + ".json")
        record.write_text(json.dumps({"key": key, "files": []}))
    (out / ".neurocli" / "store" / "format").write_text("1\n")
    os.sync()  # else the kernel writes half a million files while the plan looks at them


def rows() -> Iterator[Row]:
    """Yield the plan with nothing there, and with everything there."""
    home = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".scale-"))
    try:
        write_tree(home / "bids", N_UNITS)
        (home / "pipelines.yaml").write_text(PIPELINE)
        words: list[str | Path] = ["plan", "big", "--bids-dir", home / "bids", "-o", home / "out"]
        words += ["-f", home / "pipelines.yaml", "--json"]
        cold, first = _timed(words, home)
        fill(home / "out", first["plan"])
        warm, second = _timed(words, home)
    finally:
        shutil.rmtree(home)
    known = all(unit["key"] != "pending" for unit in first["plan"])
    is_right = known and first["units"] == {"to run": N_UNITS} and second["units"] == {"cached": N_UNITS}
    yield Row(f"plan, {N_UNITS} units, cold", cold, "", None, "10 s", cold <= BAR_S and is_right)
    yield Row(f"plan, {N_UNITS} units, all of them cached", warm, "", None, "10 s", warm <= BAR_S and is_right)


def _timed(words: list[str | Path], home: Path) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    said = command(*words, env={"NEUROCLI_CACHE_DIR": str(home / "cache")}).stdout
    return time.perf_counter() - started, json.loads(said)
