"""One file a family of formats: each has `read(path) -> Signal` and checks the file against its header first.

A new family is one file here and its extensions in `FAMILIES`.
"""

from __future__ import annotations

# Enters the key of whatever is read. Bump it when the numbers, names or types that come out of a file change; that
# recomputes everything. `tests/versions` notices.
VERSION = 5

FAMILIES = {
    ".edf": "edf", ".bdf": "edf", ".vhdr": "brainvision", ".set": "eeglab", ".fif": "fif", ".ds": "ctf", ".gdf": "gdf",
    ".nii": "nifti", ".nii.gz": "nifti", ".tsv": "regions", ".1D": "regions", ".ptseries.nii": "cifti",
}  # fmt: skip
