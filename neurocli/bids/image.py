"""What the sidecars say of an image: repetition time, events, confounds and masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..data.entities import parse_name
from ..data.recording import Image
from ..errors import InputError
from .companions import endings
from .nuisance import confounds, outliers
from .question import Item
from .read import events, sidecar

LONGEST_TR = 100.0  # s; the validator of BIDS draws the line there


def to_image(root: Path, item: Item, volume: Any) -> Image:
    """Return voxels joined with their sidecars."""
    masks = _masks(item)
    read_masks = _read(root, masks)
    mask, notes = _mask(masks, read_masks, volume)
    t1 = _companion(root, item, "T1w")
    n_volumes = volume.data.shape[3] if volume.data.ndim == 4 else 1
    found, of_outliers = outliers(root, item, n_volumes)
    table, of_motion = confounds(root, item, n_volumes, found)
    return Image(
        data=volume.data,
        affine=volume.affine,
        entities=item.entities,
        tr=_tr(volume, sidecar(root, item), item) if volume.data.ndim == 4 else None,
        events={} if found and found.left_out else events(root, item),
        confounds=table,
        mask=mask,
        masks=masks,
        mask_stack=_stack(read_masks, volume),
        t1=t1.data if t1 else None,
        t1_affine=t1.affine if t1 else None,
        slice_times=_slice_times(sidecar(root, item), item),
        notes=(*_doubts(volume), *notes, *of_outliers, *of_motion),
    )


def _doubts(volume: Any) -> tuple[dict[str, Any], ...]:
    """Return a note where the header leaves it open where the voxels lie."""
    return ({"step": "read", "warning": volume.doubt},) if volume.doubt else ()


def _tr(volume: Any, document: dict[str, Any], item: Item) -> float | None:
    said = document.get("RepetitionTime")
    if said is None:
        of_mri = volume.tr and item.entities["datatype"] == "func"  # a frame of PET may last minutes
        return in_seconds(volume.tr, item) if of_mri else volume.tr
    if volume.tr and abs(volume.tr - in_seconds(said, item)) > 0.01 * said:
        raise _contradiction(f"RepetitionTime is {said:g} s in the sidecar, but {volume.tr:g} s in the image.", item)
    return in_seconds(said, item)


def in_seconds(said: Any, item: Item) -> float:
    """Return a repetition time, refusing what is no number of seconds (``E-INPUT-SIDECAR``)."""
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not said > 0:
        raise _contradiction(f"RepetitionTime is {said!r}, expected a number of seconds.", item)
    if said > LONGEST_TR:
        message = f"The repetition time is {said:g} s, which no series has; BIDS counts in seconds, not in ms."
        raise InputError(message, code="E-INPUT-SIDECAR", where=item.path, remedy="Write it in the JSON sidecar, in s.")
    return float(said)


def _slice_times(document: dict[str, Any], item: Item) -> tuple[float, ...]:
    said = document.get("SliceTiming", [])
    if not isinstance(said, list) or not all(isinstance(t, (int, float)) and not isinstance(t, bool) for t in said):
        raise _contradiction("SliceTiming is no list of seconds.", item)
    times = {"k": said, "k-": said[::-1]}  # the second counts from the last slice
    return tuple(map(float, times.get(document.get("SliceEncodingDirection", "k"), ())))


def _contradiction(message: str, item: Item) -> InputError:
    return InputError(message, code="E-INPUT-SIDECAR", where=item.path, remedy="Mend the one that is wrong.")


def _masks(item: Item) -> dict[str, str]:
    """Return masks by their description; the one with the most entities wins."""
    names = [path for path in item.sidecars if path.endswith(("_mask.nii.gz", "_mask.nii"))]
    parsed = [(parse_name(path.rpartition("/")[2])[0], path) for path in names]
    ordered = sorted(parsed, key=lambda pair: (len(pair[0]), pair[1]))
    return {entities.get("description", entities.get("label", "mask")): path for entities, path in ordered}


def _read(root: Path, masks: dict[str, str]) -> dict[str, Any]:
    from .readers.nifti import read

    return {name: read(root / path) for name, path in masks.items()}


def _mask(
    masks: dict[str, str], found: dict[str, Any], volume: Any
) -> tuple[np.ndarray | None, tuple[dict[str, Any], ...]]:
    """Return the brain mask (or the only one there is), if it fits."""
    name = "brain" if "brain" in masks else next(iter(masks)) if len(masks) == 1 else None
    if name is None:
        return None, ()
    if not _lies_in(found[name], volume):
        return None, ({"step": "read", "warning": f"The mask {masks[name]} is of another shape or place."},)
    return found[name].data != 0, ()


def _lies_in(mask: Any, volume: Any) -> bool:
    same = mask.data.shape == volume.data.shape[:3]
    return same and bool(np.allclose(mask.affine, volume.affine, atol=1e-3))


def _stack(found: dict[str, Any], volume: Any) -> np.ndarray | None:
    """Return several masks in the order of their names, shape (x, y, z, n_masks); one that does not fit is empty."""
    if len(found) < 2:
        return None
    empty = np.zeros(volume.data.shape[:3], dtype=bool)
    return np.stack([m.data != 0 if _lies_in(m, volume) else empty for _, m in sorted(found.items())], axis=-1)


def _companion(root: Path, item: Item, suffix: str) -> Any:
    """Return an image of the same person that was asked for, or None."""
    path = next((path for path in item.sidecars if path.endswith(endings(suffix))), None)
    if path is None:
        return None
    from .readers.nifti import read

    return read(root / path)
