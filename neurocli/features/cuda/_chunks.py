"""The way to the device and back: two pinned buffers, so that a chunk travels while the one before it is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .._range import USUAL

CHUNK_SAMPLES = 2**24  # 64 MiB of float32: enough to fill the device, small beside its memory
Span = tuple[int, int]


class Feeder:
    """Chunks of a signal on the device, asked for in order.

    Parameters
    ----------
    x : array, shape (n_epochs, n_channels, n_times)
        Signal; may be memory-mapped. int16 travels as it is, everything else in `dtype`.
    dtype : dtype
        float32 or float64, of the chunks.
    chunk : int
        Most epochs of one.
    where : device
        The GPU; or the processor, where nothing has to travel.
    """

    def __init__(self, x: np.ndarray, dtype: np.dtype[Any], chunk: int, where: torch.device):
        self.x, self.chunk, self.where = x, chunk, where
        self.dtype: torch.dtype = torch.from_numpy(np.empty(0, dtype)).dtype
        sent = torch.int16 if x.dtype == np.int16 else self.dtype
        shape = (min(chunk, len(x)), *x.shape[1:])
        self.pinned = where.type == "cuda"
        self.buffers = [torch.empty(shape, dtype=sent, pin_memory=self.pinned) for _ in range(2)]
        self.left: list[Any] = [None, None]  # the event after which a buffer is free
        self.turn = 0
        self.stream: Any = torch.cuda.Stream(where) if self.pinned else None  # type: ignore[no-untyped-call]
        self.sent: dict[Span, tuple[torch.Tensor, Any]] = {}  # what has gone ahead, and the event of its arrival

    def take(self, span: Span) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a chunk with zeros for the series that are not finite, and which they are (n_epochs, n_channels)."""
        part, arrived = self.sent.pop(span) if span in self.sent else self._send(span)
        self.sent.clear()
        if arrived is not None:
            now = torch.cuda.current_stream(self.where)
            now.wait_event(arrived)
            part.record_stream(now)
        part = part.to(self.dtype)
        bad = ~torch.isfinite(part).all(dim=-1)
        return part.masked_fill_(bad[..., None], 0.0), bad

    def ahead(self, start: int) -> None:
        """Send the chunk that begins at an epoch; call it when the work on the one before is under way."""
        if start < len(self.x):
            span = (start, min(start + self.chunk, len(self.x)))
            self.sent[span] = self._send(span)

    def _send(self, span: Span) -> tuple[torch.Tensor, Any]:
        self.turn = 1 - self.turn
        if self.left[self.turn] is not None:
            self.left[self.turn].synchronize()
        buffer = self.buffers[self.turn][: span[1] - span[0]]
        with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes Inf, which is not finite
            np.copyto(buffer.numpy(), np.asarray(self.x[span[0] : span[1]]), casting="unsafe")
        part, arrived = self._copied(buffer)
        self.left[self.turn] = arrived
        return part, arrived

    def _copied(self, buffer: torch.Tensor) -> tuple[torch.Tensor, Any]:
        if self.stream is None:
            return buffer, None
        with torch.cuda.stream(self.stream):
            part = buffer.to(self.where, non_blocking=True)
            return part, self.stream.record_event()


def on_host(values: Sequence[Any], dtype: np.dtype[Any]) -> list[np.ndarray]:
    """Return values as arrays in the dtype of the run; all tensors come in one copy."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    if not tensors:
        return list(values)
    kind = torch.from_numpy(np.empty(0, dtype)).dtype
    flat = torch.cat([value.reshape(-1).to(kind) for value in tensors]).cpu().numpy()
    parts = iter(np.split(flat, np.cumsum([value.numel() for value in tensors])[:-1]))
    return [next(parts).reshape(value.shape) if isinstance(value, torch.Tensor) else value for value in values]


def shifted_on_device(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each epoch times a power of two, and the exponents (n_epochs,), as `_range.shifts` chooses them.

    All is done on the device, also where the exponents are zero, so that nothing waits for it.
    """
    low, high, grain = USUAL[str(x.dtype).removeprefix("torch.")]
    largest = torch.maximum(x.amax(dim=(1, 2)), -x.amin(dim=(1, 2)))
    place = torch.frexp(largest).exponent
    usual = (place >= low) & (place <= high)
    shift = torch.where(usual, 0, -grain * torch.round(place / grain).to(torch.int32))
    return x * _powers_of_two(shift, x.dtype)[:, None, None], shift


def _powers_of_two(exponents: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return them from their bits, for a device may round what it exponentiates."""
    if dtype == torch.float32:
        return (exponents.clamp(-126, 127) + 127 << 23).view(dtype)
    return (exponents.to(torch.int64) + 1023 << 52).view(dtype)
