"""Physical units: one scalar string with a unit in, one number in the SI unit out."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

# unit -> (dimension, factor to the SI unit of that dimension)
UNITS: dict[str, tuple[str, float]] = {
    "Hz": ("frequency", 1.0), "mHz": ("frequency", 1e-3), "kHz": ("frequency", 1e3),
    "s": ("time", 1.0), "ms": ("time", 1e-3), "us": ("time", 1e-6), "µs": ("time", 1e-6),
    "min": ("time", 60.0), "h": ("time", 3600.0),
    "V": ("voltage", 1.0), "mV": ("voltage", 1e-3), "uV": ("voltage", 1e-6), "µV": ("voltage", 1e-6),
    "nV": ("voltage", 1e-9),
    "T": ("flux density", 1.0), "pT": ("flux density", 1e-12), "fT": ("flux density", 1e-15),
    "nT": ("flux density", 1e-9),
    "T/m": ("flux gradient", 1.0), "fT/cm": ("flux gradient", 1e-13), "pT/m": ("flux gradient", 1e-12),
    "m": ("length", 1.0), "cm": ("length", 1e-2), "mm": ("length", 1e-3),
    "K": ("temperature", 1.0),
}  # fmt: skip
SI = {"frequency": "Hz", "time": "s", "voltage": "V", "flux density": "T", "flux gradient": "T/m", "length": "m"}
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


class UnitError(ValueError):
    """A value that is no number with a unit of the dimension asked for."""


def _canonical(text: str) -> str:
    return text.replace("μ", "µ")  # Greek mu and the micro sign look the same


def _nearest(number: str, unit: str, dimension: str) -> str:
    names = [name for name, (dim, _) in UNITS.items() if dim == dimension]
    folded = {name.lower(): name for name in reversed(names)}  # of two alike, the first: 'hz' is Hz
    near = get_close_matches(unit.lower(), folded, n=1, cutoff=0.4)
    return f"Did you mean '{number} {folded[near[0]]}'?" if near else f"Use one of {', '.join(names)}."


def parse(value: Any, dimension: str) -> float:
    """Return `value` as a number in the SI unit of `dimension`; a bare number is in that unit already.

    Raises
    ------
    ValueError
        If the text is no number with a unit, or the unit is of another dimension.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UnitError(f"expected a {dimension} such as '1 {SI[dimension]}', got {value!r}.")
    if not isinstance(value, str):
        return _finite(float(value), value)
    match = _QUANTITY.fullmatch(_canonical(value))
    if not match:
        raise UnitError(f"expected a {dimension} such as '1 {SI[dimension]}', got {value!r}.")
    number, unit = match.groups()
    return _finite(_scaled(float(number), _factor(number, unit or SI[dimension], dimension)), value)


def _finite(number: float, value: Any) -> float:
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {value!r}.")
    return number


def _scaled(number: float, factor: float) -> float:
    # 1e-6 is no binary number and 1e6 is: dividing by it makes '150 uV' the same float as 0.00015
    return number * factor if factor >= 1 else number / round(1 / factor)


def _factor(number: str, unit: str, dimension: str) -> float:
    if unit not in UNITS:
        near = _nearest(number, unit, dimension)
        raise UnitError(f"'{number} {unit}' has the unknown unit {unit!r}, expected a {dimension}. {near}")
    found, factor = UNITS[unit]
    if found != dimension:
        near = f"Did you mean '{number} {SI[dimension]}'?"
        raise UnitError(f"'{number} {unit}' is a {found}, expected a {dimension} ({SI[dimension]}). {near}")
    return factor


def _quantity(dimension: str) -> Any:
    schema = {
        "type": ["string", "number"],
        "description": f"A {dimension}, such as '1 {SI[dimension]}'.",
        "x-unit": SI[dimension],
    }
    return (BeforeValidator(lambda value: parse(value, dimension)), WithJsonSchema(schema))


def _pair(dimension: str) -> Any:
    def validate(value: Any) -> tuple[float, float]:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise UnitError(f"expected a range such as [1 {SI[dimension]}, 2 {SI[dimension]}], got {value!r}.")
        low, high = (parse(edge, dimension) for edge in value)
        if low >= high:
            raise ValueError(f"a range goes from low to high, got {value!r}.")
        return low, high

    item = {"type": ["string", "number"], "x-unit": SI[dimension]}
    schema = {"type": "array", "items": item, "minItems": 2, "maxItems": 2, "description": f"A range of {dimension}."}
    return (BeforeValidator(validate), WithJsonSchema(schema))


Hertz = Annotated[float, *_quantity("frequency")]
Seconds = Annotated[float, *_quantity("time")]
Volts = Annotated[float, *_quantity("voltage")]
Tesla = Annotated[float, *_quantity("flux density")]
TeslaPerMetre = Annotated[float, *_quantity("flux gradient")]
Metres = Annotated[float, *_quantity("length")]
Band = Annotated[tuple[float, float], *_pair("frequency")]
Span = Annotated[tuple[float, float], *_pair("time")]
Bands = dict[str, Band]
