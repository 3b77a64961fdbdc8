"""The one training loop: one thread, one seed, a checkpoint after each pass that resumes to the same bits.

A network may have a method `learn(x, y)`, which returns the logits and a loss of its own to be added to that of the
classes; `constrain()`, called after each step; `prepare(x)`, called once with the samples before the first; and
`settle(x)`, called with them after the last, and before each look at samples that are held out.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import MissingError
from ._adam import AdamW
from ._augment import augmented
from ._loss import loss_of

_FOLDER: ContextVar[tuple[Path, float] | None] = ContextVar("checkpoint", default=None)


@contextmanager
def checkpointing(folder: Path, every: float = 5.0) -> Iterator[None]:
    """Keep what is trained inside the block in `folder`, and go on from what lies there.

    Parameters
    ----------
    folder : Path
        Of one unit; made when needed. A checkpoint of other settings or samples in it is not used.
    every : float
        Least time between two checkpoints, in s.
    """
    token = _FOLDER.set((Path(folder), every))
    try:
        yield
    finally:
        _FOLDER.reset(token)


@contextmanager
def one_thread(seed: int) -> Iterator[None]:
    """Compute on one thread with random numbers of one seed, and leave torch's own state as it was."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        device = training_device()
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(n_threads)


@dataclass(frozen=True)
class Batch:
    """Samples to learn from, or held out inside the training part.

    Parameters
    ----------
    x : tensor, shape (n_samples, n_chans, n_times)
        Standardised signal.
    y : tensor of int, shape (n_samples,)
        Class index.
    weight : tensor, shape (n_samples,)
        Weight in the loss.
    """

    x: Tensor
    y: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the same on a device."""
        return Batch(self.x.to(device), self.y.to(device), self.weight.to(device))


@dataclass
class State:
    """Where a training stands."""

    module: nn.Module
    optimizer: AdamW
    epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    best_epoch: int = -1


def train(
    module: nn.Module, fit: Batch, settings: dict[str, Any], held: Batch | None = None, digest: str = ""
) -> list[dict[str, float]]:
    """Train a network in place.

    Parameters
    ----------
    module : Module
        Maps (n, n_chans, n_times) to logits; one with a method `constrain` has it called after each step.
    fit : Batch
        Samples to learn from.
    settings : dict
        ``n_epochs``, ``batch_size``, ``learning_rate``, ``weight_decay``, ``label_smoothing``, ``ordinal``,
        ``patience``, ``augment``, ``precision``, and the ``sfreq`` of the samples.
    held : Batch, optional
        Groups held out of `fit`; needed by `patience`, which then restores the best weights.
    digest : str
        Of samples and settings; a checkpoint of another is not used.

    Returns
    -------
    curve : list of dict
        ``loss`` of each pass over the samples, and ``held_loss``.
    """
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        prepare(fit.x)
    device = training_device()
    module.to(device)
    fit, held = fit.to(device), held and held.to(device)
    state = State(module, AdamW(module, settings["learning_rate"], settings["weight_decay"]))
    place = _FOLDER.get()
    if place:
        _resume(place[0] / "training.safetensors", state, digest)
    saved = time.monotonic()
    while state.epoch < settings["n_epochs"] and not _is_over(state, settings["patience"]):
        _one_pass(state, fit, settings, held)
        if place and time.monotonic() - saved >= place[1]:
            _keep(place[0] / "training.safetensors", state, digest)
            saved = time.monotonic()
    if held is not None and state.best:
        module.load_state_dict(state.best)
    else:
        _settle(module, fit.x)
    module.to("cpu")
    return state.curve


def training_device() -> torch.device:
    """Return the device that the runner gave this unit (``NEUROCLI_DEVICE``); the processor if it gave none.

    Raises
    ------
    MissingError
        If it is a GPU that is not here (``E-ENVIRONMENT-GPU``): weights of another device are not those of the key.
    """
    name = os.environ.get("NEUROCLI_DEVICE", "")
    if not name.startswith("cuda"):
        return torch.device("cpu")
    place = torch.device(name)
    if not torch.cuda.is_available() or (place.index or 0) >= torch.cuda.device_count():
        raise MissingError(
            f"The network was to be trained on {name}, and torch finds no such GPU here.",
            code="E-ENVIRONMENT-GPU",
            remedy="Use --device cpu, or install a torch with CUDA on a machine with a GPU.",
        )
    return place


def _is_over(state: State, patience: int) -> bool:
    return bool(patience) and bool(state.best) and state.epoch - 1 - state.best_epoch >= patience


def _one_pass(state: State, fit: Batch, settings: dict[str, Any], held: Batch | None) -> None:
    state.module.train()
    total, order = 0.0, torch.randperm(len(fit.y))
    for chosen in torch.split(order, settings["batch_size"]):
        if len(chosen) > 1 or len(order) == 1:  # one sample has no batch statistics
            total += _one_step(state, fit, chosen, settings) * len(chosen)
    point = {"loss": total / len(order)}
    if held is not None:
        _settle(state.module, fit.x)
        point["held_loss"] = loss_of(logits_of(state.module, held.x), held.y, held.weight).item()
        if point["held_loss"] < min((p["held_loss"] for p in state.curve), default=float("inf")):
            state.best = {name: value.clone() for name, value in state.module.state_dict().items()}
            state.best_epoch = state.epoch
    state.curve.append(point)
    state.epoch += 1


def _settle(module: nn.Module, x: Tensor) -> None:
    settle = getattr(module, "settle", None)
    if settle is not None:
        settle(x)


def _one_step(state: State, fit: Batch, chosen: Tensor, settings: dict[str, Any]) -> float:
    chosen = chosen.to(fit.x.device)
    x, y = augmented(fit.x[chosen], settings["augment"], settings["sfreq"]), fit.y[chosen]
    with _precision(x.device, settings["precision"]):
        learn = getattr(state.module, "learn", None)
        logits, own = learn(x, y) if learn is not None else (state.module(x), None)
    loss = loss_of(logits.float(), y, fit.weight[chosen], settings["label_smoothing"], settings["ordinal"])
    state.optimizer.zero()
    (loss if own is None else loss + own).backward()
    state.optimizer.step()
    constrain = getattr(state.module, "constrain", None)
    if constrain is not None:
        constrain()
    return loss.item()


def _precision(device: torch.device, name: str) -> AbstractContextManager[Any]:
    """Return a block whose products are bfloat16 where that is asked for and the device is a GPU."""
    if name == "bfloat16" and device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    return nullcontext()


@torch.no_grad()
def logits_of(module: nn.Module, x: Tensor, batch_size: int = 64) -> Tensor:
    """Return the logits of samples without dropout, shape (n_samples, n_outputs)."""
    module.eval()
    return torch.cat([module(part) for part in torch.split(x, batch_size)])


def _keep(path: Path, state: State, digest: str) -> None:
    tensors = {f"model/{name}": value for name, value in state.module.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in state.best.items()}
    tensors |= {f"optimizer/{name}": value for name, value in state.optimizer.state().items()}
    tensors["rng"] = torch.get_rng_state()
    if state.optimizer.flat.is_cuda:
        tensors["cuda_rng"] = torch.cuda.get_rng_state(state.optimizer.flat.device)
    meta = {"digest": digest, "epoch": state.epoch, "curve": state.curve, "best_epoch": state.best_epoch}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file({name: value.clone() for name, value in tensors.items()}, part, {"state": json.dumps(meta)})
    part.replace(path)


def _resume(path: Path, state: State, digest: str) -> None:
    if not path.is_file():
        return
    with safe_open(path, "pt") as file:
        meta = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no iterator
    if meta["digest"] != digest:
        return
    state.module.load_state_dict(_under("model/", tensors))
    state.optimizer.restore(_under("optimizer/", tensors))
    torch.set_rng_state(tensors["rng"])
    if "cuda_rng" in tensors and state.optimizer.flat.is_cuda:
        torch.cuda.set_rng_state(tensors["cuda_rng"], state.optimizer.flat.device)
    state.epoch, state.curve, state.best_epoch = meta["epoch"], meta["curve"], meta["best_epoch"]
    state.best = _under("best/", tensors)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
