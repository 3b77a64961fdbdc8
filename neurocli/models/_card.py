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
    from torch.utils.flop_counter import FlopCounterMode

    module = decoder.module()
    x = torch.zeros(1, int(decoder.signature_["n_chans"]), int(decoder.signature_["n_times"]))
    with one_thread(0):
        with FlopCounterMode(display=False) as counter:
            logits_of(module, x)
        times = [_seconds(module, x) for _ in range(n_repeats)]
    return {
        "n_parameters": sum(weight.numel() for weight in module.parameters()),
        "flops": int(counter.get_total_flops()),
        "latency_s": float(np.median(times)),
        "n_epochs": len(decoder.curve_),
    }


def _seconds(module: torch.nn.Module, x: torch.Tensor) -> float:
    started = time.perf_counter()
    logits_of(module, x)
    return time.perf_counter() - started
