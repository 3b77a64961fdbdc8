"""Edges of a pass band, as settings."""

from __future__ import annotations


def ordered(l_freq: float | None, h_freq: float | None) -> None:
    """Refuse a band without an edge, or with edges that are no band.

    Raises
    ------
    ValueError
        As the validator of a step does.
    """
    edges = [edge for edge in (l_freq, h_freq) if edge is not None]
    if not edges:
        raise ValueError("give l_freq, h_freq or both.")
    if min(edges) <= 0 or edges != sorted(set(edges)):
        raise ValueError(f"need 0 Hz < l_freq < h_freq, got l_freq {l_freq} and h_freq {h_freq} Hz.")
