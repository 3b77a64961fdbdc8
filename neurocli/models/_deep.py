"""A network as an estimator: standardised epochs in, probabilities out, weights kept as arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from importlib import import_module
from typing import Any, Self, cast

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from torch import nn

from .. import registry
from ..data.samples import Samples
from ..errors import InputError
from ._groups import group_labels, sfreq_of
from ._training import Batch, logits_of, one_thread, train


class Deep(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A deep decoder of epochs.

    Parameters
    ----------
    network : str
        Name of a definition whose class variable ``network`` says where the module is.
    architecture : dict
        Its settings.
    training : dict
        Those of `DeepStep`.
    sfreq : float, optional
        Hz, where the sample table has no ``duration``.
    random_state : int
        Of the first weights, the order of samples, dropout, and the groups held out for `patience`.

    Attributes
    ----------
    weights_ : dict of arrays
        The trained weights by name.
    curve_ : list of dict
        ``loss`` and ``held_loss`` of each pass.
    mean_, scale_ : arrays, shape (n_chans, 1)
        Of each channel over the training samples, in its unit.
    signature_ : dict
        ``n_chans``, ``n_outputs``, ``n_times``, ``sfreq``, and ``ch_names`` where they are known.
    """

    needs_samples = True
    needs_columns = True

    def __init__(
        self,
        network: str,
        architecture: dict[str, Any],
        training: dict[str, Any],
        sfreq: float | None = None,
        random_state: int = 0,
    ):
        self.network = network
        self.architecture = architecture
        self.training = training
        self.sfreq = sfreq
        self.random_state = random_state

    def fit(
        self, X: np.ndarray, y: np.ndarray, samples: Samples | None = None,
        sample_weight: np.ndarray | None = None, columns: Sequence[str] = (),
    ) -> Self:  # fmt: skip
        """Train; X of shape (n_samples, n_chans, n_times) or columns, y of shape (n_samples,) labels."""
        self.classes_, index = np.unique(y, return_inverse=True)
        sfreq = 1.0 if X.ndim == 2 else sfreq_of(X, samples, self.sfreq, self.network)
        X = _as_epochs(X)
        self._measure(X, sfreq, columns)
        weight = np.ones(len(X)) if sample_weight is None else sample_weight
        rows, held = self._inner_split(index, samples)
        with one_thread(self.random_state):
            module = self._module()
            batches = [self._batch(X, index, weight, part) if len(part) else None for part in (rows, held)]
            settings = {**self.training, "sfreq": sfreq}
            self.curve_ = train(module, cast(Batch, batches[0]), settings, batches[1], self._digest(X, y, weight))
        self.weights_ = {name: value.numpy().copy() for name, value in module.state_dict().items()}
        return self

    def predict_proba(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        module = self.module()
        with one_thread(0):
            logits = logits_of(module, self._standardized(_as_epochs(X)))
        return np.asarray(torch.softmax(logits.double(), dim=1).numpy())

    def predict(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the most probable label of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def module(self) -> nn.Module:
        """Return the trained network, which maps standardised float32 epochs to logits."""
        with one_thread(0):
            module = self._module()
        module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in self.weights_.items()})
        return module.eval()

    def _module(self) -> nn.Module:
        try:
            return network_class(self.network)(**self.signature_, **self.architecture)
        except RuntimeError as error:  # what torch says of a filter that is longer than the signal
            raise InputError(
                f"{self.network!r} cannot take epochs of {self.signature_['n_times']} samples at "
                f"{self.signature_['sfreq']:g} Hz: {str(error).splitlines()[0]}",
                code="E-INPUT-MODEL",
                remedy="Use longer epochs, or shorter filters and windows.",
            ) from error

    def _measure(self, X: np.ndarray, sfreq: float, columns: Sequence[str]) -> None:
        self.mean_ = X.mean(axis=(0, 2), dtype=float)[:, None]
        spread = X.std(axis=(0, 2), dtype=float)[:, None]
        self.scale_ = np.where(spread > 0, spread, 1.0)
        n_chans, n_times = (int(n) for n in X.shape[1:])
        known: dict[str, Any] = {"ch_names": list(columns)} if len(columns) == n_chans else {}
        shape = {"n_chans": n_chans, "n_outputs": len(self.classes_), "n_times": n_times}
        self.signature_ = {**shape, "sfreq": sfreq, **known}

    def _standardized(self, X: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(((X - self.mean_) / self.scale_).astype(np.float32))

    def _batch(self, X: np.ndarray, index: np.ndarray, weight: np.ndarray, rows: np.ndarray) -> Batch:
        x = self._standardized(X[rows])
        return Batch(x, torch.from_numpy(index[rows]), torch.from_numpy(weight[rows].astype(np.float32)))

    def _inner_split(self, index: np.ndarray, samples: Samples | None) -> tuple[np.ndarray, np.ndarray]:
        everyone = np.arange(len(index))
        if not self.training["patience"]:
            return everyone, everyone[:0]
        groups = np.array(group_labels(samples or {}, self.training["validate_by"]))
        names = np.random.default_rng(self.random_state).permutation(sorted(set(groups.tolist())))
        is_held = np.isin(groups, names[: max(1, len(names) // 5)])
        if len(np.unique(index[~is_held])) < len(self.classes_):
            raise InputError(
                f"'patience' holds out one in five of the {len(names)} training groups "
                f"(validate_by: {self.training['validate_by']}), and what remains lacks a class.",
                code="E-INPUT-MODEL",
                remedy="Set 'patience: 0' for a fixed number of passes, or another 'validate_by'.",
            )
        return everyone[~is_held], everyone[is_held]

    def _digest(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> str:
        known = json.dumps([self.network, self.architecture, self.training, self.random_state, self.signature_])
        found = blake2b(known.encode(), digest_size=16)
        for array in (X, np.asarray(y).astype(str), weight):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def _as_epochs(X: np.ndarray) -> np.ndarray:
    """Return columns as epochs of one sample."""
    return X[:, :, None] if X.ndim == 2 else X


def network_class(name: str) -> type[nn.Module]:
    """Return the module that a registered definition names in its class variable ``network``."""
    place, _, attribute = cast(Any, registry.get("models", name)).network.partition(":")
    return cast(type[nn.Module], getattr(import_module(place), attribute))
