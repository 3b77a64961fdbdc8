"""What a recording is like at this place of the chain, for quality control."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("quality")
class Quality(Step):
    """Measure the signal and leave it as it is: put one before the cleaning and one after, and export ``quality``.

    Noted are the median over channels of amplitude (standard deviation) and spectrum, the power from 1 to 30 Hz
    against that from 30 to 45 Hz, the peaks at 50 and 60 Hz against their surroundings, and flat channels; of an image
    series the mean against the standard deviation over time, the median over voxels brighter than half the 98th
    percentile, framewise displacement where the head's motion is known, DVARS, a carpet of voxels over time, and the
    overlap of the image with the brain of its mask. Bad channels are left out.

    Parameters
    ----------
    types : list of str, optional
        Channel types that are measured; by default the first that is there of eeg, mag, grad, ecog, seeg, dbs, voxel.
    """

    types: list[str] | None = None
    positional = "types"
    version = 2  # voxels that are no numbers are none of the head

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the data with a line in the notes."""
        from ._quality import measured

        return measured(data, self)
