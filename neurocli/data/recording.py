"""Signals: a continuous recording, an image series, and equal-length epochs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from .entities import Entities
from .payload import Payload
from .samples import Samples


@dataclass(frozen=True)
class Recording(Payload):
    """A continuous recording of one rate, in SI units.

    Parameters
    ----------
    data : array, shape (n_channels, n_times)
        Signal; volts, tesla, tesla/m, or whatever `units` says of the channel.
    sfreq : float
        Sampling frequency, in Hz; 1 / TR for region series.
    ch_names, ch_types, units : tuple of str
        One a channel; types as MNE spells them (``eeg``, ``mag``, ``eog``, ``voxel``, ``region``).
    entities : dict
        BIDS entities, with ``datatype`` and ``suffix``.
    positions : array, shape (n_channels, 3), or None
        Sensor positions in the head frame, in m; NaN where unknown.
    bads : tuple of str
        Channels marked bad.
    events : dict of lists
        The columns of ``events.tsv``, `onset` and `duration` in s as numbers, the others as strings.
    annotations : tuple of (onset, duration, description)
        Spans in s; a description that starts with ``BAD`` excludes the span.
    reference : str or None
        ``average``, a channel name, or what the sidecar says.
    info : dict or None
        What MNE needs beyond this (Maxwell filtering, projectors), as JSON.
    notes : tuple of dict
        What steps did, for quality control: ``{"step": name, ...}``.
    """

    data: np.ndarray
    sfreq: float
    ch_names: tuple[str, ...]
    ch_types: tuple[str, ...]
    units: tuple[str, ...]
    entities: Entities
    positions: np.ndarray | None = None
    bads: tuple[str, ...] = ()
    events: Samples = field(default_factory=dict)
    annotations: tuple[Any, ...] = ()
    reference: str | None = None
    line_freq: float | None = None  # of the mains, in Hz, where the sidecar says it
    info: dict[str, Any] | None = None
    notes: tuple[dict[str, Any], ...] = ()
    kind: ClassVar[str] = "recording"

    @property
    def n_times(self) -> int:
        """Number of samples in time."""
        return int(self.data.shape[-1])


@dataclass(frozen=True)
class Image(Payload):
    """An image or image series.

    Parameters
    ----------
    data : array, shape (x, y, z) or (x, y, z, n_volumes)
        Voxels, scaled as the header says.
    affine : array, shape (4, 4)
        Voxel to mm.
    entities : dict
        BIDS entities, with ``datatype`` and ``suffix``.
    tr : float or None
        Repetition time in s of a series.
    events, confounds : dict of lists
        Columns of ``events.tsv`` and of a confounds table.
    mask : array, shape (x, y, z), or None
        Where the brain is, once a step has found out.
    """

    data: np.ndarray
    affine: np.ndarray
    entities: Entities
    tr: float | None = None
    events: Samples = field(default_factory=dict)
    confounds: Samples = field(default_factory=dict)
    mask: np.ndarray | None = None
    masks: dict[str, str] = field(default_factory=dict)  # description -> path relative to the dataset
    mask_stack: np.ndarray | None = None  # several masks, shape (x, y, z, n_masks), in the order of their names
    slice_times: tuple[float, ...] = ()  # when each slice of a volume was taken, in s; empty where unknown
    t1: np.ndarray | None = None  # the T1 of the same person, shape (x, y, z), where a step asked for it
    t1_affine: np.ndarray | None = None  # voxel of the T1 to mm, shape (4, 4)
    to_t1: np.ndarray | None = None  # from places in this image to places in the T1, mm, shape (4, 4)
    notes: tuple[dict[str, Any], ...] = ()
    kind: ClassVar[str] = "image"


@dataclass(frozen=True)
class Epochs(Payload):
    """Equal-length segments.

    Parameters
    ----------
    data : array, shape (n_epochs, n_channels, n_times)
        Signal, in the units of the recording.
    sfreq : float
        Hz.
    tmin : float
        Time of the first sample relative to the event, in s.
    samples : dict of lists
        The sample table, one row an epoch.
    """

    data: np.ndarray
    sfreq: float
    tmin: float
    ch_names: tuple[str, ...]
    ch_types: tuple[str, ...]
    units: tuple[str, ...]
    entities: Entities
    samples: Samples
    positions: np.ndarray | None = None
    bads: tuple[str, ...] = ()
    reference: str | None = None
    line_freq: float | None = None
    info: dict[str, Any] | None = None
    notes: tuple[dict[str, Any], ...] = ()
    kind: ClassVar[str] = "epochs"
