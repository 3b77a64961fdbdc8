"""Which mains frequency a recording has: what its sidecar says, or what the settings say instead."""

from __future__ import annotations

from typing import Any

from ._common import Signal


def mains(data: Signal, otherwise: float) -> tuple[float, dict[str, Any]]:
    """Return the mains frequency in Hz, and the note on where it comes from."""
    if data.line_freq is not None:
        return float(data.line_freq), {"mains_from": "PowerLineFrequency of the sidecar"}
    said = f"The sidecar does not say PowerLineFrequency; {otherwise:g} Hz is taken for it."
    return otherwise, {"mains_from": "settings", "warning": said}
