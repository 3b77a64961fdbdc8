"""eegmat prep, 8 subjects x 2 tasks to 4 s windows at 250 Hz: ours beside the plain MNE loop."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .row import DATA, Row, command, fastest, python

PIPELINE = """
version: 1
pipelines:
  prep:
    input: {datatype: eeg, task: [rest, arithmetic]}
    preprocess:
      - pick: {types: [eeg]}
      - filter: {l_freq: 1 Hz, h_freq: 40 Hz}
      - reference: {to: average}
      - resample: {sfreq: 250 Hz}
      - epoch: {duration: 4 s}
"""
LOOP = """
import sys, glob, mne
mne.set_log_level("ERROR")
for path in sorted(glob.glob(sys.argv[1] + "/sub-*/eeg/*_eeg.edf")):
    raw = mne.io.read_raw_edf(path, preload=True)
    raw.pick([n for n in raw.ch_names if n.startswith("EEG") and "A2" not in n])
    raw.filter(1, 40)
    raw.set_eeg_reference("average", projection=False)
    raw.resample(250)
    epochs = mne.make_fixed_length_epochs(raw, 4, preload=True)
    epochs.save(sys.argv[2] + "/" + path.split("/")[-1][:-4] + "_epo.fif", overwrite=True)
"""


def rows() -> Iterator[Row]:
    """Yield prep without and with the figures of the report, or a word on why not."""
    dataset = DATA / "eegmat"
    if not dataset.is_dir():
        yield Row("eegmat prep", 0.0, "not run: ../shared/data is not here", None, "2 x", met=True)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plain.yaml").write_text(PIPELINE)
        (folder / "report.yaml").write_text(PIPELINE + "    export: [report]\n")
        (folder / "loop.py").write_text(LOOP)
        counter = iter(range(100))

        def ours(verb: str, file: str) -> None:
            out = folder / f"out{next(counter)}"
            command(verb, "prep", "--bids-dir", dataset, "-o", out, "-f", folder / file, "--json")

        peer = fastest(lambda: python(folder / "loop.py", dataset, folder), 3)
        plain = fastest(lambda: ours("preprocess", "plain.yaml"), 3)
        report = fastest(lambda: ours("run", "report.yaml"), 2)
    yield Row("eegmat prep, 16 recordings", plain, "plain MNE loop", peer, "2 x", plain <= 2 * peer)
    yield Row("eegmat prep, with the report", report, "plain MNE loop", peer, "7 x", report <= 7 * peer)
