"""Names of scalp sites as recorders spell them, without NumPy: what is checked before anything is read needs them."""

from __future__ import annotations

import re
from collections.abc import Sequence

TEN_TWENTY = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip
OLD = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}  # Jasper (1958) -> the names of 1991
_NEW = {old: new for new, old in OLD.items()}
_SITE = re.compile(r"(N|(FP|AF|F|FT|FC|T|TP|C|CP|P|PO|O|I)(Z|\d{1,2}))", re.IGNORECASE)
_PREFIX = re.compile(r"^(EEG|POL|SEEG)[\s_:-]+", re.IGNORECASE)
_EARS = ("A1", "A2", "M1", "M2")


def parts(name: str) -> tuple[str, str]:
    """Return the first electrode of a channel and what it is measured against, ``""`` where the name does not say.

    >>> parts("EEG Fp1-REF"), parts("FP1"), parts("FP1-F7"), parts("Fc5.")
    (('FP1', 'REF'), ('FP1', ''), ('FP1', 'F7'), ('FC5', ''))
    """
    bare = _PREFIX.sub("", name.strip()).strip(" .").upper()
    first, _, second = bare.partition("-")
    return first.strip(" ."), second.strip(" .")


def is_pair(name: str) -> bool:
    """Tell whether a channel is the difference of two scalp sites; against an ear or a common reference it is none.

    >>> [is_pair(name) for name in ("FP1-F7", "T8-P8-0", "EEG Fp1-REF", "C3-A2", "Cz")]
    [True, True, False, False, False]
    """
    first, second = parts(name)
    second = second.partition("-")[0]
    return bool(_SITE.fullmatch(first) and _SITE.fullmatch(second)) and second not in _EARS


def pairs_of(names: Sequence[str]) -> list[str]:
    """Return the bipolar channels; where all are against one and the same site, that is a reference and none is."""
    pairs = [name for name in names if is_pair(name)]
    return [] if len(pairs) > 2 and len({parts(name)[1] for name in pairs}) == 1 else pairs


def canonical(site: str) -> str:
    """Return a site of the 10-20 system under its name of 1991, spelt as there; others in capitals.

    >>> canonical("FP1"), canonical("T3"), canonical("fz")
    ('Fp1', 'T7', 'Fz')
    """
    known = {name.upper(): name for name in TEN_TWENTY}
    upper = site.upper()
    return known.get(_NEW.get(upper, upper), upper)


def found(names: Sequence[str]) -> dict[str, list[str]]:
    """Return site -> the channels that stand for it, in the order of the recording."""
    sites: dict[str, list[str]] = {}
    bipolar = set(pairs_of(names))
    for name in names:
        if name not in bipolar:
            sites.setdefault(canonical(parts(name)[0]), []).append(name)
    return sites


def complaint(names: Sequence[str]) -> tuple[str, str, str] | None:
    """Return why the 19 sites of the 10-20 system cannot be had from these channels: code, sentence, remedy."""
    pairs, sites = pairs_of(names), found(names)
    missing = [site for site in TEN_TWENTY if site not in sites]
    if missing and pairs:
        said = f"{len(pairs)} channels are bipolar ({', '.join(pairs[:3])}, …), and"
        remedy = "Use the recording against its common reference, or a pipeline for bipolar channels."
        return "E-INPUT-REFERENCE", f"{said} differences of two sites cannot be turned back into sites.", remedy
    if missing:
        there = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        remedy = "Leave the recording out, or name its channels in channels.tsv."
        return "E-INPUT-CHANNELS", f"The 10-20 system lacks {', '.join(missing)} here; there are {there}.", remedy
    return _ambiguous(sites)


def _ambiguous(sites: dict[str, list[str]]) -> tuple[str, str, str] | None:
    twice = [sites[site] for site in TEN_TWENTY if len(sites[site]) > 1]
    if twice:
        said = f"{' and '.join(twice[0])} are the same site."
        return "E-INPUT-CHANNELS", said, "Drop one with pick: {exclude: [...]}."
    against = sorted({parts(sites[site][0])[1] for site in TEN_TWENTY})
    if len(against) > 1:
        several = ", ".join(name or "none named" for name in against)
        said = f"The channels have different references ({several}), which a common average does not remove."
        return "E-INPUT-REFERENCE", said, "Use a recording with one reference."
    return None
