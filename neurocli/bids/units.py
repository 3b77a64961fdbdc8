"""How channels and coordinates spell their units, and what they are in SI."""

from __future__ import annotations

from ..si import SI, UNITS

_WORDS = {
    "microv": "µV", "microvolt": "µV", "microvolts": "µV", "millivolt": "mV", "millivolts": "mV", "volt": "V",
    "volts": "V", "uv": "µV", "mv": "mV", "nv": "nV", "v": "V", "tesla": "T", "t": "T", "ft": "fT", "pt": "pT",
}  # fmt: skip
VOLTAGES = ("eeg", "ecog", "seeg", "dbs", "eog", "ecg", "emg")


def spelt(unit: str | None) -> str:
    """Return a unit as `si.UNITS` spells it, as it stands where it is none of those, ``""`` where it is missing."""
    text = (unit or "").strip().replace("\u03bc", "µ").replace("\u00c2µ", "µ")  # Greek mu; UTF-8 read as Latin-1
    if text in UNITS:
        return text.replace("uV", "µV")
    return _WORDS.get(text.lower(), "" if text.lower() == "n/a" else text)


def to_si(unit: str) -> tuple[str, float]:
    """Return the SI unit and the factor to it; a unit that is not known stays, with factor 1.

    >>> to_si("mV")
    ('V', 0.001)
    """
    if unit not in UNITS:
        return unit or "n/a", 1.0
    dimension, factor = UNITS[unit]
    return SI.get(dimension, unit), factor


def is_voltage(unit: str) -> bool:
    """Return whether the unit is one of voltage."""
    return unit in UNITS and UNITS[unit][0] == "voltage"
