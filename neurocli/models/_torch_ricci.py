"""A graph network on the curvature of a graph of channels, behind an attention denoiser."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._torch_blocks import encoder, n_samples_of


class Denoiser(nn.Module):
    """Attention over patches of time that subtracts what does not fit: the same output for the clean and noisy signal.

    Parameters
    ----------
    n_chans, n_times, patch : int
        Channels, samples an epoch, samples a patch (channels are done alike).
    width : int
        Size of a token.
    """

    def __init__(self, n_times: int, patch: int, width: int = 32, n_heads: int = 4):
        super().__init__()
        self.patch, self.n_times = patch, n_times
        n_patches = -(-n_times // patch)
        self.embed = nn.Linear(patch, width)
        self.place = nn.Parameter(0.02 * torch.randn(1, n_patches, width))
        self.blocks = encoder(1, width, n_heads, 0.0)
        self.noise = nn.Linear(width, patch)
        nn.init.zeros_(self.noise.weight)  # before it has learned anything it changes nothing
        nn.init.zeros_(self.noise.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_chans, n_times) to the same shape."""
        padded = F.pad(x, (0, self.place.shape[1] * self.patch - self.n_times))
        tokens = padded.reshape(-1, self.place.shape[1], self.patch)
        noise = self.noise(self.blocks(self.embed(tokens) + self.place))
        clean: Tensor = x - noise.reshape(padded.shape)[..., : self.n_times]
        return clean


class RicciGraph(nn.Module):
    """Amplitude spectra of channels, mixed along a graph whose edges weigh as much as they are curved.

    The graph is that of the training samples, without labels: channels whose spectra rise and fall together are
    neighbours, the Laplacian eigenmap says where a channel lies in it, and an edge of Ollivier-Ricci curvature k
    weighs exp(k). Ours, in the spirit of the paper's abstract: the paper has no public code.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int
        Channels, classes, samples an epoch.
    sfreq : float
        Hz.
    ch_names : sequence of str
        Not used.
    n_bands : int
        Bands of the spectrum, of equal width from 0 to `h_freq`.
    h_freq : float
        Hz.
    n_neighbours, n_components : int
        Edges of a node, and coordinates of the eigenmap.
    width, depth : int
        Size of a node and number of graph layers.
    denoise : float
        Weight of the denoiser's loss beside that of the classes; 0 leaves it out.
    snr : float
        Signal to noise ratio at which it is trained, in dB.
    patch : float
        Length of the denoiser's patches, in s.
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
        n_bands: int = 16,
        h_freq: float = 40.0,
        n_neighbours: int = 3,
        n_components: int = 2,
        width: int = 16,
        depth: int = 2,
        denoise: float = 0.1,
        snr: float = 2.0,
        patch: float = 0.1,
        dropout: float = 0.2,
    ):
        super().__init__()
        self.n_neighbours, self.n_components, self.weight, self.snr = n_neighbours, n_components, denoise, snr
        self.denoiser = Denoiser(n_times, n_samples_of(patch, sfreq)) if denoise else nn.Identity()
        self.register_buffer("fourier", _fourier(n_times, sfreq, min(h_freq, sfreq / 2), n_bands))
        self.register_buffer("graph", torch.eye(n_chans))
        self.register_buffer("place", torch.zeros(n_chans, n_components))
        self.norm = nn.BatchNorm1d(n_chans)
        self.embed, self.locate = nn.Linear(n_bands, width), nn.Linear(n_components, width, bias=False)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(width * n_chans, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map epochs (n, n_chans, n_times) to logits (n, n_outputs)."""
        nodes = self.norm(self.spectra(self.denoiser(x)))
        nodes = self.embed(nodes) + self.locate(self.get_buffer("place"))
        for layer in self.layers:
            nodes = F.elu(layer(self.get_buffer("graph") @ nodes))
        logits: Tensor = self.classifier(nodes.flatten(1))
        return logits

    def spectra(self, x: Tensor) -> Tensor:
        """Return the logarithm of the power of each band, (n, n_chans, n_bands)."""
        parts = x @ self.get_buffer("fourier").flatten(1)
        power = (parts**2).unflatten(-1, (-1, self.get_buffer("fourier").shape[-1])).mean(dim=-1)  # type: ignore[no-untyped-call]
        out: Tensor = torch.log(power + 1e-6)
        return out

    def prepare(self, x: Tensor) -> None:
        """Take the graph from training samples (n, n_chans, n_times)."""
        from ._graphs import curvatures, eigenmap, strongest_edges

        with torch.no_grad():
            spectra = self.spectra(x)
        flat = (spectra - spectra.mean(dim=0)).transpose(0, 1).flatten(1).double()
        flat = flat / (flat.norm(dim=1, keepdim=True) + 1e-12)
        adjacency = strongest_edges((flat @ flat.T).abs().numpy(), self.n_neighbours)
        weight = torch.from_numpy(adjacency).exp() - 1
        weight = torch.from_numpy(curvatures(adjacency)).exp() * (weight > 0) + torch.eye(len(weight))
        root = weight.sum(dim=1).sqrt()
        self.get_buffer("graph").copy_(weight / root[:, None] / root)
        self.get_buffer("place").copy_(torch.from_numpy(eigenmap(adjacency, self.n_components)))

    def learn(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits, and how far noisy samples are from the samples once denoised, times its weight."""
        if not self.weight:
            return self(x), x.new_zeros(())
        noise = torch.randn_like(x) * (10 ** (-self.snr / 20)) * x.std()
        return self(x), self.weight * F.mse_loss(self.denoiser(x + noise), x)


def _fourier(n_times: int, sfreq: float, h_freq: float, n_bands: int) -> Tensor:
    """Return windowed cosines and sines, shape (n_times, n_bands, n of a band), each band padded with zeros."""
    freqs = torch.fft.rfftfreq(n_times, 1 / sfreq)
    edges = torch.linspace(0, h_freq, n_bands + 1)
    band = torch.bucketize(freqs, edges[1:-1], right=True)
    time = torch.arange(n_times) / sfreq
    window = torch.hann_window(n_times, periodic=False)[:, None]
    waves = []
    for i in range(n_bands):
        own = freqs[(band == i) & (freqs <= h_freq)]
        own = own if len(own) else (edges[i] + edges[i + 1])[None] / 2  # a band between two lines of the spectrum
        angle = 2 * torch.pi * time[:, None] * own
        both = torch.cat([torch.cos(angle), torch.sin(angle)], dim=1) * window
        waves.append(both / both.shape[1] ** 0.5)
    most = max(wave.shape[1] for wave in waves)
    found: Tensor = torch.stack([F.pad(wave, (0, most - wave.shape[1])) for wave in waves], dim=1) / n_times**0.5
    return found
