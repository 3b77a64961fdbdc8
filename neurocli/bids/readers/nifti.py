"""NIfTI-1 and NIfTI-2, plain or compressed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import nibabel.filebasedimages
import nibabel.spatialimages
import numpy as np
from nibabel.affines import apply_affine

from .signal import size_of, truncated, unreadable

_GZIP = 31  # zlib: the largest window, with a gzip header
LEAST_MM = 0.5  # by which sform and qform must differ to be worth a word
_SECONDS = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}


@dataclass(frozen=True)
class Volume:
    """Voxels, shape (x, y, z[, n_volumes]); the affine to mm; the TR that the header says, in s, or None.

    `doubt` is a sentence where the header does not settle where the voxels lie.
    """

    data: np.ndarray
    affine: np.ndarray
    tr: float | None
    doubt: str | None = None


def read(path: Path, dtype: Any = np.float32) -> Volume:
    """Read an image, checked against its header.

    Raises
    ------
    InputError
        ``E-INPUT-TRUNCATED`` naming both sizes, ``E-INPUT-UNREADABLE`` where this is no NIfTI.
    """
    size_of(path)
    raw, complete = _bytes(path)
    kind = _kind(raw, path)
    header = kind.header_class(raw[: kind.header_class.sizeof_hdr], check=False)
    expected = _expected(header, path)
    if len(raw) < expected or not complete:
        raise truncated(path, max(expected, len(raw) + (not complete)), len(raw))
    try:
        img = kind.from_bytes(raw)
        x, affine = np.asarray(img.get_fdata(dtype=dtype)), np.asarray(img.affine, dtype=float)
        return Volume(x, affine, _tr(img.header), _doubt(img.header))
    except (ValueError, KeyError, OSError, nibabel.filebasedimages.ImageFileError,
            nibabel.spatialimages.HeaderDataError) as error:  # fmt: skip
        raise unreadable(path, error) from error


def _bytes(path: Path) -> tuple[bytes, bool]:
    """Return what the file holds, decompressed, and whether it came to its proper end."""
    if path.suffix != ".gz":
        return path.read_bytes(), True
    state, parts = zlib.decompressobj(_GZIP), []
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                parts.append(state.decompress(chunk))
                while state.eof and state.unused_data.startswith(b"\x1f\x8b"):  # bgzip and friends: several members
                    state, rest = zlib.decompressobj(_GZIP), state.unused_data
                    parts.append(state.decompress(rest))
    except zlib.error as error:
        raise unreadable(path, error) from error
    return b"".join(parts), state.eof


def _kind(raw: bytes, path: Path) -> Any:
    """Return the class for the size of header that the first four bytes say, in either byte order."""
    if len(raw) < 4:
        raise truncated(path, nibabel.Nifti1Header.sizeof_hdr, len(raw))
    sizes = {int.from_bytes(raw[:4], "little"), int.from_bytes(raw[:4], "big")}
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        if kind.header_class.sizeof_hdr in sizes:
            if len(raw) < kind.header_class.sizeof_hdr:
                raise truncated(path, kind.header_class.sizeof_hdr, len(raw))
            return kind
    raise unreadable(path, f"it starts with {raw[:4]!r}")


def _expected(header: Any, path: Path) -> int:
    try:
        shape, dtype = header.get_data_shape(), header.get_data_dtype()
        return int(header.get_data_offset()) + int(np.prod(shape, dtype=int)) * int(dtype.itemsize)
    except (ValueError, KeyError, nibabel.spatialimages.HeaderDataError) as error:
        raise unreadable(path, error) from error


def _doubt(header: Any) -> str | None:
    """Return a sentence where sform and qform place the voxels apart, or neither places them; the sform counts."""
    if not header["sform_code"] and not header["qform_code"]:
        return "Neither sform nor qform of the image says where its voxels lie: left and right are a guess."
    try:
        sform, qform = header.get_sform(coded=True)[0], header.get_qform(coded=True)[0]
    except (ValueError, nibabel.spatialimages.HeaderDataError):  # a quaternion that is none
        return None
    if sform is None or qform is None:
        return None
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.array([*header.get_data_shape(), 1, 1, 1])[:3] - 1)
    apart = apply_affine(sform, corners) - apply_affine(qform, corners)
    furthest = float(np.linalg.norm(apart, axis=1).max())
    if furthest < LEAST_MM:
        return None
    return f"The sform and the qform of the image place its voxels up to {furthest:.1f} mm apart; the sform counts."


def _tr(header: Any) -> float | None:
    """Return the repetition time in s, where the header gives one with its unit."""
    zooms, unit = header.get_zooms(), header.get_xyzt_units()[1]
    if len(zooms) < 4 or unit not in _SECONDS or not zooms[3] > 0:
        return None
    return float(np.round(np.float64(zooms[3]) * _SECONDS[unit], 6))  # float32 in the header
