"""The features on a GPU: torch where FFT and matrix products carry them, Triton kernels for the rest."""
