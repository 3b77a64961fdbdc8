"""What an exporter is given: the scores, the fits and a description of how they came about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .features import Features
from .fitted import Fitted
from .recording import Epochs, Image, Recording


@dataclass(frozen=True)
class Results:
    """Everything `export` may use; nothing in it depends on when or where the run took place.

    Parameters
    ----------
    name, title, citation : str
        Of the pipeline.
    scores : dict
        What `evaluate` left: see `neurocli.evaluation.judge`.
    fitted : sequence of Fitted
        Every fit, read when indexed; fold ``all`` is the one to publish.
    recordings : sequence of Features, Epochs, Recording or Image
        What was learned from, one a recording, read when indexed.
    signals : sequence of Epochs, Recording or Image
        What preprocessing left of each recording, read when indexed.
    recipe : dict
        Input, target, stages with all their settings, and seed.
    quality : dict
        Recording -> what each step noted, for quality control.
    missing : dict
        Recordings asked for and not scored -> why.
    library_versions : dict
        Distribution -> version.
    """

    name: str
    title: str
    citation: str | None
    scores: Mapping[str, Any]
    fitted: Sequence[Fitted]
    recordings: Sequence[Features | Epochs | Recording | Image]
    signals: Sequence[Epochs | Recording | Image]
    recipe: Mapping[str, Any]
    quality: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    library_versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return the name as a BIDS label: letters and digits alone."""
        return re.sub(r"[^0-9A-Za-z]", "", self.name)

    @property
    def final(self) -> Fitted | None:
        """Return the fit on all samples, which is published and never scored."""
        return next((fit for fit in self.fitted if fit.role == "all"), None)
