"""HiSTN: electrodes, regions, the whole head."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._torch_blocks import n_samples_of

# by the letters of the 10-20 name, the longest that fits
REGION = {
    "FP": 0, "AF": 0, "F": 0, "FC": 1, "C": 1, "T": 2, "FT": 2, "TP": 2, "CP": 3, "P": 3, "PO": 4, "O": 4, "I": 4,
}  # fmt: skip


def regions_of(ch_names: Sequence[str], n_chans: int, n_regions: int = 5) -> list[int]:
    """Return the region of each channel, numbered from 0 without gaps.

    Frontal, central, temporal, parietal and occipital by the 10-20 name; where a name is none, equal runs of channels.
    """
    letters = [re.sub(r"[^A-Z].*$", "", name.upper().removeprefix("EEG").strip(" -_.")) for name in ch_names]
    found = [REGION.get(part.rstrip("Z"), -1) for part in letters]
    if len(found) != n_chans or min(found, default=-1) < 0:
        return [i * min(n_regions, n_chans) // n_chans for i in range(n_chans)]
    return [sorted(set(found)).index(region) for region in found]


class GraphLayer(nn.Module):
    """A learned graph of nodes, and one linear map of what each node gathers over it."""

    def __init__(self, n_nodes: int, n_in: int, n_out: int, rank: int = 2):
        super().__init__()
        self.place = nn.Parameter(0.1 * torch.randn(n_nodes, rank))
        self.map = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., n_nodes, n_in) to (..., n_nodes, n_out)."""
        graph = torch.softmax(self.place @ self.place.T, dim=-1)
        out: Tensor = F.elu(self.map(x + graph @ x))
        return out


class HiSTN(nn.Module):
    """A hierarchy of graphs over log power in time: electrodes, then regions, then attention over windows of time.

    About a thousand weights. Ours, in the spirit of the paper's abstract: the paper has no public code.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        10-20 names give the regions; without them, five runs of channels.
    n_filters : int
        Temporal filters, the same for all electrodes.
    width : int
        Size of what a node knows.
    kernel, window : float
        Length of the filters and of a window, in s.
    dropout : float
        Share of units left out in training.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        ch_names: Sequence[str] = (),
        *,
        n_filters: int = 6,
        width: int = 8,
        kernel: float = 0.25,
        window: float = 0.5,
        dropout: float = 0.1,
    ):
        super().__init__()
        length = n_samples_of(kernel, sfreq) // 2 * 2 + 1
        self.window = min(n_times, n_samples_of(window, sfreq))
        self.filter = nn.Conv2d(1, n_filters, (1, length), padding=(0, length // 2), bias=False)
        regions = torch.tensor(regions_of(ch_names, n_chans))
        member = F.one_hot(regions).T.float()
        self.register_buffer("member", member / member.sum(dim=1, keepdim=True))
        self.norm = nn.BatchNorm2d(n_filters)
        self.electrodes = GraphLayer(n_chans, n_filters, width)
        self.regions = GraphLayer(len(member), width, width)
        self.attention = nn.Linear(width, 1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        power = F.avg_pool2d(self.filter(x[:, None]) ** 2, (1, self.window))
        nodes = self.norm(torch.log(power + 1e-6)).permute(0, 3, 2, 1)
        head = self.regions(self.get_buffer("member") @ self.electrodes(nodes)).mean(dim=2)
        weight = torch.softmax(self.attention(head), dim=1)
        logits: Tensor = self.classifier((weight * head).sum(dim=1))
        return logits
