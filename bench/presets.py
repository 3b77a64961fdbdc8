"""Every set of real data through its preset, from BIDS or through `bidsify`: which exit status, and why.

`python -m bench presets` measures; `python -m bench.presets` prints the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .row import DATA, ROOT, Row

FORMATS = "formats"


@dataclass(frozen=True)
class Case:
    """A set, its preset, and what is expected of the two.

    `file` is the loose file of a set that is not BIDS, `more` what the mapping says of it, `labels` the people that the
    test suite takes where the whole set would take minutes.
    """

    data: str
    preset: str
    exit: int
    code: str = ""
    file: str = ""
    more: tuple[tuple[str, Any], ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Set, file and preset."""
        return f"{self.data}{'/' + self.file if self.file else ''} -> {self.preset}"


EEG = (("task", "x"), ("line_freq", 60))
CASES = (
    Case("eegmat", "eeg-clean", 0, labels=("00",)),
    Case("eegmat", "seizure-19ch-256hz", 0, labels=("00",)),
    Case("ssvep", "eeg-clean", 0),
    Case("ssvep", "eeg-erp", 0),
    Case("ssvep", "seizure-19ch-256hz", 4, "E-INPUT-CHANNELS"),  # eight occipital sites
    Case("seizure/chbmit", "seizure-19ch-256hz", 4, "E-INPUT-REFERENCE"),  # bipolar
    Case("seizure/ieeg", "ieeg-clean", 0),
    Case("haxby", "bold-clean", 6, "E-INPUT-SHAPE"),  # one slice
    Case("bids-skeletons/ds000246", "meg-clean", 6, "E-INPUT-TRUNCATED"),  # CTF without content
    Case("bids-skeletons/eeg_matchingpennies", "eeg-clean", 6, "E-INPUT-TRUNCATED"),
    Case("bids-skeletons/eeg_cbm", "eeg-clean", 6, "E-INPUT-TRUNCATED"),
    Case("bids-skeletons/ieeg_motorMiller2007", "ieeg-clean", 6, "E-INPUT-TRUNCATED"),
    Case("bids-skeletons/ds003", "bold-clean", 6, "E-INPUT-TRUNCATED"),
    Case(FORMATS, "eeg-clean", 6, "E-INPUT-POSITIONS", "bdf/test.bdf", EEG),  # A1 to A16: no place, a bad channel
    Case(FORMATS, "eeg-clean", 0, file="eeglab/eeglab_data.set", more=(*EEG, ("channels", "EOG1=EOG; EOG2=EOG"))),
    Case(FORMATS, "eeg-erp", 0, file="eeglab/eeglab_data.set", more=(*EEG, ("channels", "EOG1=EOG; EOG2=EOG"))),
    Case(FORMATS, "eeg-clean", 6, "E-INPUT-CHANNELS", "gdf/test_1ch.gdf", (*EEG, ("channels", "ECG=ECG"))),
    Case(FORMATS, "eeg-clean", 0, file="xdf/test.xdf", more=(*EEG, ("units", "µV"))),
    Case(FORMATS, "bidsify", 4, "E-INPUT-UNIT", "xdf/test.xdf", EEG),  # nothing says the unit
    Case(FORMATS, "bidsify", 4, "E-INPUT-FORMAT", "nwb/LantyerEtAl2018_170328_AB_277_ST50_C.nwb", EEG),  # patch clamp
    Case(FORMATS, "meg-clean", 6, "E-INPUT-SHORT", "meg-fif/sample_audvis_trunc_raw_sss.fif", EEG),  # one second
    Case(FORMATS, "bidsify", 4, "E-INPUT-FORMAT", "meg-fif/test_move_anon_erm_raw.fif", EEG),  # active shielding
    Case(FORMATS, "ieeg-clean", 6, "E-INPUT-NYQUIST", "ieeg-fif/sample_ecog_ieeg.fif", (*EEG, ("datatype", "ieeg"))),
    Case(FORMATS, "bold-clean", 6, "E-INPUT-MASK", "nifti/functional.nii", (*EEG, ("datatype", "func"))),  # 3 slices
    Case(FORMATS, "bold-clean", 6, "E-INPUT-MASK", "nifti/fmri1.nii.gz", (*EEG, ("datatype", "func"))),  # 10 x 10
    Case(FORMATS, "t1-volumes", 0, file="nifti/anatomical.nii.gz", more=(("datatype", "anat"),)),  # has no skull
)


@dataclass(frozen=True)
class Outcome:
    """What happened: exit status, code of the error, whether the BIDS validator agrees (None: nothing to look at)."""

    exit: int
    code: str
    valid: bool | None
    seconds: float


def outcome(case: Case, folder: Path, *, quick: bool = False) -> Outcome:
    """Run one case below a folder."""
    started = time.perf_counter()
    bids, out = DATA / case.data, folder / "out"
    if case.file:
        bids = folder / "bids"
        document = _bidsify(case, folder, bids)
        if document["exit"] or case.preset == "bidsify":
            return _outcome(document, bids, time.perf_counter() - started)
    words: list[str | Path] = ["preprocess", case.preset, "--bids-dir", bids, "-o", out]
    if quick:
        words += [word for label in case.labels for word in ("--participant-label", label)]
    return _outcome(_document(*words), out, time.perf_counter() - started)


def _bidsify(case: Case, folder: Path, bids: Path) -> dict[str, Any]:
    row = {"file": str(DATA / case.data / case.file), "subject": "01", **dict(case.more)}
    mapping = folder / "mapping.tsv"
    mapping.write_text("\t".join(row) + "\n" + "\t".join(map(str, row.values())) + "\n", encoding="utf-8")
    return _document("bidsify", mapping, "-o", bids)


def _document(*words: str | Path) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "neurocli", *map(str, words), "--json", "--quiet"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=ROOT)
    return {**json.loads(done.stdout), "exit": done.returncode}


def _outcome(document: dict[str, Any], out: Path, seconds: float) -> Outcome:
    errors = [document["error"]] if "error" in document else document.get("failures", [])
    codes = dict.fromkeys(error.get("code") or error["error"]["code"] for error in errors)
    return Outcome(document["exit"], ", ".join(codes), valid(out) if document["exit"] == 0 else None, seconds)


def valid(folder: Path) -> bool | None:
    """Return whether the BIDS validator finds no error; None where it is not installed."""
    tool = Path(sys.executable).with_name("bids-validator-deno")
    if not tool.exists():
        return None
    done = subprocess.run([tool, "--ignoreWarnings", "--json", folder], capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    return not [issue for issue in issues if issue.get("severity") == "error"]


def outcomes() -> Iterator[tuple[Case, Outcome]]:
    """Yield every case with what happened."""
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            yield case, outcome(case, Path(name))


def rows() -> Iterator[Row]:
    """Yield a row a case: it is met where exit status and code are those expected, and the output is BIDS."""
    if not DATA.is_dir():
        yield Row("presets", 0.0, "not run: ../shared/data is not here", None, "", met=True)
        return
    for case, found in outcomes():
        met = (found.exit, found.code) == (case.exit, case.code) and found.valid is not False
        yield Row(case.name, found.seconds, f"exit {found.exit} {found.code}", None, f"exit {case.exit}", met=met)


def main() -> None:
    """Print the table."""
    print("| set | preset | exit | why not | output passes the BIDS validator |\n|---|---|---|---|---|")
    for case, found in outcomes():
        words = {True: "yes", False: "**no**", None: "–"}
        data = f"{case.data}/{case.file}" if case.file else case.data
        print(f"| {data} | {case.preset} | {found.exit} | {found.code or '–'} | {words[found.valid]} |", flush=True)


if __name__ == "__main__":
    main()
