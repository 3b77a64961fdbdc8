"""EEG Conformer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ._torch_blocks import TemporalSpatial, encoder, flat_size, mlp_head, n_samples_of


class EEGConformer(nn.Module):
    """Convolutional patches in time, a transformer over them, two hidden layers.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    width, depth, n_heads : int
        Size of a token, number of transformer blocks, heads in each.
    kernel, window, stride : float
        Length of the filters, of a patch and between patches, in s.
    dropout : float
        Share of units left out in training.

    References
    ----------
    Song et al., IEEE Trans Neural Syst Rehabil Eng 2023, 31, 710-719.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        width: int = 40,
        depth: int = 6,
        n_heads: int = 10,
        kernel: float = 0.1,
        window: float = 0.3,
        stride: float = 0.06,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.patches = nn.Sequential(
            TemporalSpatial(n_chans, 40, 40, n_samples_of(kernel, sfreq)),
            nn.BatchNorm1d(40),
            nn.ELU(),
            nn.AvgPool1d(n_samples_of(window, sfreq), n_samples_of(stride, sfreq)),
            nn.Dropout(dropout),
            nn.Conv1d(40, width, 1),
        )
        self.transformer = encoder(depth, width, n_heads, dropout)
        self.head = mlp_head(flat_size(self.patches, n_chans, n_times), (256, 32), n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        tokens = self.patches(x).transpose(1, 2)
        logits: Tensor = self.head(self.transformer(tokens).flatten(1))
        return logits
