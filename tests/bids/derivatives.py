"""What XCP-D and C-PAC leave of a run, named and laid out as they do, small and made up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

TR = 2.0
REGIONS = ("LH_Vis_1", "LH_SomMot_1", "Left-Amygdala")
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z", "framewise_displacement")
XCP_D = "derivatives/xcp_d/sub-{0}/func/sub-{0}_task-rest"
CPAC = "derivatives/cpac/output/pipeline_rbc/sub-{0}/ses-1/func/sub-{0}_ses-1_task-rest"


def write(root: Path, path: str, content: str | Mapping[str, Any]) -> Path:
    """Write a text, or JSON, below `root`."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return target


def tsv(names: Sequence[str], rows: Any) -> str:
    """Return a table as pandas writes it: n/a for NaN."""
    lines = ["\t".join("n/a" if np.isnan(value) else repr(float(value)) for value in row) for row in rows]
    return "\n".join(["\t".join(names), *lines, ""])


def series(subject: str, n_volumes: int = 60, n_regions: int = len(REGIONS)) -> np.ndarray:
    """Return series of a person, shape (n_volumes, n_regions)."""
    return np.random.default_rng(int(subject)).standard_normal((n_volumes, n_regions)).round(6)


def dataset(root: Path, subjects: Sequence[str] = ("01", "02"), tr: float | None = TR) -> Path:
    """Write the raw side: what describes the dataset, its people and, in one file for all, their runs."""
    write(root, "dataset_description.json", {"Name": "made up", "BIDSVersion": "1.10.0"})
    rows = [f"sub-{subject}\t{20 + int(subject)}\n" for subject in subjects]
    write(root, "participants.tsv", "participant_id\tage\n" + "".join(rows))
    if tr is not None:
        write(root, "task-rest_bold.json", {"TaskName": "rest", "RepetitionTime": tr})
    return root


def image(root: Path, path: str, n_volumes: int, tr: float = TR) -> None:
    """Write a BOLD series of 4 x 4 x 3 voxels."""
    x = 100 + np.random.default_rng(0).standard_normal((4, 4, 3, n_volumes))
    img = nibabel.Nifti1Image(x.astype(np.float32), np.diag([3.0, 3.0, 3.0, 1.0]))
    img.header.set_zooms((3.0, 3.0, 3.0, tr))
    img.header.set_xyzt_units("mm", "sec")
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(img, root / path)


def xcp_d(root: Path, subject: str, *, outliers: Sequence[int] = (), censored: bool = False,
          table: str = "atlas-4S156Parcels_stat-mean_timeseries.tsv", n_volumes: int = 60) -> np.ndarray:  # fmt: skip
    """Write a run of XCP-D; return the series that its table holds, shape (n_volumes, n_regions)."""
    base, space = XCP_D.format(subject), "space-MNI152NLin6Asym"
    bad = np.isin(np.arange(n_volumes), outliers)
    motion = np.random.default_rng(1).standard_normal((n_volumes, len(MOTION))).round(6)
    write(root, f"{base}_motion.tsv", tsv(MOTION, motion))
    write(root, f"{base}_outliers.tsv", "framewise_displacement\n" + "".join(f"{int(b)}\n" for b in bad))
    write(root, f"{base}_{space}_atlas-4S156Parcels_stat-coverage_bold.tsv", "Node\tcoverage\nLH_Vis_1\t1.0\n")
    write(root, f"{base}_{space}_atlas-4S156Parcels_stat-coverage_bold.json", {"Sources": []})
    write(root, f"{base}_{space}_res-2_desc-denoised_bold.json", {"RepetitionTime": TR})
    x = series(subject, n_volumes)
    x[:, 2] = np.nan  # a region that the scan does not cover
    kept = x[~bad] if censored else x
    write(root, f"{base}_{space}_{table}", tsv(REGIONS, kept))
    image(root, f"{base}_{space}_res-2_desc-denoised_bold.nii.gz", len(kept))
    return kept


def cpac(root: Path, subject: str, regs: Sequence[str] = ("36Parameter",), desc: str = "Mean") -> np.ndarray:
    """Write a run of C-PAC, one table a regression of nuisance; return the series, shape (n_volumes, n_regions)."""
    base, x = CPAC.format(subject), series(subject)
    rows = "".join(",".join(map(str, row)) + "\n" for row in x)
    names = ("RotY", "RotYDelay", "GlobalSignalMean0")
    for reg in regs:
        table = f"{base}_atlas-CC200_space-MNI152NLin6ASym_reg-{reg}_desc-{desc}_timeseries"
        write(root, f"{table}.1D", "#Mean_1  ,Mean_2  ,Mean_Left-Amygdala  \n" + rows)
        write(root, f"{table}.json", {"CpacVariant": {}, "Sources": []})
        noise = "\n".join("\t".join(f"{value:.18f}" for value in row) for row in x)
        header = "# C-PAC 1.8.7\n# Nuisance regressors:\n# " + "\t".join(names) + "\n"
        write(root, f"{base}_reg-{reg}_desc-confounds_timeseries.1D", header + noise + "\n")
        image(root, f"{base}_space-MNI152NLin6ASym_reg-{reg}_desc-preproc_bold.nii.gz", len(x))
    write(root, f"{base}_motion.tsv", "Subject\tScan\tMean_FD_Power\n" + f"{subject}\trest\t0.1\n")
    return x
