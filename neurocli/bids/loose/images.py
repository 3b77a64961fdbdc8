"""NIfTI images as they are, and folders of DICOM files through `dcm2niix`."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ...errors import InputError, MissingError
from ..files import placed
from ..readers import nifti
from ..readers.signal import unsupported
from ..tables import read_json
from ..write import write_json
from .mapping import Row, extension_of, fault

_BESIDE = (".bval", ".bvec")
# bytes of a NIfTI-1 header in which a scanner may have written who was in it: data_type, db_name, descrip, aux_file
_WORDS = (slice(4, 14), slice(14, 32), slice(148, 228), slice(228, 252))


def write_image(out: Path, row: Row) -> tuple[list[Path], list[str]]:
    """Write one image, or one series of DICOM files, with its sidecar; return the paths and no word."""
    base = out / f"{row.base}_{row.entities['suffix']}"
    if extension_of(row.file) == "":
        return _converted(base, row), []
    return _placed(base, row, row.file, {}), []


def _placed(base: Path, row: Row, source: Path, document: dict[str, Any]) -> list[Path]:
    volume = nifti.read(source)
    facts = document | _facts(row, volume)
    raw = bytearray(gzip.decompress(source.read_bytes()) if source.suffix == ".gz" else source.read_bytes())
    if int.from_bytes(raw[:4], "little") == 348 or int.from_bytes(raw[:4], "big") == 348:
        for place in _WORDS:
            raw[place] = bytes(place.stop - place.start)
    target = base.with_name(f"{base.name}.nii.gz")
    placed(target, lambda temporary: temporary.write_bytes(gzip.compress(bytes(raw), mtime=0)))
    return [target, write_json(base.with_name(f"{base.name}.json"), facts)]


def _facts(row: Row, volume: nifti.Volume) -> dict[str, Any]:
    if row.entities["datatype"] != "func":
        return {}
    if volume.data.ndim != 4:
        shape = " x ".join(map(str, volume.data.shape))
        raise InputError(f"A functional series is 4-D, but the image is {shape}.", code="E-INPUT-SHAPE",
                         where=str(row.file))  # fmt: skip
    tr = row.tr or volume.tr
    if not tr:
        raise fault(
            f"Nothing says the repetition time of {row.file.name}.", row.where, "Add it in the column tr, in s."
        )
    return {"TaskName": row.entities["task"], "RepetitionTime": tr}


def _converted(base: Path, row: Row) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="neurocli-dicom-") as name:
        folder = Path(name)
        images = _dcm2niix(row.file, folder)
        stem = images[0].name.removesuffix(".nii.gz")
        sidecar = folder / f"{stem}.json"
        paths = _placed(base, row, images[0], read_json(sidecar) if sidecar.is_file() else {})
        for extension in _BESIDE:
            found = folder / f"{stem}{extension}"
            if found.is_file():
                target = base.with_name(f"{base.name}{extension}")
                paths.append(placed(target, lambda to, found=found: shutil.copyfile(found, to)))  # type: ignore[misc]
        return paths


def _dcm2niix(source: Path, folder: Path) -> list[Path]:
    """Return the images that the tool makes of a folder (``E-ENVIRONMENT-TOOL`` where it is not here)."""
    tool = shutil.which("dcm2niix")
    if tool is None:
        raise MissingError("Converting DICOM needs the program dcm2niix, which is not found here.",
                           code="E-ENVIRONMENT-TOOL", where=str(source),
                           remedy="Run: pip install 'neurocli[formats]' (or apt-get install dcm2niix)")  # fmt: skip
    words = [tool, "-b", "y", "-ba", "y", "-z", "y", "-f", "image_%s", "-o", str(folder), str(source)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    images = sorted(folder.glob("*.nii.gz"))
    if len(images) == 1:
        return images
    if images:
        what = f"The folder holds {len(images)} series."
        raise unsupported(source, what, "Give each series a folder and a row of its own.")
    said = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
    raise unsupported(source, f"dcm2niix made no image of it; it said: {said[-1]}", "See that it holds DICOM images.")
