"""What `channels.tsv` says of a signal: names, types, units and which channels are bad."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.lazy import Series
from ..errors import InputError, unknown
from .readers.signal import Signal, noted
from .tables import Table
from .units import VOLTAGES, is_voltage, spelt, to_si

TYPES = {
    "EEG": "eeg", "ECOG": "ecog", "SEEG": "seeg", "DBS": "dbs", "EOG": "eog", "VEOG": "eog", "HEOG": "eog",
    "ECG": "ecg", "EMG": "emg", "RESP": "resp", "GSR": "gsr", "TEMP": "temperature", "TRIG": "stim", "REF": "misc",
    "MEGMAG": "mag", "MEGGRADPLANAR": "grad", "MEGGRADAXIAL": "mag", "MEGREFMAG": "ref_meg",
    "MEGREFGRADAXIAL": "ref_meg", "MEGREFGRADPLANAR": "ref_meg", "MEGOTHER": "misc", "EYEGAZE": "eyegaze",
    "PUPIL": "pupil", "AUDIO": "misc", "PD": "misc", "MISC": "misc", "OTHER": "misc", "SYSCLOCK": "syst",
    "ADC": "misc", "DAC": "misc", "HLU": "chpi", "FITERR": "misc", "PPG": "misc", "HEADCOIL": "misc", "LATENCY": "misc",
    "VALIDITY": "misc", "MEG": "mag",
}  # fmt: skip
_PREFIX = re.compile(r"(EEG|ECG|EKG|EOG|EMG|ECOG|SEEG|DC)\s+(?=\S)")  # EDF+ labels: type, space, sensor
_PREFIXED = {"EEG": "eeg", "ECG": "ecg", "EKG": "ecg", "EOG": "eog", "EMG": "emg", "ECOG": "ecog", "SEEG": "seeg",
             "DC": "misc"}  # fmt: skip
_DEFAULT = {"eeg": "eeg", "ieeg": "ecog", "emg": "emg", "meg": "misc"}
_PLAUSIBLE = (1e-7, 1e-2)  # V; standard deviation of a scalp or intracranial channel, slow drift included


@dataclass(frozen=True)
class Channels:
    """The channels of a recording, its signal in SI units."""

    data: np.ndarray
    ch_names: tuple[str, ...]
    ch_types: tuple[str, ...]
    units: tuple[str, ...]
    bads: tuple[str, ...]
    notes: tuple[dict[str, Any], ...]


def described(signal: Signal, table: Table | None, datatype: str, where: str) -> Channels:
    """Join a signal and its `channels.tsv`.

    Parameters
    ----------
    signal : Signal
        As the reader left it.
    table : dict of lists, or None
        `channels.tsv`.
    datatype : str
        What channels are of which nothing is said.
    where : str
        The table, for messages.

    Raises
    ------
    InputError
        ``E-INPUT-CHANNELS`` where names do not agree, ``E-INPUT-UNIT`` where a unit is not known.
    """
    _check_unique(signal.ch_names, "The recording", where, "Rename all but one in the file itself: a table cannot.")
    names = signal_names(signal)
    rows = _rows(signal, short_names(signal.ch_names), table, where) if table else [{} for _ in names]
    types = tuple(_type(signal, i, row, datatype, where) for i, row in enumerate(rows))
    data, units, notes = _in_si(signal, names, types, rows, where)
    bads = [name for name, row in zip(names, rows, strict=True) if (row.get("status") or "").lower() == "bad"]
    known = dict(zip(signal.ch_names, names, strict=True))
    bads += [known[name] for name in signal.bads if known[name] not in bads]
    return Channels(data, names, types, units, tuple(bads), (*notes, *_odd_values(data, names, types)))


def signal_names(signal: Signal) -> tuple[str, ...]:
    """Return how channels are called: as in the file where its measurement info knows them by that, else shortened."""
    return signal.ch_names if signal.certain else short_names(signal.ch_names)


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names without the type that EDF labels start with, as long as they stay different."""
    short = [_PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name for name in names]
    return tuple(s if short.count(s) == 1 else name for s, name in zip(short, names, strict=True))


def _check_unique(names: Sequence[str], what: str, where: str, remedy: str | None = None) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _disagreement(f"{what} has several channels called {', '.join(twice)}.", where, remedy)


def _rows(signal: Signal, names: Sequence[str], table: Table, where: str) -> list[dict[str, str | None]]:
    """Return the row of each channel, found by its name in the file or by its short one."""
    if "name" not in table:
        raise _disagreement(f"The table lacks the column name; it has {', '.join(table)}.", where)
    listed = [name or "" for name in table["name"]]
    _check_unique(listed, "The table", where)
    lines = {name: {column: values[i] for column, values in table.items()} for i, name in enumerate(listed)}
    found = [lines.get(full) or lines.get(short) for full, short in zip(signal.ch_names, names, strict=True)]
    silent = [full for full, row in zip(signal.ch_names, found, strict=True) if row is None]
    taken = {(row.get("name") or "") for row in found if row}
    left_out = {name for note in signal.notes for name in note.get("left_out", ())}
    extra = [name for name in listed if name not in taken and name not in left_out]
    _check_agreement(silent, extra, where)
    return [row or {} for row in found]


def _check_agreement(silent: list[str], extra: list[str], where: str) -> None:
    if silent or extra:
        parts = [f"the table lacks {', '.join(silent)}"] if silent else []
        parts += [f"the recording lacks {', '.join(extra)}"] if extra else []
        raise _disagreement(f"The channel names do not agree: {' and '.join(parts)}.", where)


def _disagreement(message: str, where: str, remedy: str | None = None) -> InputError:
    remedy = remedy or "Make channels.tsv name each channel of the file once."
    return InputError(message, code="E-INPUT-CHANNELS", where=where, remedy=remedy)


def _type(signal: Signal, i: int, row: dict[str, str | None], datatype: str, where: str) -> str:
    said, own = row.get("type"), signal.ch_types[i]
    if own and (signal.certain or not said):
        return own if not _is_other_voltage(own, said) else TYPES[(said or "").upper()]
    if said:
        if said.upper() not in TYPES:
            raise InputError(unknown("channel type", said, TYPES), code="E-INPUT-CHANNELS", where=where)
        return TYPES[said.upper()]
    prefix = _PREFIX.match(signal.ch_names[i])
    return _PREFIXED[prefix[1]] if prefix else _DEFAULT.get(datatype, "misc")


def _is_other_voltage(own: str, said: str | None) -> bool:
    """Return whether the table tells an EOG from an EEG site, which a file often does not."""
    return own in VOLTAGES and TYPES.get((said or "").upper()) in VOLTAGES


def _in_si(
    signal: Signal, names: Sequence[str], types: Sequence[str], rows: Sequence[dict[str, str | None]], where: str
) -> tuple[np.ndarray, tuple[str, ...], tuple[dict[str, Any], ...]]:
    header = [spelt(unit) for unit in signal.units]
    if signal.certain:
        return signal.data, tuple(to_si(unit)[0] for unit in header), ()
    table = [spelt(row.get("units")) for row in rows]
    chosen = [first or second or (signal.assumed or "") for first, second in zip(header, table, strict=True)]
    lost = [n for n, unit, kind in zip(names, chosen, types, strict=True) if kind in VOLTAGES and not is_voltage(unit)]
    if lost:
        raise InputError(
            f"Nothing says which unit of voltage the channels {', '.join(lost)} are in.", code="E-INPUT-UNIT",
            where=where, remedy="Write it in the column units of channels.tsv: V, mV, µV or nV.",
        )  # fmt: skip
    notes = _contradictions(signal, names, types, header, table, where) + _nonsense(names, types, header, table)
    scaled = [to_si(unit) for unit in chosen]
    return _times(signal.data, np.array([factor for _, factor in scaled])), tuple(unit for unit, _ in scaled), notes


def _times(data: Any, factors: np.ndarray) -> Any:
    if isinstance(data, Series):
        return data.scaled(factors)
    data *= factors[:, None]  # in place: the array is the reader's own, and may be large
    return data


def _contradictions(
    signal: Signal, names: Sequence[str], types: Sequence[str], header: list[str], table: list[str], where: str
) -> tuple[dict[str, Any], ...]:
    """Let the size of the signal decide between header and table; where it cannot, refuse."""
    wrong = [i for i, kind in enumerate(types) if kind in VOLTAGES and is_voltage(header[i]) and is_voltage(table[i])
             and header[i] != table[i]]  # fmt: skip
    if not wrong:
        return ()
    spread = float(np.median([np.nanstd(signal.data[i]) for i in wrong]))
    first, second = header[wrong[0]], table[wrong[0]]
    said = f"In {', '.join(names[i] for i in wrong)} the header says {first}, channels.tsv says {second}"
    if not _is_plausible(spread * to_si(first)[1]) or _is_plausible(spread * to_si(second)[1]):
        raise InputError(f"{said}, and the signal (std {spread:.3g}) does not decide.", code="E-INPUT-UNIT",
                         where=where, remedy="Mend the column units of channels.tsv.")  # fmt: skip
    return (
        noted(warning=f"{said}. Only {first} gives a signal of a plausible size (std {spread:.3g}), so it counts."),
    )


def _nonsense(
    names: Sequence[str], types: Sequence[str], header: list[str], table: list[str]
) -> tuple[dict[str, Any], ...]:
    """Return notes on units in the table that are none of voltage, where the header has one."""
    odd = [i for i, kind in enumerate(types) if kind in VOLTAGES and is_voltage(header[i])
           and table[i] and not is_voltage(table[i])]  # fmt: skip
    notes = []
    for wrong, right in dict.fromkeys((table[i], header[i]) for i in odd):
        who = ", ".join(names[i] for i in odd if table[i] == wrong)
        notes.append(
            noted(warning=f"channels.tsv gives {who} the unit {wrong!r}; that of the header, {right}, counts.")
        )
    return tuple(notes)


def _is_plausible(volts: float) -> bool:
    return _PLAUSIBLE[0] <= volts <= _PLAUSIBLE[1]


def _look(row: np.ndarray) -> tuple[bool, float, bool]:
    """Return whether a channel is finite, its standard deviation, and whether it is flat."""
    if not np.isfinite(row).all():
        return False, 0.0, False
    return True, float(np.std(row)), not np.ptp(row)


def _odd_values(data: Any, names: Sequence[str], types: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return notes on signals that a person should look at; the steps decide what to do about them."""
    brain = [i for i, kind in enumerate(types) if kind in ("eeg", "ecog", "seeg", "dbs")]
    if not brain or not data.shape[1]:
        return ()
    seen = [(names[i], *_look(data[i])) for i in brain]  # one at a time: a long recording is not in memory
    notes = [noted(warning=f"{name} holds NaN or infinity.") for name, finite, _, _ in seen if not finite]
    notes += [noted(warning=f"{name} is flat.") for name, finite, _, flat in seen if finite and flat]
    spreads = [spread for _, finite, spread, _ in seen if finite]
    typical = float(np.median(spreads)) if spreads else 0.0
    if typical and not _is_plausible(typical):
        notes.append(noted(warning=f"The channels have a standard deviation of {typical:.2g} V, which is no brain "
                                   "signal: look at the units."))  # fmt: skip
    return tuple(notes)
