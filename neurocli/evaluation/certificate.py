"""The leak certificate: what a fold's two sides share although the protocol does not say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..data.entities import SHORT, Entities, stem
from ..errors import ConfigError, InputError
from .fold import Fold, column_tuples, recording_codes, spans
from .groups import group_name

if TYPE_CHECKING:
    from ..data.samples import Samples

Leak = dict[str, Any]  # {"kind": duplicate_signal | group | overlap, "units": [...]}
SHOWN = 6
MOMENT = 1e-6  # s; two samples at one moment overlap, however short they are


def leaks(fold: Fold, samples: Samples, train: Any, test: Any) -> list[Leak]:
    """Return what the two sides of a fold share.

    Parameters
    ----------
    fold : Fold
        Declares which groups are held out.
    samples : dict of lists
        The sample table.
    train, test : arrays of int
        Rows of the two sides.

    Returns
    -------
    leaks : list of dict
        ``{"kind": ..., "units": [...]}``: ``group`` (a held-out group trains too), ``duplicate_signal`` (bit-identical
        signals on both sides), ``overlap`` (windows of one recording that share time). Empty where there is none.
    """
    shared = fold.n_blocks or fold.few_shot or not fold.by  # the protocol says so
    found = [] if shared else _groups(fold, samples, train, test)
    return found + _duplicates(samples, train, test) + _overlaps(samples, train, test)


def _groups(fold: Fold, samples: Samples, train: Any, test: Any) -> list[Leak]:
    groups = column_tuples(samples, fold.by)
    both = {groups[i] for i in train} & {groups[i] for i in test}
    names = sorted(group_name(fold.by, group) for group in both)
    return [{"kind": "group", "units": names}] if names else []


def _duplicates(samples: Samples, train: Any, test: Any) -> list[Leak]:
    hashes = samples.get("signal")
    if hashes is None:
        return []
    both = {hashes[i] for i in train if hashes[i]} & {hashes[i] for i in test if hashes[i]}
    rows = [i for i in [*train, *test] if hashes[i] in both]
    return [{"kind": "duplicate_signal", "units": _recordings(samples, rows)}] if rows else []


def _overlaps(samples: Samples, train: Any, test: Any) -> list[Leak]:
    import numpy as np

    recording = recording_codes(samples)
    onset, end = spans(samples)
    end = np.maximum(end, onset + MOMENT)
    shared: list[int] = []
    for code in np.intersect1d(recording[train], recording[test]):
        own_train, own_test = train[recording[train] == code], test[recording[test] == code]
        own_train, own_test = own_train[~np.isnan(onset[own_train])], own_test[~np.isnan(onset[own_test])]
        shared += own_test[_meets(onset[own_test], end[own_test], onset[own_train], end[own_train])].tolist()
    return [{"kind": "overlap", "units": _recordings(samples, shared)}] if shared else []


def _meets(onset: Any, end: Any, other_onset: Any, other_end: Any) -> Any:
    """Return which spans share more than rounding with any of the others."""
    import numpy as np

    if len(other_onset) == 0:
        return np.zeros(len(onset), dtype=bool)
    order = np.argsort(other_onset, kind="stable")
    latest_end = np.maximum.accumulate(other_end[order])
    before = np.searchsorted(other_onset[order], end - 1e-9, side="left")  # the others that begin before our end
    return (before > 0) & (latest_end[np.maximum(before - 1, 0)] > onset + 1e-9)


def _recordings(samples: Samples, rows: Sequence[int]) -> list[str]:
    names = [name for name in SHORT if name in samples]
    return sorted({stem({k: str(samples[k][i]) for k in names if samples[k][i] is not None}) for i in rows})


def refuse(fold: Fold, found: Sequence[Leak], allow_leak: str | None) -> None:
    """Stop at a leak, unless a reason was given.

    Raises
    ------
    InputError
        ``E-LEAK``, naming the fold, the kind and the recordings.
    """
    if not found or allow_leak:
        return
    told = "; ".join(f"{_SENTENCE[leak['kind']]}: {_some(leak['units'])}" for leak in found)
    raise InputError(
        f"Fold {fold.name!r} leaks. {told}.",
        code="E-LEAK",
        where=f"train/{fold.name}",
        remedy="Mend the data or the split, or say --allow-leak REASON, which is stamped on the report.",
    )


_SENTENCE = {
    "group": "Held-out groups are trained on too",
    "duplicate_signal": "Bit-identical signals are on both sides",
    "overlap": "Windows of one recording on the two sides share time",
}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def check_centering(uses: Sequence[Any], constant_in: Sequence[str]) -> None:
    """Refuse centring by a group within which the label is constant: it takes away what is to be learned.

    Parameters
    ----------
    uses : sequence of ModelStep
        Members of the model; those with a field `by` name a group.
    constant_in : sequence of str
        Groups within which the label is constant (``recording``; for a participant's label ``subject`` too).

    Raises
    ------
    ConfigError
        ``E-LEAK-CENTER``.
    """
    for use in uses:
        by = getattr(use, "by", None)
        if getattr(use, "transductive", False) and by in constant_in:
            raise ConfigError(
                f"{use.name!r} by {by} is refused: the label is constant within each {by}.",
                code="E-LEAK-CENTER",
                remedy="Use a group that holds all labels, such as `by: subject`, or leave the member out.",
            )


def constant_in(source: str, recordings: Sequence[Entities], column: str) -> tuple[str, ...]:
    """Return the groups within which a label is constant, as far as entities tell at plan time.

    Parameters
    ----------
    source : {"entity", "events", "participants"}
        Where the label stands.
    recordings : sequence of dict
        Entities of the recordings.
    column : str
        Entity or column.
    """
    if source == "events":
        return ()
    if source == "participants":
        return ("recording", "run", "session", "subject")
    levels = {"session": ("subject", "session"), "run": ("subject", "session", "run"), "subject": ("subject",)}
    alone = [name for name, keys in levels.items() if _one_value(recordings, keys, column)]
    return ("recording", *alone)


def _one_value(recordings: Sequence[Entities], keys: Sequence[str], column: str) -> bool:
    seen: dict[tuple[str | None, ...], str | None] = {}
    return all(seen.setdefault(tuple(r.get(key) for key in keys), r.get(column)) == r.get(column) for r in recordings)


def transductive(uses: Sequence[Any]) -> list[str]:
    """Return the members that look at the unlabelled held-out samples, as the report stamps them."""
    return [
        use.name + (f" by {use.by}" if getattr(use, "by", None) else "")
        for use in uses
        if getattr(use, "transductive", False)
    ]
