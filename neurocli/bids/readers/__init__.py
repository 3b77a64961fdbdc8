"""One file a family of formats: each has `read(path) -> Signal` and checks the file against its header first.

A new family is one file here and its extensions in `FAMILIES`.
"""

from __future__ import annotations

FAMILIES = {
    ".edf": "edf", ".bdf": "edf", ".vhdr": "brainvision", ".set": "eeglab", ".fif": "fif", ".ds": "ctf", ".gdf": "gdf",
    ".nii": "nifti", ".nii.gz": "nifti",
}  # fmt: skip
