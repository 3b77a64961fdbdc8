"""The statistics of batch normalisation, measured again when training is over."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

N_SAMPLES = 64  # at a time


@torch.no_grad()
def settle(module: nn.Module, x: Tensor) -> None:
    """Replace the running means and variances by those of `x` with no unit left out.

    Dropout before a convolution raises the variance of what follows, so the running statistics of training are not
    those of inference: four blocks on, max pooling has made of it a shift that can be larger than the difference
    between classes. The weights stay as they are.

    Parameters
    ----------
    module : Module
        Trained; it is left in inference mode.
    x : tensor, shape (n_samples, n_chans, n_times)
        The samples that it was trained on.

    References
    ----------
    Li et al., Understanding the disharmony between dropout and batch normalization by variance shift, CVPR 2019,
    arXiv 1801.05134.
    """
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    module.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all parts
        norm.train()
    for part in torch.tensor_split(x, -(-len(x) // N_SAMPLES)):
        module(part)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
