"""Epochs of one kind as the trials of one long epoch."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("join_epochs")
class JoinEpochs(Step):
    """Lay the epochs of a recording, or of each condition in it, end to end: one long epoch for each.

    Features know one epoch alone. What compares trials (inter-trial coherence, connectivity over trials) takes the
    joined epochs and the length of one as that of a trial: ``itc: {tagged: {trial: 1 s}}`` after
    ``epoch: {duration: 1 s}``, or ``spectral_wpli: {cross_spectra: {segment: 1 s}}``. Other features would take the
    seams for signal.

    Parameters
    ----------
    by : str, optional
        A column of the events, or an entity, whose values are joined apart; by default all epochs are joined. Of each
        value the first epochs are taken, as many as the rarest has: the coherence of few trials is larger by chance.

    Raises
    ------
    InputError
        ``E-INPUT-EVENTS``: there is no such column. ``E-INPUT-EPOCHS``: no epoch has a value there.
    """

    by: str | None = None
    positional = "by"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return one epoch a value, in the order in which the values first occur."""
        from ._join import joined

        return joined(data, self)
