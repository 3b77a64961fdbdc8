"""Recordings that look alike to a decoder."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("euclidean_alignment")
class EuclideanAlignment(Step):
    """Whiten epochs by the mean covariance of their recording, so that this mean becomes the identity.

    Uses no label, but all epochs of the recording, test epochs too. Where the label is constant per recording it may
    remove what is to be decoded.

    Parameters
    ----------
    types : list of str, optional
        Channel types that are aligned, together; by default all but triggers and `misc`. Bad channels stay.

    Raises
    ------
    InputError
        ``E-INPUT-NAN``; ``E-INPUT-CHANNELS``: no channel is left.

    References
    ----------
    He & Wu (2020) IEEE Trans. Biomed. Eng. 67:399.
    """

    types: list[str] | None = None
    transductive = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the aligned epochs, without unit."""
        from ._align import aligned

        return aligned(data, self)
