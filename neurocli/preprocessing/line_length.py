"""Epochs that run wild."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("line_length")
class LineLength(Step):
    """Drop epochs in which a channel's line length is an outlier among its epochs, as spikes and movement make it.

    Parameters
    ----------
    threshold : float
        Robust z (median and MAD of the channel's log line lengths) above which a channel is wild in an epoch.
    share : float
        Share of the good channels that must be wild for the epoch to be dropped; 0 means one.
    types : list of str, optional
        Channel types that are looked at; by default all but triggers and `misc`.

    Raises
    ------
    InputError
        ``E-INPUT-EPOCHS``: no epoch is left; ``E-INPUT-NAN``.

    References
    ----------
    Esteller et al. (2001) Proc. IEEE EMBS 23:1707.
    """

    threshold: float = Field(default=5.0, gt=0)
    share: float = Field(default=0.0, ge=0, lt=1)
    types: list[str] | None = None
    positional = "threshold"
    transductive = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the epochs that are left; the channels that ran wild are in the notes."""
        from ._line_length import tame

        return tame(data, self)
