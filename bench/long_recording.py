"""A long simulated EEG as a BIDS dataset, written some seconds at a time, and a run of it, watched and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
N_CHANNELS, SFREQ = 64, 256
RANGE_UV = 3276.8  # of the int16 samples: 0.1 µV a step
PIPELINE = """version: 1
pipelines:
  long:
    input: {datatype: eeg}
    preprocess:
      - epoch: {duration: 4 s}
    featurize: [mean, variance, skewness, kurtosis, line_length, zero_crossings, hjorth_mobility, hjorth_complexity,
                band_power, spectral_edge, spectral_entropy, permutation_entropy, svd_entropy, sample_entropy]
"""
WATCH_S = 0.02


def write_dataset(root: Path, hours: float, seed: int = 1) -> Path:
    """Write one recording of 64 channels at 256 Hz as EDF with its sidecars; return its path."""
    folder = root / "sub-01" / "eeg"
    folder.mkdir(parents=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "long", "BIDSVersion": "1.10.0"}))
    names = [f"E{i:02d}" for i in range(1, N_CHANNELS + 1)]
    base = folder / "sub-01_task-sleep"
    facts = {"TaskName": "sleep", "SamplingFrequency": SFREQ, "PowerLineFrequency": 50, "EEGReference": "n/a",
             "SoftwareFilters": "n/a"}  # fmt: skip
    base.with_name(f"{base.name}_eeg.json").write_text(json.dumps(facts))
    rows = "".join(f"{name}\tEEG\tuV\n" for name in names)
    base.with_name(f"{base.name}_channels.tsv").write_text("name\ttype\tunits\n" + rows)
    path = base.with_name(f"{base.name}_eeg.edf")
    n_seconds = round(hours * 3600)
    with path.open("wb") as file:
        file.write(_header(names, n_seconds))
        for start in range(0, n_seconds, 60):
            _samples(min(60, n_seconds - start), np.random.default_rng([seed, start])).tofile(file)
    return path


def _header(names: list[str], n_seconds: int) -> bytes:
    n = len(names)
    start = ["0", "X X X X", "Startdate X X X X", "01.01.85", "00.00.00", str(256 * (n + 1)), "", str(n_seconds), "1",
             str(n)]  # fmt: skip
    widths = [8, 80, 80, 8, 8, 8, 44, 8, 8, 4]
    low, high = f"{-RANGE_UV}", f"{RANGE_UV - 0.1:.1f}"
    every = [("", 80), ("uV", 8), (low, 8), (high, 8), ("-32768", 8), ("32767", 8), ("", 80), (str(SFREQ), 8), ("", 32)]
    columns = [(names, 16), *(([value] * n, width) for value, width in every)]
    fields = [*zip(start, widths, strict=True), *((value, width) for values, width in columns for value in values)]
    return "".join(f"{value:<{width}}" for value, width in fields).encode("ascii")


def _samples(n_seconds: int, rng: np.random.Generator) -> np.ndarray:
    """Return records of a second: slow and fast noise with an alpha rhythm, shape (n_seconds, n_channels, sfreq)."""
    n_times = n_seconds * SFREQ
    noise = rng.standard_normal((N_CHANNELS, n_times), dtype=np.float32)
    slow = np.repeat(rng.standard_normal((N_CHANNELS, n_times // 16), dtype=np.float32), 16, axis=1)
    alpha = np.sin(2 * np.pi * 10 * np.arange(n_times, dtype=np.float32) / SFREQ + rng.uniform(0, 6))
    microvolts = 8 * noise + 15 * slow + 12 * alpha
    integers: np.ndarray = np.rint(microvolts * 10).astype("<i2")
    return integers.reshape(N_CHANNELS, n_seconds, SFREQ).swapaxes(0, 1)


@dataclass
class Watched:
    """What was seen of a run: how it ended, how long it took, and the peak of its anonymous memory by process."""

    status: int | None = None
    wall_s: float = 0.0
    peaks: dict[int, int] = field(default_factory=dict)  # process -> bytes
    together: int = 0
    document: dict[str, Any] = field(default_factory=dict)


def watch(
    home: Path, out: Path, *, pipeline: str = PIPELINE, n_cpus: int = 2, kill_at_part: int | None = None
) -> Watched:
    """Run the features of the recording below `home` in a process of its own; maybe kill it after some parts."""
    (home / "pipelines.yaml").write_text(pipeline)
    words = ["featurize", "long", "--bids-dir", home / "bids", "-o", out, "-f", home / "pipelines.yaml", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEUROCLI_CACHE_DIR": str(home / "cache")}
    command = [sys.executable, "-m", "neurocli", *map(str, words), "--n-cpus", str(n_cpus)]
    started, seen = time.perf_counter(), Watched()
    with (home / "answer").open("w+") as answer:
        run = subprocess.Popen(command, env=env, cwd=home, stdout=answer, start_new_session=True)
        while run.poll() is None:
            _look(run.pid, seen)
            if kill_at_part is not None and len(kept_parts(out)) >= kill_at_part:
                os.kill(run.pid, signal.SIGKILL)
                break
            time.sleep(WATCH_S)
        while any(_is_there(pid) for pid in seen.peaks if pid != run.pid):
            time.sleep(WATCH_S)  # what it started ends with it
        seen.status, seen.wall_s = run.wait(), time.perf_counter() - started
        answer.seek(0)
        seen.document = json.loads(answer.read() or "{}")
    return seen


def kept_parts(out: Path) -> list[Path]:
    """Return the parts of unfinished units that lie in the store."""
    return sorted((out / ".neurocli" / "store" / "scratch").glob("*/*.safetensors"))


def parts_of(out: Path) -> dict[str, int]:
    """Return what the ledger's last word on the features says of their parts."""
    lines = [line for path in (out / ".neurocli" / "ledger").glob("*.jsonl") for line in path.read_text().splitlines()]
    events = [event for event in map(json.loads, lines) if event["event"] == "done" and event.get("parts")]
    return dict(events[-1]["parts"])


def _look(pid: int, seen: Watched) -> None:
    found = {one: _anonymous(one) for one in [pid, *_children(pid)]}
    for one, n_bytes in found.items():
        seen.peaks[one] = max(seen.peaks.get(one, 0), n_bytes)
    seen.together = max(seen.together, sum(found.values()))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _anonymous(pid: int) -> int:
    """Return resident memory without the page cache, in bytes; nothing of a process that has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))
