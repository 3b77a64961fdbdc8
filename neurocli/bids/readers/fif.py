"""FIF of Elekta, MEGIN and MNE, in one file or in splits."""

from __future__ import annotations

from pathlib import Path

import mne

from ._mne import opened, to_signal
from .signal import Signal, size_of, truncated, unreadable, unsupported

_TAG = 16  # bytes before the content of a tag: kind, type, size, next


def read(path: Path) -> Signal:
    """Read all channels of a recording and of its later splits."""
    _check_tags(path)
    try:
        raw, notes = opened(mne.io.read_raw_fif, path, on_split_missing="raise")
    except Exception as error:
        if "Active Shielding" in str(error):
            raise unsupported(path, "The recording was made with Internal Active Shielding and not yet cleaned of it.",
                              "Run MaxFilter on it first.") from error  # fmt: skip
        raise
    for later in raw.filenames[1:]:
        _check_tags(Path(later))
    return to_signal(raw, path, notes, keep_info=True)


def _check_tags(path: Path) -> None:
    """Follow the tags to the end of the file: each says where the next one starts."""
    size = size_of(path)
    if path.name.endswith(".gz"):
        return
    place = 0
    with path.open("rb") as file:
        while 0 <= place < size:
            file.seek(place)
            head = file.read(_TAG)
            kind, _, length, following = (int.from_bytes(head[i : i + 4], "big", signed=True) for i in (0, 4, 8, 12))
            if place == 0 and kind != 100:  # FIFF_FILE_ID
                raise unreadable(path, f"it starts with the tag {kind}")
            end = place + _TAG + length
            if len(head) < _TAG or end > size:
                raise truncated(path, max(end, place + _TAG), size)
            if following < 0:
                return
            place = following or end
    raise truncated(path, place + _TAG, size)
