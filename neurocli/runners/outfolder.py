"""The folder that a run writes: it can be written, and nobody else's dataset lies there."""

from __future__ import annotations

from pathlib import Path

from ..bids.tables import read_json
from ..errors import StoreError, UsageError


def prepare_out(out: Path, dataset: Path) -> None:
    """Make the output folder and see that a run may and can write there.

    Parameters
    ----------
    out, dataset : Path
        The folder that is to be written, and the dataset that is read.

    Raises
    ------
    UsageError
        If a dataset lies there that no run has made (``E-OUT-DATASET``).
    StoreError
        If it cannot be written (``E-OUT-PERMISSION``).
    """
    _refuse_dataset(out, dataset)
    try:
        (out / ".neurocli").mkdir(parents=True, exist_ok=True)
        probe = out / ".neurocli" / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"The output folder cannot be written: {error.strerror}.",
            code="E-OUT-PERMISSION",
            where=str(out),
            remedy="Choose another folder with -o, or change its permissions.",
        ) from error


def _refuse_dataset(out: Path, dataset: Path) -> None:
    """Raise where publishing would replace the description of a dataset: the one that is read, or any other."""
    same = out.resolve() == dataset.resolve()
    if same or _is_foreign(out / "dataset_description.json"):
        whose = "This is the dataset that is read itself" if same else "Another BIDS dataset lies here"
        raise UsageError(
            f"{whose}, and a run would write over its description.",
            code="E-OUT-DATASET",
            where=str(out),
            remedy=f"Give a folder of its own with -o, such as {dataset / 'derivatives' / 'neurocli'}.",
        )


def _is_foreign(description: Path) -> bool:
    if not description.is_file():
        return False
    found = read_json(description)
    makers = found.get("GeneratedBy") or []
    ours = any(maker.get("Name") == "neurocli" for maker in makers if isinstance(maker, dict))
    return not (ours and found.get("DatasetType") == "derivative")
