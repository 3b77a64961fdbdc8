"""What image steps share: the checks of a series, NIfTI objects over the same array, and the way to a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import nibabel.affines
import nibabel.filebasedimages
import numpy as np

from ..data.recording import Image, Recording
from ..errors import ConfigError, unknown
from ._common import need, refuse


def series(data: Image, step: str) -> None:
    """Refuse what is no image series with a repetition time and a proper affine."""
    need(data, step, "image")
    if data.data.ndim != 4:
        shape = " x ".join(str(n) for n in data.data.shape)
        raise refuse(data, "E-INPUT-SHAPE", f"The step {step!r} needs a 4-D series, but the image is {shape}.")
    if not data.tr:
        raise refuse(data, "E-INPUT-TR", "The repetition time is unknown.", "Add RepetitionTime to the JSON sidecar.")
    placed(data)


def placed(data: Image) -> None:
    """Refuse an affine that does not place voxels in space (``E-INPUT-AFFINE``)."""
    turn = np.asarray(data.affine, dtype=float)[:3, :3]
    if not np.isfinite(turn).all() or abs(np.linalg.det(turn)) < 1e-9:
        raise refuse(data, "E-INPUT-AFFINE", "The affine is broken: it maps the volume onto a plane, a line or NaN.")


def whole_brain(data: Image, what: str) -> None:
    """Refuse single slices (``E-INPUT-SHAPE``)."""
    if min(data.data.shape[:3]) < 2:
        shape = " x ".join(str(n) for n in data.data.shape[:3])
        raise refuse(data, "E-INPUT-SHAPE", f"{what} needs a whole brain, but the image is one slice ({shape} voxels).")


def to_nifti(data: Image, volume: np.ndarray) -> Any:
    """Return a NIfTI object over `volume` in the space of the image."""
    return nibabel.Nifti1Image(volume, data.affine)


def bright(x: np.ndarray, share: float) -> np.ndarray:
    """Return where a volume, or the mean of a series, passes a share of its 98th percentile, shape (x, y, z)."""
    mean = x.mean(axis=-1) if x.ndim == 4 else x
    known = mean[np.isfinite(mean)]  # some programs put NaN outside the head
    inside: np.ndarray = mean > share * (np.percentile(known, 98) if known.size else np.inf)
    return inside


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Dice overlap of two masks."""
    return float(2 * (one & other).sum() / max(one.sum() + other.sum(), 1))


def nonzero(img: Any) -> np.ndarray:
    """Return where a NIfTI object is not zero, shape (x, y, z)."""
    inside: np.ndarray = np.asarray(img.dataobj) != 0
    return inside


def brought(data: Image, desc: str) -> np.ndarray:
    """Return the mask that the reader brought along under a description, or one that lies where `masks` says.

    Raises
    ------
    InputError
        If there is none, or it does not fit the image (``E-INPUT-MASK``).
    """
    if data.masks and desc not in data.masks:
        raise refuse(data, "E-INPUT-MASK", unknown("mask desc", desc, data.masks))
    inside = _known(data, desc)
    if inside is not None:
        return inside
    remedy = "Add a mask of the image's shape and place to the derivatives, or use mask: {threshold: 0.2}."
    raise refuse(data, "E-INPUT-MASK", f"There is no mask {desc!r} that fits the image.", remedy)


def _known(data: Image, desc: str) -> np.ndarray | None:
    path = data.masks.get(desc, "")
    if Path(path).is_absolute():
        return nonzero(load(path, f"mask {desc}"))
    if data.mask_stack is not None and data.masks:
        inside = np.asarray(data.mask_stack[..., sorted(data.masks).index(desc)]) != 0
        return inside if inside.any() else None  # the reader leaves one empty that does not fit
    fits = data.mask is not None and (desc == "brain" or len(data.masks) <= 1)
    return np.asarray(data.mask) != 0 if fits else None


def load(path: str, setting: str) -> Any:
    """Return a NIfTI file that a setting names (``E-CONFIG-FILE`` where it cannot be read)."""
    try:
        return nibabel.load(Path(path))
    except (OSError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise ConfigError(f"{setting}: {path!r} cannot be read: {error}", code="E-CONFIG-FILE") from error


def labels_of(path: str, setting: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole numbers of an image of labels, shape (x, y, z), and its affine (``E-CONFIG-FILE``)."""
    image = load(path, setting)
    values = np.asarray(image.dataobj)
    values = values.squeeze(tuple(axis for axis in range(3, values.ndim) if values.shape[axis] == 1))
    if values.ndim != 3:
        shape = " x ".join(map(str, values.shape))
        remedy = "Make one image of it, in which each voxel is the number of its likeliest region."
        raise ConfigError(f"{setting}: {path!r} is {shape} voxels, and labels are one volume.", code="E-CONFIG-FILE",
                          remedy=remedy)  # fmt: skip
    return np.rint(values).astype(np.int32), np.asarray(image.affine)


def to_recording(data: Image, x: np.ndarray, names: tuple[str, ...], kind: str, ijk: np.ndarray) -> Recording:
    """Return series as the channels of a recording.

    Parameters
    ----------
    x : array, shape (n_channels, n_times)
    kind : str
        Channel type, ``voxel`` or ``region``.
    ijk : array, shape (n_channels, 3)
        Place of each channel, in voxels.
    """
    assert data.tr is not None
    return Recording(
        data=x,
        sfreq=1 / data.tr,
        ch_names=names,
        ch_types=(kind,) * len(names),
        units=("1",) * len(names),
        entities=data.entities,
        positions=nibabel.affines.apply_affine(data.affine, ijk) / 1000,  # NIfTI counts in mm, we in m
        events=data.events,
        notes=data.notes,
    )
