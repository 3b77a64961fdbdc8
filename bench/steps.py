"""Steps beside the bare MNE or ANTs call, a long file of which one channel is looked at, and two subjects on two cores.

Ratios of steps are of CPU time on one thread, the shortest of several turns of each, taken in turn.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from functools import partial
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from ._images import pairs as image_pairs
from .row import Row, command, fastest

NAMES = [*("Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2"), *("F7", "F8", "T7", "T8", "P7", "P8"),
         *("Fz", "Cz", "Pz", "Oz")]  # fmt: skip
SFREQ, SECONDS = 500.0, 180.0
LEAST, MOST, ENOUGH_S = 3, 60, 12.0  # turns of each side, and CPU time after which there are no more
EDF_SFREQ = 256
TWO = """
version: 1
pipelines:
  two:
    input: {datatype: eeg, task: rest}
    preprocess:
      - pick: {types: [eeg]}
      - filter: {l_freq: 1 Hz, h_freq: 40 Hz}
      - ica: {frontal: true}
"""
PEAK = """
import sys, tracemalloc
from pathlib import Path
import numpy as np
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.select import select
from neurocli.data.lazy import settled
import neurocli.bids.readers.edf
root = Path(sys.argv[1])
[item] = select(scan(root, root / "cache"), Question(datatype="eeg"))
tracemalloc.start()
found = read(root, item, lazily=True)
(settled(found).data if sys.argv[2] == "whole" else found.data[:1])[0].sum()
print(tracemalloc.get_traced_memory()[1])
"""


def rows() -> Iterator[Row]:
    """Yield a row a step, one for memory and one for two cores."""
    for name, ours, peer in _pairs():
        yield _beside(name, ours, "the MNE call", peer)
    if find_spec("ants") and find_spec("brainextractor"):
        yield from (_beside(*four) for four in image_pairs())
    else:
        yield Row("steps of images", 0.0, "not run: neurocli[mri] is not installed", None, "1.1 x", met=True)
    yield _memory()
    yield _two_cores()


def _pairs() -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    import mne
    import numpy as np

    from neurocli import registry
    from neurocli.data.recording import Recording

    mne.set_log_level("ERROR")
    x = np.random.default_rng(0).standard_normal((len(NAMES), round(SECONDS * SFREQ))) * 1e-5
    known = mne.channels.make_standard_montage("standard_1005").get_positions()["ch_pos"]
    places = {name: known[name] for name in NAMES}
    entities = {"subject": "01", "task": "rest", "datatype": "eeg", "suffix": "eeg"}
    kinds, units = ("eeg",) * len(NAMES), ("V",) * len(NAMES)
    data = Recording(x, SFREQ, tuple(NAMES), kinds, units, entities, positions=np.array(list(places.values())),
                     bads=("Cz",))  # fmt: skip
    info = mne.create_info(NAMES, SFREQ, "eeg")
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    info["bads"] = ["Cz"]
    raw = mne.io.RawArray(x, info)

    def ours(name: str, **settings: Any) -> Callable[[], object]:
        step: Any = registry.get("steps", name)(**settings)
        return partial(step.run, data)

    yield "filter", ours("filter", l_freq=1, h_freq=40), lambda: mne.filter.filter_data(x, SFREQ, 1, 40)
    yield "notch", ours("notch", freqs=[50]), lambda: mne.filter.notch_filter(x, SFREQ, [50])
    yield "resample", ours("resample", sfreq=250), lambda: raw.copy().resample(250)
    yield "reference", ours("reference", to="average"), lambda: raw.copy().set_eeg_reference("average")
    yield "interpolate_bads", ours("interpolate_bads"), lambda: raw.copy().interpolate_bads()
    yield "epoch", ours("epoch", duration=4), lambda: mne.make_fixed_length_epochs(raw, 4, preload=True)


def _beside(name: str, ours: Callable[[], object], peer_name: str, peer: Callable[[], object]) -> Row:
    a, b = _in_turn(ours, peer)
    return Row(f"{name}, CPU", a, peer_name, b, "1.1 x", a <= 1.1 * b)


def _in_turn(*works: Callable[[], object]) -> list[float]:
    """Return the shortest CPU time of each, in s; what takes no longer than a hiccup gets the most turns."""
    best, began = [float("inf")] * len(works), time.process_time()
    for turn in range(1, MOST + 1):
        for place, work in enumerate(works):
            started = time.process_time()
            with redirect_stdout(StringIO()):  # brainextractor counts aloud
                work()
            best[place] = min(best[place], time.process_time() - started)
        if turn >= LEAST and time.process_time() - began > ENOUGH_S:
            break
    return best


def _memory() -> Row:
    import numpy as np

    with tempfile.TemporaryDirectory() as name:
        root, noise = Path(name), np.random.default_rng(0).standard_normal(1800 * EDF_SFREQ)
        _write(root, "01", {f"E{i}": noise for i in range(64)})
        (root / "peak.py").write_text(PEAK)
        one, whole = (_peak(root, what) for what in ("one", "whole"))
    said = f"{one / 2**20:.0f} MiB allocated where one channel of 64 is looked at, {whole / 2**20:.0f} where all are"
    return Row("30 minutes of EDF, memory for one channel", one / whole, said, None, "0.25", one <= 0.25 * whole)


def _write(root: Path, label: str, signals: Mapping[str, Any]) -> None:
    """Add a person's recording to a dataset, as EDF; the signals are standardised."""
    import edfio

    folder = root / f"sub-{label}" / "eeg"
    folder.mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "simulated", "BIDSVersion": "1.10.0"}')
    channels = [edfio.EdfSignal(x * 50, EDF_SFREQ, label=name, physical_dimension="uV") for name, x in signals.items()]
    edfio.Edf(channels).write(folder / f"sub-{label}_task-rest_eeg.edf")


def _peak(root: Path, what: str) -> float:
    words = [sys.executable, str(root / "peak.py"), str(root), what]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def _two_cores() -> Row:
    if len(os.sched_getaffinity(0)) < 2:
        return Row("two subjects on two cores", 0.0, "not run: there is one core", None, "0.6 x", met=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in (1, 2):
            _write(folder / "data", f"{seed:02}", _mixture(seed))
        (folder / "two.yaml").write_text(TWO)
        counter = iter(range(100))

        def ours(n: int) -> None:
            out = folder / f"out{next(counter)}"
            command("preprocess", "two", "--bids-dir", folder / "data", "-o", out, "-f", folder / "two.yaml",
                    "--n-cpus", str(n), "--json")  # fmt: skip

        times = [(fastest(lambda: ours(1), 1), fastest(lambda: ours(2), 1)) for _ in range(3)]  # in turn
    serial, both = map(min, zip(*times, strict=True))
    return Row("two subjects on two cores", both, "on one core", serial, "0.6 x", both <= 0.6 * serial)


def _mixture(seed: int) -> dict[str, Any]:
    """Return ten minutes of mixed heavy-tailed sources, so that each person's ICA has the same work to do."""
    import mne
    import numpy as np

    rng, names = np.random.default_rng(seed), mne.channels.make_standard_montage("biosemi64").ch_names
    sources = rng.laplace(size=(len(names), 600 * EDF_SFREQ))
    mixed = rng.standard_normal((len(names), len(names))) @ sources / np.sqrt(2 * len(names))
    return dict(zip(names, mixed, strict=True))
