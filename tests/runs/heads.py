"""A small study of synthetic heads: a T1 each, and a BOLD run elsewhere in the scanner in which the head moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

N_VOLUMES, TR = 26, 2.0
MOVED = 13  # the volume at which the head nods, by `NOD` degrees
NOD = 2.0
AWAY = ((3, -4, 5), (5, -4, 3))  # degrees and mm between the T1 and the run


def write_study(root: Path, n_subjects: int = 1, resolution_mm: int = 8) -> Path:
    """Write a BIDS dataset and return its folder."""
    root.mkdir(parents=True)
    _json(root / "dataset_description.json", {"Name": "heads", "BIDSVersion": "1.10.0", "License": "CC0"})
    (root / "README").write_text("Synthetic heads.\n")
    for i in range(1, n_subjects + 1):
        _subject(root / f"sub-{i:02d}", f"sub-{i:02d}", resolution_mm, np.random.default_rng(i))
    return root


def _subject(folder: Path, name: str, resolution_mm: int, rng: np.random.Generator) -> None:
    from nilearn.datasets import load_mni152_template

    template = load_mni152_template(resolution_mm)
    t1 = np.asarray(template.dataobj, dtype=np.float32)
    t1 = np.where(t1 > 0.05, 100 * t1, 0)
    _image(folder / "anat" / f"{name}_T1w.nii.gz", t1, template.affine, None)
    contrast = np.where(t1 > 5, 150 - 0.9 * t1, 0)
    x = np.stack([_volume(contrast, template.affine, i) for i in range(N_VOLUMES)], axis=-1)
    inside = x.mean(axis=-1) > 20
    x += inside[..., None] * rng.normal(0, 1.5, x.shape) + rng.normal(0, 0.5, x.shape)
    _image(folder / "func" / f"{name}_task-rest_bold.nii.gz", np.maximum(x, 0), template.affine, TR)
    times = (np.arange(x.shape[2]) % 2 * TR / 2 + np.arange(x.shape[2]) // 2 * TR / x.shape[2]).tolist()
    sidecar = {"TaskName": "rest", "RepetitionTime": TR, "SliceTiming": times}
    _json(folder / "func" / f"{name}_task-rest_bold.json", sidecar)


def _volume(contrast: np.ndarray, affine: np.ndarray, i: int) -> np.ndarray:
    turn, shift = np.array(AWAY[0], dtype=float), np.array(AWAY[1], dtype=float)
    turn[0] += NOD * (i >= MOVED)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix(), shift
    return affine_transform(contrast, np.linalg.inv(affine) @ np.linalg.inv(matrix) @ affine, order=1)


def _image(path: Path, x: np.ndarray, affine: np.ndarray, tr: float | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    img = nibabel.Nifti1Image(x.astype(np.float32), affine)
    img.header.set_xyzt_units("mm", "sec")
    if tr:
        img.header.set_zooms((*img.header.get_zooms()[:3], tr))
    nibabel.save(img, path)


def _json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document))
