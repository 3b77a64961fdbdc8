"""AdamW over one flat vector of all weights.

The same steps as `torch.optim.AdamW`, whose first use imports the compiler of torch (seconds in each worker) and which
walks over the tensors one by one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class AdamW:
    """Adam with decoupled weight decay.

    Parameters
    ----------
    module : Module
        Its weights become views of one vector, their gradients of another.
    learning_rate, weight_decay : float
        Size of a step, and the share of each weight that goes in a step of size 1.

    References
    ----------
    Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101.
    """

    def __init__(self, module: nn.Module, learning_rate: float, weight_decay: float = 0.0):
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        weights = list(module.parameters())
        self.flat = torch.cat([weight.detach().flatten() for weight in weights])
        self.gradient = torch.zeros_like(self.flat)
        self.mean, self.square = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.n_steps = torch.zeros((), dtype=torch.int64)
        sizes = [weight.numel() for weight in weights]
        parts = zip(weights, self.flat.split(sizes), self.gradient.split(sizes), strict=True)  # type: ignore[no-untyped-call]
        for weight, values, gradient in parts:
            weight.data, weight.grad = values.view_as(weight), gradient.view_as(weight)

    def zero(self) -> None:
        """Forget the gradient."""
        self.gradient.zero_()

    def step(self) -> None:
        """Move the weights along the gradient that `backward` added up."""
        self.n_steps += 1
        n = int(self.n_steps)
        self.flat.mul_(1 - self.learning_rate * self.weight_decay)
        self.mean.lerp_(self.gradient, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(self.gradient, self.gradient, value=1 - BETA2)
        size = self.square.sqrt().div_((1 - BETA2**n) ** 0.5).add_(EPSILON)
        self.flat.addcdiv_(self.mean, size, value=-self.learning_rate / (1 - BETA1**n))

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint keeps."""
        return {"mean": self.mean, "square": self.square, "n_steps": self.n_steps}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
