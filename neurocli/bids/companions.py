"""Images of the same person that a step wants beside the one it works on, such as the T1 of a BOLD run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..data.entities import stem
from .entries import Entries, Entry

FOLDERS = {"T1w": "anat", "T2w": "anat"}  # suffix -> datatype


def companion(suffix: str, entities: Mapping[str, str], own: Entries, raw: Entries) -> str | None:
    """Return the dataset-relative path of an image of the same person, or None where there is none.

    The derivative of the recording comes before the raw dataset, its session before any other, and of several images
    the one with the fewest entities; one in a template's space is no image of the person's own head.

    Parameters
    ----------
    suffix : str
        Of the image, such as ``T1w``.
    entities : dict
        Of the recording.
    own, raw : Entries
        The dataset that the recording lies in, and the raw one.
    """
    for entries in dict.fromkeys((own, raw)):
        found = [entry for entry in _images(entries, suffix, entities["subject"]) if "space" not in entry.entities]
        if found:
            here = entities.get("session")
            return min(found, key=lambda e: (e.entities.get("session") != here, len(e.entities), stem(e.entities))).path
    return None


def endings(suffix: str) -> tuple[str, ...]:
    """Return how the names of images with a suffix end."""
    return (f"_{suffix}.nii", f"_{suffix}.nii.gz")


def _images(entries: Entries, suffix: str, subject: str) -> Iterator[Entry]:
    for folder, _ in entries.datatypes(FOLDERS[suffix]):
        if f"/sub-{subject}/" in f"/{folder}/":
            yield from (e for e in entries.called(folder, suffix) if e.path.endswith(endings(suffix)))
