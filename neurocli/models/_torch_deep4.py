"""Deep4."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ._torch_blocks import TemporalSpatial, flat_size, n_samples_of
from ._torch_settle import settle


class Deep4(nn.Module):
    """Four blocks of convolution and max pooling, as braindecode has them.

    Dropout comes before the convolution of a block, as in the authors' code, so `settle` measures the statistics of
    batch normalisation again when training is over; without it, what is trained can give one class for all samples.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    n_filters : int
        Of the first block; each further block has twice as many.
    kernel : float
        Length of the first filters, in s; the later ones have as many samples.
    pool : int
        Samples that each pooling takes together.
    dropout : float
        Share of units left out in training.

    References
    ----------
    Schirrmeister et al., Hum Brain Mapp 2017, 38(11), 5391-5420; braindecode at eb3ddee6, models/deep4.py.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        n_filters: int = 25,
        kernel: float = 0.04,
        pool: int = 3,
        dropout: float = 0.5,
    ):
        super().__init__()
        length = n_samples_of(kernel, sfreq)
        blocks = [_end(TemporalSpatial(n_chans, n_filters, n_filters, length, has_bias=False), n_filters, pool)]
        for i in range(3):
            n_in, n_out = n_filters * 2**i, n_filters * 2 ** (i + 1)
            blocks += [nn.Dropout(dropout), _end(nn.Conv1d(n_in, n_out, length, bias=False), n_out, pool)]
        self.layers = nn.Sequential(*blocks, nn.Flatten())
        self.classifier = nn.Linear(flat_size(self.layers, n_chans, n_times), n_outputs)
        self._begin()

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        logits: Tensor = self.classifier(self.layers(x))
        return logits

    def settle(self, x: Tensor) -> None:
        """Measure the running statistics again on the samples of training, with no unit left out."""
        settle(self, x)

    def _begin(self) -> None:
        """Draw the first weights as the authors do: uniform after Glorot and Bengio, no offsets."""
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                nn.init.xavier_uniform_(weight)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)


def _end(convolution: nn.Module, n_filters: int, pool: int) -> nn.Module:
    return nn.Sequential(convolution, nn.BatchNorm1d(n_filters), nn.ELU(), nn.MaxPool1d(pool))
