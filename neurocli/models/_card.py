"""How large a deep decoder is and what it costs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from ._deep import Deep
from ._training import logits_of, one_thread


def card(decoder: Deep, n_repeats: int = 5) -> dict[str, Any]:
    """Return the size and the cost of a trained decoder.

    Parameters
    ----------
    decoder : Deep
        Fitted.
    n_repeats : int
        Runs whose median is the latency.

    Returns
    -------
    card : dict
        ``n_parameters``; ``flops`` of one epoch, a multiplication and an addition counting one each; ``latency_s`` of
        one epoch on one thread; ``n_epochs`` it was trained for.
    """
    module, x = decoder.module(), _example(decoder)
    with one_thread(0):
        times = [_seconds(module, x) for _ in range(n_repeats)]
    return {**size(decoder), "latency_s": float(np.median(times))}


def size(decoder: Deep) -> dict[str, int]:
    """Return ``n_parameters``, ``flops`` and ``n_epochs`` of `card`, which are the same each time."""
    from torch.utils.flop_counter import FlopCounterMode

    module = decoder.module()
    with one_thread(0), FlopCounterMode(display=False) as counter:
        logits_of(module, _example(decoder))
    n_parameters = sum(weight.numel() for weight in module.parameters())
    return {"n_parameters": n_parameters, "flops": int(counter.get_total_flops()), "n_epochs": len(decoder.curve_)}


def _example(decoder: Deep) -> torch.Tensor:
    return torch.zeros(1, int(decoder.signature_["n_chans"]), int(decoder.signature_["n_times"]))


def _seconds(module: torch.nn.Module, x: torch.Tensor) -> float:
    started = time.perf_counter()
    logits_of(module, x)
    return time.perf_counter() - started
