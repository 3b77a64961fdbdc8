"""`plan` on a synthetic tree of 1,000 subjects and 20,000 files, cold and warm."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .row import Row, command, fastest

PIPELINE = """
version: 1
pipelines:
  big:
    input: {datatype: eeg, task: [rest, work]}
    target: {entity: task}
    preprocess: [{filter: {l_freq: 1 Hz, h_freq: 40 Hz}}, {epoch: {duration: 2 s}}]
    featurize: [{band_power: {bands: {alpha: [8 Hz, 13 Hz]}}}]
    train: {split: {k_fold: 10, by: subject}, model: [standardize, logistic_regression]}
    evaluate: {metrics: [balanced_accuracy]}
"""


def write_tree(root: Path, n_subjects: int = 1000) -> int:
    """Write subjects of two sessions and two tasks, with sidecars, and return the number of files."""
    (root / "dataset_description.json").write_text(json.dumps({"Name": "big", "BIDSVersion": "1.10.0"}))
    names = ("eeg.edf", "eeg.json", "channels.tsv", "events.tsv", "electrodes.tsv")
    for s in range(n_subjects):
        for session in ("01", "02"):
            folder = root / f"sub-{s:04d}" / f"ses-{session}" / "eeg"
            folder.mkdir(parents=True)
            for task in ("rest", "work"):
                for name in names:
                    (folder / f"sub-{s:04d}_ses-{session}_task-{task}_{name}").write_text(f"{s}{session}{task}")
    return n_subjects * 2 * 2 * len(names)


def rows() -> Iterator[Row]:
    """Yield the cold and the warm plan."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "bids"
        root.mkdir()
        n = write_tree(root)
        file = Path(name) / "pipelines.yaml"
        file.write_text(PIPELINE)
        words: list[str | Path] = ["plan", "big", "--bids-dir", root, "-o", Path(name) / "out", "-f", file, "--json"]
        cold = min(_cold(words, Path(name) / f"cache{turn}") for turn in range(2))
        env = {"NEUROCLI_CACHE_DIR": str(Path(name) / "cache0")}
        warm = fastest(lambda: command(*words, env=env), 9)
    yield Row(f"plan, {n} files, cold", cold, "", None, "3 s", cold <= 3)
    yield Row(f"plan, {n} files, warm", warm, "", None, "1 s", warm <= 1)


def _cold(words: Sequence[str | Path], memory: Path) -> float:
    return fastest(lambda: command(*words, env={"NEUROCLI_CACHE_DIR": str(memory)}), 1)
