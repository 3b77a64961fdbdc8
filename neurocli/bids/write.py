"""From payloads to a BIDS derivative dataset: pure functions of what they are given.

Electrophysiology features and epochs have no BIDS chapter yet: their names are ours, and `.bidsignore` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__, registry
from ..data.entities import Entities, stem
from ..data.tables import tsv
from ..errors import ConfigError
from .files import write_bytes
from .tables import read_json, read_participants

BIDS_VERSION = "1.10.0"
# what BIDS does not know of what we leave
IGNORED = (".neurocli", "group", "models", "quality", "report.html", "*_epo.fif", "*_epo.json", "*_samples.tsv",
           "*_features.parquet", "*_features.json", "*_timeseries.*", "*_desc-*_events.tsv")  # fmt: skip
_TYPES = {"eeg": "EEG", "ecog": "ECOG", "seeg": "SEEG", "dbs": "DBS", "eog": "EOG", "ecg": "ECG", "emg": "EMG",
          "resp": "RESP", "gsr": "GSR", "temperature": "TEMP", "stim": "TRIG", "mag": "MEGMAG", "grad": "MEGGRADPLANAR",
          "syst": "SYSCLOCK", "eyegaze": "EYEGAZE", "pupil": "PUPIL"}  # fmt: skip
_CONTACTS = ("ecog", "seeg", "dbs")
_MANY = 2000  # channels beyond which a table of text is no longer practical


def publish(
    out: Path,
    payload: Any,
    *,
    desc: str,
    sources: Sequence[str],
    key: str,
    settings: Mapping[str, Any],
    descriptions: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write a payload as BIDS files.

    Parameters
    ----------
    out : Path
        The derivative dataset.
    payload : Recording, Epochs, Features or Image
        What to write.
    desc : str
        The ``desc-`` entity; characters that BIDS forbids are left out.
    sources : list of str
        BIDS URIs of what it was made from (``bids:raw:sub-01/eeg/…``).
    key : str
        Its address in the store.
    settings : dict
        The recipe.
    descriptions : dict, optional
        Feature to one sentence; what the registry says of it by default.

    Returns
    -------
    paths : list of Path
        The files, the principal one first. Those that were equal already keep their mtime.

    Raises
    ------
    StoreError
        If the output cannot be written (``E-STORE-FULL``, ``E-STORE-PERMISSION``).
    """
    entities = {**payload.entities, "description": re.sub(r"[^0-9A-Za-z]", "", desc)}
    names = {name: value for name, value in entities.items() if name not in ("datatype", "suffix")}
    base = out / _folder(entities) / stem(names)
    about = {"Sources": list(sources), "NeurocliKey": key, "NeurocliSettings": dict(settings)}
    if payload.kind == "features":
        return _features(base, payload, about, _sentences(payload) | dict(descriptions or {}))
    return _WRITERS[payload.kind](base, payload, about)


def _sentences(features: Any) -> dict[str, str]:
    """Return the first line of what the registry says of each feature; nothing of those it does not know."""
    found = {}
    for block in features.blocks:
        try:
            definition = registry.get(
                "features", re.sub(r"\[\d+\]$", "", block.name)
            )  # the second of a name is name[1]
            found[block.name] = (definition.__doc__ or "").strip().split("\n")[0]
        except ConfigError:
            continue
    return {name: text for name, text in found.items() if text}


def _folder(entities: Entities) -> Path:
    session = [f"ses-{entities['session']}"] if "session" in entities else []
    return Path(f"sub-{entities['subject']}", *session, entities["datatype"])


def _named(base: Path, ending: str) -> Path:
    return base.with_name(f"{base.name}_{ending}")


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """Write a JSON document; NaN has no place in one."""
    return write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def write_recording(base: Path, recording: Any, about: dict[str, Any]) -> list[Path]:
    """Write a recording and its sidecars, named `base` and their suffix; `about` goes into the JSON."""
    datatype, suffix = recording.entities["datatype"], recording.entities["suffix"]
    if datatype not in ("eeg", "ieeg", "meg", "emg"):
        return _series(base, recording, about)
    if datatype == "meg":
        from .writers.fif import write_recording as write_fif

        paths = write_fif(_named(base, f"{suffix}.fif"), recording)
    else:
        from .writers.brainvision import write

        paths = write(_named(base, suffix), recording)
    beside = [
        write_json(_named(base, f"{suffix}.json"), {**signal_facts(recording), **about}),
        write_channels(base, recording),
    ]
    return [*paths, *beside, *write_places(base, recording), *write_events(base, recording)]


def signal_facts(recording: Any) -> dict[str, Any]:
    """Return what BIDS asks of a sidecar; n/a where the recording does not say."""
    datatype = recording.entities["datatype"]
    facts = {"TaskName": recording.entities.get("task", "n/a"), "SamplingFrequency": recording.sfreq,
             "PowerLineFrequency": recording.line_freq or "n/a", "SoftwareFilters": "n/a",
             "RecordingType": "continuous", "RecordingDuration": recording.n_times / recording.sfreq}  # fmt: skip
    if datatype == "meg":
        return facts | {"DewarPosition": "n/a", "DigitizedLandmarks": False, "DigitizedHeadPoints": False}
    name = {"ieeg": "iEEGReference", "emg": "EMGReference"}.get(datatype, "EEGReference")
    return facts | {name: recording.reference or "n/a"}


def write_channels(base: Path, recording: Any, units: Sequence[str] | None = None) -> Path:
    """Write ``channels.tsv``; `units` are those in the file, where these are not what we write."""
    marks = ["bad" if name in recording.bads else "good" for name in recording.ch_names]
    types = [_TYPES.get(kind, "MISC") for kind in recording.ch_types]
    units = units or [_written_unit(unit, recording) for unit in recording.units]
    rows = [[*row, None, None, mark] for *row, mark in zip(recording.ch_names, types, units, marks, strict=True)]
    header = ["name", "type", "units", "low_cutoff", "high_cutoff", "status"]
    return write_bytes(_named(base, "channels.tsv"), tsv(header, rows))


def write_places(base: Path, recording: Any) -> list[Path]:
    """Write where the sensors are: in the head frame of MNE, which is that of CapTrak, or as an implant was given."""
    datatype, xyz = recording.entities["datatype"], recording.positions
    if datatype not in ("eeg", "ieeg") or (datatype == "eeg" and xyz is None):
        return []
    places = [[None] * 3] * len(recording.ch_names) if xyz is None else xyz.tolist()
    pairs = zip(recording.ch_names, recording.ch_types, places, strict=True)
    more = ["size"] if datatype == "ieeg" else []  # a column that BIDS demands there and refuses elsewhere
    rows = [[name, *place, *[None] * len(more)] for name, kind, place in pairs if kind in ("eeg", *_CONTACTS)]
    prefix, system = ("EEG", "CapTrak") if datatype == "eeg" else ("iEEG", "Other")
    about = "That of the source dataset." if system == "Other" else "X to the right, Y to the front, Z up."
    facts = {"System": system, "Units": "m", "SystemDescription": about}
    base = base.with_name(re.sub("_desc-[^_]*", "", base.name))  # of which BIDS has none here
    table = write_bytes(_named(base, "electrodes.tsv"), tsv(["name", "x", "y", "z", *more], rows))
    document = {f"{prefix}Coordinate{name}": value for name, value in facts.items()}
    person = {name: value for name, value in recording.entities.items() if name in ("subject", "session")}
    return [table, write_json(_named(base.with_name(stem(person)), "coordsystem.json"), document)]


def _written_unit(unit: str, recording: Any) -> str:
    """Return the unit in the file: BrainVision has voltages in µV."""
    return "µV" if unit == "V" and recording.entities["datatype"] != "meg" else unit


def write_events(base: Path, recording: Any) -> list[Path]:
    """Write ``events.tsv``, where there are events."""
    events = recording.events
    if not events or not events["onset"]:
        return []
    rows = list(map(list, zip(*events.values(), strict=True)))
    return [write_bytes(_named(base, "events.tsv"), tsv(list(events), rows))]


def _series(base: Path, recording: Any, about: dict[str, Any]) -> list[Path]:
    """Write series of regions or voxels as a table, one column a channel."""
    facts = {"SamplingFrequency": recording.sfreq, "StartTime": 0.0, **about}
    if len(recording.ch_names) > _MANY:
        return _many_series(base, recording, facts)
    rows = [[float(value) for value in volume] for volume in recording.data.T]
    path = write_bytes(_named(base, "timeseries.tsv"), tsv(list(recording.ch_names), rows))
    return [path, write_json(_named(base, "timeseries.json"), facts)]


def _many_series(base: Path, recording: Any, facts: dict[str, Any]) -> list[Path]:
    from ..data.features import Block, Features
    from .writers.parquet import write

    table = Features((Block("series", recording.data.T, recording.ch_names, "1"),), {}, recording.entities)
    return [*write(_named(base, "timeseries.parquet"), table), write_json(_named(base, "timeseries.json"), facts)]


def _epochs(base: Path, epochs: Any, about: dict[str, Any]) -> list[Path]:
    from .writers.fif import write_epochs

    facts = {"SamplingFrequency": epochs.sfreq, "StartTime": epochs.tmin, "Reference": epochs.reference or "n/a"}
    rows = list(map(list, zip(*epochs.samples.values(), strict=True)))
    return [
        *write_epochs(_named(base, "epo.fif"), epochs),
        write_json(_named(base, "epo.json"), {**facts, **about}),
        write_bytes(_named(base, "samples.tsv"), tsv(list(epochs.samples), rows)),
    ]


def _features(base: Path, features: Any, about: dict[str, Any], texts: Mapping[str, str]) -> list[Path]:
    from .writers.parquet import described, write

    document = {**about, "Columns": described(features, texts)}
    return [*write(_named(base, "features.parquet"), features), write_json(_named(base, "features.json"), document)]


def _image(base: Path, image: Any, about: dict[str, Any]) -> list[Path]:
    from .writers.nifti import write

    suffix = image.entities["suffix"]
    facts: dict[str, Any] = {"SkullStripped": False}
    if image.tr:
        facts |= {"TaskName": image.entities.get("task", "n/a"), "RepetitionTime": image.tr}
    return [
        *write(_named(base, f"{suffix}.nii.gz"), image),
        write_json(_named(base, f"{suffix}.json"), {**facts, **about}),
    ]


_WRITERS = {"recording": write_recording, "epochs": _epochs, "image": _image}


def describe(out: Path, *, pipeline: str, dataset: Path, subjects: Sequence[str]) -> list[Path]:
    """Write what makes a folder a BIDS derivative dataset.

    Parameters
    ----------
    out : Path
        The derivative dataset.
    pipeline : str
        Name of the pipeline.
    dataset : Path
        The raw dataset; where it lies is not written, so that moving it changes nothing.
    subjects : list of str
        Labels whose rows of ``participants.tsv`` are copied.

    Returns
    -------
    paths : list of Path
        ``dataset_description.json``, ``.bidsignore`` and ``participants.tsv`` (with its JSON) where there is one.
    """
    ignored = write_bytes(out / ".bidsignore", ("\n".join(IGNORED) + "\n").encode())
    description = write_json(out / "dataset_description.json", _description(pipeline, dataset))
    return [description, ignored, *_participants(out, dataset, subjects)]


def _description(pipeline: str, dataset: Path) -> dict[str, Any]:
    source = dataset / "dataset_description.json"
    raw = read_json(source, source.name) if source.is_file() else {}
    name = raw.get("Name", "unnamed dataset")
    found: dict[str, Any] = {
        "Name": f"{pipeline}: {name}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "neurocli", "Version": __version__, "Description": f"Pipeline {pipeline}."}],
        "SourceDatasets": [_source(raw)],
    }
    return found | {key: raw[key] for key in ("License", "HowToAcknowledge", "EthicsApprovals") if key in raw}


def _source(raw: Mapping[str, Any]) -> dict[str, str]:
    doi = str(raw.get("DatasetDOI", ""))
    known = {"DOI": doi, "URL": doi.replace("doi:", "https://doi.org/") if doi else ""}
    return {"Description": str(raw.get("Name", "n/a")), **{k: v for k, v in known.items() if v}}


def _participants(out: Path, dataset: Path, subjects: Sequence[str]) -> list[Path]:
    rows = read_participants(dataset)
    kept = {subject: rows[subject] for subject in subjects if subject in rows}
    if not kept:
        return []
    columns = list(next(iter(kept.values())))
    table = tsv(["participant_id", *columns], [[f"sub-{s}", *row.values()] for s, row in sorted(kept.items())])
    document = dataset / "participants.json"
    copied = [write_bytes(out / document.name, document.read_bytes())] if document.is_file() else []
    return [write_bytes(out / "participants.tsv", table), *copied]
