"""Arbitrary valid entities and whole datasets, for properties that read like the specification."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from neurocli.data.entities import stem

labels = st.text("abcXYZ019", min_size=1, max_size=4)
indices = st.integers(1, 12).map(lambda n: f"{n:02d}")


@st.composite
def entities(draw: st.DrawFn) -> dict[str, str]:
    """Entities of one recording: a subject and a task, perhaps a session, an acquisition and a run."""
    optional = {"session": labels, "acquisition": labels.filter(lambda v: v not in ("crosstalk",)), "run": indices}
    chosen = {name: draw(values) for name, values in optional.items() if draw(st.booleans())}
    return {"subject": draw(labels), "task": draw(labels), **chosen}


# what a file system that folds case could not hold is left out
datasets = st.lists(entities(), min_size=1, max_size=6, unique_by=lambda e: (stem(e).lower(), e.get("run", "")))


def folder_of(found: dict[str, str], datatype: str = "eeg") -> str:
    """Return the data folder of a recording."""
    session = [f"ses-{found['session']}"] if "session" in found else []
    return "/".join([f"sub-{found['subject']}", *session, datatype])


def written(root: Path, recordings: list[dict[str, str]], extension: str = ".edf", suffix: str = "eeg") -> list[str]:
    """Write empty recordings with a JSON each; return their paths."""
    paths = []
    for found in recordings:
        folder = root / folder_of(found)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{stem(found)}_{suffix}{extension}"
        path.write_bytes(b"")
        path.with_name(f"{stem(found)}_{suffix}.json").write_text("{}")
        paths.append(path.relative_to(root).as_posix())
    return sorted(paths)
