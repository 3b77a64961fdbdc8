"""An exported model: what it is, what it insists on, and what it says of new recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .tables import predictions_header

if TYPE_CHECKING:
    import numpy as np

    from ..data.features import Features
    from ..data.recording import Epochs

VERSION = 1


@dataclass(frozen=True)
class Bundle:
    """What `bundle.json` says, with the bytes of the model; checked against the checksums when read."""

    folder: Path
    card: Mapping[str, Any]
    model: bytes

    @classmethod
    def read(cls, folder: Path) -> Bundle:
        """Read an exported model.

        Raises
        ------
        InputError
            If a file is missing, altered, or of another release (``E-INPUT-BUNDLE``).
        """
        card = json.loads(_content(folder, "bundle.json"))
        sums = json.loads(_content(folder, "checksums.json"))
        for name in ("bundle.json", "model.skops"):
            if sums.get(name) != sha256(_content(folder, name)).hexdigest():
                raise _broken(folder, f"{name} does not have the bytes that checksums.json names")
        if card.get("version") != VERSION:
            raise _broken(folder, f"it has version {card.get('version')}, this release reads {VERSION}")
        return cls(folder, card, _content(folder, "model.skops"))

    def check(self, recording: str, data: Epochs | Features, signal: Epochs | Any) -> None:
        """Refuse a recording whose channels, rate, units, reference or columns are not those of the training set.

        Raises
        ------
        InputError
            Naming the recording and the difference (``E-INPUT-MISMATCH``).
        """
        found = {
            "ch_names": list(signal.ch_names),
            "sfreq": signal.sfreq,
            "units": sorted(set(signal.units)),
            "reference": signal.reference,
            "columns": list(data.columns()) if hasattr(data, "columns") else [],
        }
        for name, value in found.items():
            if value != self.card[name]:
                raise InputError(
                    f"{name} is {_short(value)}; the model was trained with {_short(self.card[name])}.",
                    code="E-INPUT-MISMATCH",
                    where=recording,
                    remedy="Bring the recordings to the same channels, rate, units and reference.",
                )

    def predict(self, data: Epochs | Features) -> np.ndarray:
        """Return a score a class (or the number) for each sample, shape (n_samples, n_classes or 1)."""
        import numpy as np

        from ..models._save import from_bytes
        from .cohort import gather

        cohort = gather([data])
        chain = from_bytes(np.frombuffer(self.model, dtype=np.uint8))
        scores: np.ndarray = chain.decision(cohort.X(), cohort.samples)
        return scores

    def table(self, data: Epochs | Features, scores: np.ndarray) -> tuple[list[str], list[list[Any]]]:
        """Return the header and one row a sample: the sample table, the label, and a score a class."""
        classes: Sequence[str] = self.card["classes"]
        header, names = predictions_header(data.samples, classes)
        rows = []
        for i, row in enumerate(scores):
            label = classes[int(row.argmax())] if classes else float(row[0])
            rows.append([*(data.samples[name][i] for name in names), label, *map(float, row)])
        return header, rows


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _broken(folder, f"{name} cannot be read: {error.strerror}") from error


def _broken(folder: Path, reason: str) -> InputError:
    return InputError(f"This is no usable model: {reason}.", code="E-INPUT-BUNDLE", where=str(folder),
                      remedy="Give a folder that `neurocli export` wrote, such as OUT/models/NAME.")  # fmt: skip


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 80 else f"{text[:77]}..."
