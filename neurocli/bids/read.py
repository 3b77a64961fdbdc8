"""From an item to a `Recording` or an `Image` in SI units: the file, then its sidecars in their order."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from ..data.lazy import settled
from ..data.recording import Image, Recording
from ..data.samples import Samples
from ..errors import InputError
from .digests import missing
from .question import Item
from .readers import FAMILIES
from .tables import numbers, read_json, read_tsv

_LEAST = 1e-3  # relative difference of two rates that are not the same


def read(root: Path, item: Item, *, lazily: bool = False) -> Recording | Image:
    """Read one recording with the sidecars it inherits.

    Parameters
    ----------
    root : Path
        The dataset.
    item : Item
        As `select` gave it.
    lazily : bool
        Leave the signal of a long recording in its file, as a `data.lazy.Series`.

    Returns
    -------
    data : Recording or Image
        In SI units. What a person should know is in its notes, under ``warning``.

    Raises
    ------
    InputError
        ``E-INPUT-TRUNCATED``, ``E-INPUT-SIDECAR``, ``E-INPUT-CHANNELS``, ``E-INPUT-UNIT``, ``E-INPUT-TSV``,
        ``E-INPUT-LINK``, ``E-INPUT-FORMAT`` or ``E-INPUT-UNREADABLE``.
    """
    try:
        found = _read(root, item)
        return found if lazily else settled(found)
    except InputError as error:
        error.where = (error.where or item.path).removeprefix(f"{root}/")
        raise
    except OSError as error:  # no permission, or a disk that fails
        raise missing(Path(error.filename or root / item.path), item.path, error) from error


def _read(root: Path, item: Item) -> Recording | Image:
    for path in (item.path, *item.sidecars):
        _check_there(root, path)
    reader = _reader(item.path)
    family = FAMILIES[extension(item.path)]
    if family == "nifti":
        from .image import to_image

        return to_image(root, item, reader.read(root / item.path))
    if family in ("regions", "cifti"):
        from .regions import to_regions

        return to_regions(root, item, reader.read(root / item.path))
    return _to_recording(root, item, reader.read(root / item.path))


def extension(path: str) -> str:
    """Return the extension of a BIDS file, ``.nii.gz`` being one."""
    return "." + path.rpartition("/")[2].partition(".")[2]


def _reader(path: str) -> Any:
    family = FAMILIES.get(extension(path))
    if family is None:
        known = ", ".join(FAMILIES)
        raise InputError(f"The format {extension(path)} cannot be read; these can: {known}.", code="E-INPUT-FORMAT",
                         where=path, remedy="Convert it.")  # fmt: skip
    return import_module(f".readers.{family}", __package__)


def _check_there(root: Path, path: str) -> None:
    try:
        (root / path).stat()
    except OSError as error:
        raise missing(root / path, path, error) from error


def sidecar(root: Path, item: Item) -> dict[str, Any]:
    """Return the JSON of a recording, the more specific file over the more general."""
    merged: dict[str, Any] = {}
    for path in item.sidecars:
        if path.endswith(f"{item.entities['suffix']}.json"):
            merged |= read_json(root / path, path)
    return merged


def find(item: Item, ending: str) -> str | None:
    """Return the sidecar with that ending, if there is one."""
    return next((path for path in item.sidecars if path.endswith(ending)), None)


def events(root: Path, item: Item) -> Samples:
    """Return `events.tsv`: `onset` and `duration` in s as numbers, the rest as text; nothing where there is none."""
    path = find(item, "_events.tsv")
    if path is None:
        return {}
    table = read_tsv(root / path, path, ("onset", "duration"))
    timed: Samples = {
        "onset": list(numbers(table, "onset", path, required=True)),
        "duration": list(numbers(table, "duration", path)),
    }
    return timed | {name: list(column) for name, column in table.items() if name not in timed}


def _late(happened: Samples, length: float) -> tuple[dict[str, Any], ...]:
    """Return a note on events that start after the end of the recording."""
    late = sum(onset >= length for onset in happened.get("onset", ()))
    text = f"{late} of {len(happened.get('onset', ()))} events start after the end of the recording ({length:g} s)."
    return ({"step": "read", "warning": text},) if late else ()


def _to_recording(root: Path, item: Item, signal: Any) -> Recording:
    from .channels import described

    document = sidecar(root, item)
    _check_rate(signal.sfreq, document, item)
    _check_length(signal, document, item)
    table = find(item, "_channels.tsv")
    channels = described(signal, read_tsv(root / table, table) if table else None, item.entities["datatype"],
                         table or item.path)  # fmt: skip
    positions, note = _positions(root, item, signal, channels)
    happened = events(root, item)
    return Recording(
        data=channels.data,
        sfreq=float(signal.sfreq),
        ch_names=channels.ch_names,
        ch_types=channels.ch_types,
        units=channels.units,
        entities=item.entities,
        positions=positions,
        bads=channels.bads,
        events=happened,
        annotations=signal.annotations,
        reference=_reference(document),
        line_freq=_line_freq(document, item),
        info=signal.info,
        notes=(*signal.notes, *channels.notes, *note, *_late(happened, signal.data.shape[1] / signal.sfreq)),
    )


def _check_rate(sfreq: float, document: dict[str, Any], item: Item) -> None:
    said = document.get("SamplingFrequency")
    if said in (None, "n/a"):
        return
    if not isinstance(said, (int, float)) or abs(said - sfreq) > _LEAST * sfreq:
        raise InputError(f"SamplingFrequency is {said!r} in the sidecar, but {sfreq:g} Hz in the file.",
                         code="E-INPUT-SIDECAR", where=item.path, remedy="Mend the one that is wrong.")  # fmt: skip


def _check_length(signal: Any, document: dict[str, Any], item: Item) -> None:
    """Refuse a file that is shorter than its sidecar says, where the format itself cannot tell."""
    said = document.get("RecordingDuration")
    length = signal.data.shape[1] / signal.sfreq
    if signal.length_said or not isinstance(said, (int, float)) or said - length <= max(1.0, 0.01 * length):
        return
    raise InputError(f"The recording is {length:g} s long, its sidecar says {said:g} s.", code="E-INPUT-TRUNCATED",
                     where=item.path, remedy="Fetch it again, or mend RecordingDuration.")  # fmt: skip


def _positions(root: Path, item: Item, signal: Any, channels: Any) -> tuple[Any, tuple[dict[str, Any], ...]]:
    from . import places

    if signal.positions is not None:
        return signal.positions, ()
    table, system = find(item, "_electrodes.tsv"), find(item, "_coordsystem.json")
    if table:
        found, note = places.from_table(root / table, root / system if system else None, channels.ch_names)
        if found is not None or note:
            return found, (note,) if note else ()
    return places.standard(channels.ch_names, channels.ch_types), ()


def _reference(document: dict[str, Any]) -> str | None:
    said = [document[name] for name in ("EEGReference", "iEEGReference", "EMGReference") if name in document]
    return said[0] if said and isinstance(said[0], str) and said[0] != "n/a" else None


def _line_freq(document: dict[str, Any], item: Item) -> float | None:
    """Return the mains frequency in Hz; None where the sidecar does not know it."""
    said = document.get("PowerLineFrequency")
    if said in (None, "n/a"):
        return None
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not said > 0:
        message = f"PowerLineFrequency is {said!r} in the sidecar, expected Hz."
        raise InputError(message, code="E-INPUT-SIDECAR", where=item.path, remedy="Mend it, or write n/a.")
    return float(said)
