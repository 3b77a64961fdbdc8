"""Nineteen sites under one name each, whatever the recorder called them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..step import Step, named


@named("montage_1020")
class Montage1020(Step):
    """Keep the 19 sites of the 10-20 system, in one order and under one name, whatever the recorder called them.

    ``EEG Fp1-REF``, ``FP1``, ``Fp1.`` and ``POL Fp1`` are Fp1; T3, T4, T5 and T6 are T7, T8, P7 and P8. Sites whose
    place is unknown get their standard one. Where ``channels.tsv`` shows that no recording can be taken, the run is
    refused before anything is read.

    Parameters
    ----------
    old_names : bool
        Whether the four temporal sites are called T3, T4, T5 and T6, as before 1991.

    Raises
    ------
    InputError
        ``E-INPUT-REFERENCE``: the channels are bipolar, or measured against different references;
        ``E-INPUT-CHANNELS``: a site is missing, or there twice.
    """

    old_names: bool = False
    positional = "old_names"
    libraries = ("mne",)

    def check_names(self, ch_names: Sequence[str]) -> tuple[str, str, str] | None:
        """Return why channels of these names cannot be taken: code, sentence, remedy."""
        from ._sites import complaint

        return complaint(ch_names)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with the 19 sites alone."""
        from ._montage_1020 import nineteen

        return nineteen(data, self)
