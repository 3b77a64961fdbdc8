"""A small BIDS EEG dataset whose truth is known: eight simulated people, eyes open and eyes closed in random order.

Sources are dipoles in a three-shell sphere, so that the scalp mixes them as a head does: an occipital alpha rhythm
that is stronger with closed eyes, background with a 1/f spectrum everywhere, blinks in front, and mains.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.tables import tsv
from .files import placed, write_bytes

if TYPE_CHECKING:
    import numpy as np

    from ._simulate import Person

N_SUBJECTS = 8
TASK = "demo"


def write_demo(root: Path, seed: int = 0) -> Path:
    """Write the dataset.

    Parameters
    ----------
    root : Path
        Folder to write into; files that are there already with the same content are left alone.
    seed : int
        The same seed gives the same bytes.

    Returns
    -------
    root : Path
        As given. The truth stands in ``sourcedata/ground_truth.json``.
    """
    from ._simulate import simulate

    people = [simulate(f"{i + 1:02d}", seed) for i in range(N_SUBJECTS)]
    for person in people:
        _write_person(root, person)
    _write_dataset(root, people, seed)
    return root


def _write_person(root: Path, person: Person) -> None:
    base = root / f"sub-{person.label}" / "eeg" / f"sub-{person.label}_task-{TASK}"
    placed(base.with_name(f"{base.name}_eeg.edf"), lambda path: _write_edf(path, person.data, person.ch_names))
    channels = [[name, "EOG" if name == "VEOG" else "EEG", "µV", "good"] for name in person.ch_names]
    write_bytes(base.with_name(f"{base.name}_channels.tsv"), tsv(["name", "type", "units", "status"], channels))
    events = [[onset, person.duration, kind] for onset, kind in person.trials]
    write_bytes(base.with_name(f"{base.name}_events.tsv"), tsv(["onset", "duration", "trial_type"], events))


def _write_edf(path: Path, data: np.ndarray, ch_names: tuple[str, ...]) -> None:
    """Write volts as EDF, in steps of 0.1 uV."""
    import edfio

    from ._simulate import SFREQ

    limits = (-3276.8, 3276.7)  # of 16 bits
    microvolts = (data * 1e6).clip(*limits)
    signals = [edfio.EdfSignal(x, SFREQ, label=name, physical_dimension="uV", physical_range=limits)
               for x, name in zip(microvolts, ch_names, strict=True)]  # fmt: skip
    edfio.Edf(signals).write(path)


def _write_dataset(root: Path, people: list[Person], seed: int) -> None:
    from ._simulate import SFREQ, truth

    _json(root / "dataset_description.json", {
        "Name": "neurocli demo (simulated EEG)", "BIDSVersion": "1.10.0", "DatasetType": "raw", "License": "CC0",
        "Authors": ["neurocli"], "GeneratedBy": [{"Name": "neurocli", "Description": f"neurocli demo, seed {seed}"}],
    })  # fmt: skip
    _json(root / f"task-{TASK}_eeg.json", {
        "TaskName": TASK, "TaskDescription": "Simulated: eyes open or closed for 4 s, in random order.",
        "SamplingFrequency": SFREQ, "PowerLineFrequency": 50, "EEGReference": "infinity (simulated)",
        "SoftwareFilters": "n/a", "EEGPlacementScheme": "10-20", "RecordingType": "continuous",
        "EEGChannelCount": 19, "EOGChannelCount": 1, "ECGChannelCount": 0, "EMGChannelCount": 0,
    })  # fmt: skip
    _json(root / f"task-{TASK}_events.json", {"trial_type": {
        "Description": "What the eyes did.", "Levels": {"open": "Eyes open.", "closed": "Eyes closed: more alpha."},
    }})  # fmt: skip
    rows = [[f"sub-{person.label}", person.age, person.sex] for person in people]
    write_bytes(root / "participants.tsv", tsv(["participant_id", "age", "sex"], rows))
    _json(root / "participants.json", {"age": {"Description": "Age (invented).", "Units": "year"},
                                       "sex": {"Description": "Sex (invented)."}})  # fmt: skip
    _json(root / "sourcedata" / "ground_truth.json", truth(people, seed))
    write_bytes(root / "README", _README.encode())


def _json(path: Path, content: dict[str, Any]) -> None:
    write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


_README = """Simulated EEG, written by `neurocli demo`. Nobody was recorded.

Eight people, 19 channels of the 10-20 system and one EOG, 250 Hz, 24 trials of 4 s: eyes open or closed, in random
order. Closed eyes raise the power of an occipital alpha rhythm by a factor that differs between people; background
(1/f), blinks and mains (50 Hz) do not depend on the condition. sourcedata/ground_truth.json has the sources, the
factors and the times of the blinks.
"""
