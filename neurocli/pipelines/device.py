"""The device of a run: what was asked for, what is here, which units compute on it, and how they are told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from .pipeline import Use

VARIABLE = "NEUROCLI_DEVICE"  # of a worker: the card that it was given
CARDS = ((Path("/proc/driver/nvidia/gpus"), "*"), (Path("/dev"), "nvidia[0-9]*"))
Computing = dict[str, str]
PROCESSOR: Computing = {"backend": "cpu", "dtype": "float64"}


def checked(device: str) -> str:
    """Return the device if it is one.

    Raises
    ------
    UsageError
        If it is not (``E-USAGE-DEVICE``).
    """
    if re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        return device
    remedy = "Give auto, cpu, cuda for any GPU, or cuda:N for one of them."
    raise UsageError(f"{device!r} is no device.", code="E-USAGE-DEVICE", remedy=remedy)


def resolved(device: str, executor: str) -> str:
    """Return the device with what depends on this machine decided, so that every later step sees the same.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    executor : str
        Who carries the units out.

    Returns
    -------
    device : str
        ``auto`` is ``cpu`` unless this machine computes and has a GPU that torch and Triton can use: what another
        machine has is not known here, and the keys of a run must not depend on where it goes on. In a SLURM job the
        only card that is visible is the first, whichever that is, so ``cuda:N`` is ``cuda``.
    """
    checked(device)
    if device == "auto":
        return "auto" if executor == "local" and n_cards() and can_use_cards() else "cpu"
    return "cuda" if executor == "slurm" and device != "cpu" else device


def n_cards() -> int:
    """Return how many GPUs are here that ``CUDA_VISIBLE_DEVICES`` does not hide."""
    here = max(len(list(folder.glob(pattern))) for folder, pattern in CARDS)
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return here
    return min(here, len([name for name in named.split(",") if name.strip() not in ("", "-1")]))


def can_use_cards() -> bool:
    """Return whether torch was built for GPUs and Triton is there, from what is installed: importing takes seconds."""
    try:
        metadata.version("triton")
        return not metadata.version("torch").endswith("+cpu")
    except metadata.PackageNotFoundError:
        return False


def of_features(names: Sequence[str], device: str) -> Computing:
    """Return the backend and dtype of features: ``cuda`` where a GPU is asked for by name and one of them has a kernel.

    ``auto`` leaves them on the processor: their unit reads and filters, too, and would hold its card all the while.
    """
    if not device.startswith("cuda"):
        return PROCESSOR
    from ..features.catalogue import index

    known = index()["features"]
    has_kernel = any("cuda" in known.get(name, {}).get("backends", ()) for name in names)
    return {"backend": "cuda", "dtype": "float32"} if has_kernel else PROCESSOR


def of_training(uses: Sequence[Use], device: str) -> Computing:
    """Return the backend of a model: the GPU for a network unless there is none; nothing for what knows no device."""
    if not any(getattr(use.settings, "deep", False) for use in uses):
        return {}
    return {"backend": "cpu" if device == "cpu" else "cuda"}


@contextmanager
def told(recipe: dict[str, Any], device: str) -> Iterator[None]:
    """Tell a unit its device in the environment, for the block: the card that its worker was given, or the processor.

    Parameters
    ----------
    recipe : dict
        Of the unit.
    device : str
        Of the run, for a worker that was given none: an element of an array, a node of nipype.
    """
    given = os.environ.get(VARIABLE)
    named = given if (given or "").startswith("cuda") else device if ":" in device else "cuda:0"
    os.environ[VARIABLE] = str(named) if recipe.get("backend") == "cuda" else "cpu"
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if given is not None:
            os.environ[VARIABLE] = given
