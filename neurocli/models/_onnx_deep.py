"""A deep decoder as ONNX: epochs in volts in, probabilities out."""

from __future__ import annotations

import io
import warnings
from typing import Any, cast

import torch
from torch import Tensor, nn

from ._deep import Deep
from ._training import one_thread


class Standalone(nn.Module):
    """A trained network with what `Deep` does before and after it."""

    def __init__(self, decoder: Deep):
        super().__init__()
        self.network = decoder.module()
        self.register_buffer("mean", torch.from_numpy(decoder.mean_).float())
        self.register_buffer("scale", torch.from_numpy(decoder.scale_).float())

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) in the unit of the signal, or columns, to probabilities (n, n_classes)."""
        x = x if x.ndim == 3 else x[:, :, None]
        standardized = (x - self.get_buffer("mean")) / self.get_buffer("scale")
        return torch.softmax(self.network(standardized), dim=1)


def deep_to_onnx(decoder: Deep, shape: tuple[int, ...]) -> bytes:
    """Return the file; its input ``X`` is float32 of shape (n, *shape)."""
    buffer = io.BytesIO()
    names: dict[str, Any] = {"input_names": ["X"], "output_names": ["probabilities"]}
    batch = {"X": {0: "n"}, "probabilities": {0: "n"}}
    with one_thread(0), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter needs another package and gives the same graph
        example, target = (torch.zeros(2, *shape),), cast(Any, buffer)  # a stream is taken, whatever the stubs say
        torch.onnx.export(
            Standalone(decoder).eval(), example, target, dynamic_axes=batch, dynamo=False, opset_version=17, **names
        )
    return buffer.getvalue()
