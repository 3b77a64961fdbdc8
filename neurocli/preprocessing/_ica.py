"""How `ica` is done."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from ..data.recording import Recording
from ..errors import MissingError
from ._common import finite, named_channels, need, noted, refuse, typed_channels
from ._filter import long_enough
from ._mne import to_raw
from ._signal import before_fit

if TYPE_CHECKING:
    from .ica import Ica

LEAST = 1e-6  # of the greatest variance; MNE's bound of what can be inverted
FRONTAL = ("FP1", "FP2", "FPZ")  # over the eyes
FIT = {
    "picard": {"extended": True, "ortho": True},
    "infomax": {"extended": True},
    "fastica": {},
}


def unmixed(data: Recording, settings: Ica, rng: np.random.Generator | None) -> Recording:
    """Return the recording without the components of eyes and heart."""
    need(data, settings.name, "recording")
    finite(data)
    _enough(data, settings)
    raw = to_raw(data)
    slow_free = _above(data, raw, settings)
    ica, converged = fitted(data, slow_free, settings, int((rng or np.random.default_rng(0)).integers(2**31)))
    reasons = _reasons(data, slow_free, ica, settings)
    _overrule(data, ica, reasons)
    ica.exclude = sorted(reasons)
    clean = ica.apply(raw.copy(), verbose="ERROR").get_data()
    note = _note(ica, settings, reasons, converged)
    return noted(data, settings.name, note | before_fit(data), data=clean)


def _enough(data: Recording, settings: Ica) -> None:
    """Refuse fewer channels than can be unmixed, or than components that are asked for (``E-INPUT-CHANNELS``)."""
    n_good, types = len(typed_channels(data, settings.types, bads=False)), ", ".join(settings.types)
    if n_good < 2:
        raise refuse(data, "E-INPUT-CHANNELS", f"Fewer than two good channels of type {types} are left to unmix.")
    if settings.n_components is not None and settings.n_components > n_good:
        message = f"{settings.n_components} components are asked of {n_good} good channels of type {types}."
        raise refuse(data, "E-INPUT-CHANNELS", message, "Lower n_components, or leave it out.")


def _above(data: Recording, raw: Any, settings: Ica) -> Any:
    long_enough(data, int(3.3 / min(max(settings.l_freq / 4, 2.0), settings.l_freq) * data.sfreq))
    return raw.copy().filter(settings.l_freq, None, picks="all", verbose="ERROR")


def fitted(data: Recording, raw: Any, settings: Ica, seed: int) -> tuple[Any, bool]:
    """Return the fitted `mne.preprocessing.ICA`, and whether it converged."""
    ica = mne.preprocessing.ICA(
        n_components=settings.n_components,
        method=settings.method,
        fit_params=dict(FIT[settings.method]),
        max_iter=settings.max_iter,
        random_state=seed,
        verbose="ERROR",
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _fit(ica, data, raw, settings)
    return ica, not any("converge" in str(w.message).lower() for w in caught)


def _fit(ica: Any, data: Recording, raw: Any, settings: Ica) -> None:
    try:
        ica.fit(raw, picks=settings.types, decim=settings.decim, verbose="ERROR")
    except (RuntimeError, ValueError) as error:  # silence, or a share of the variance that one component has
        message = f"No independent components can be found: {error}"
        remedy = "Look for flat channels, change n_components, or leave the recording out."
        raise refuse(data, "E-INPUT-CHANNELS", message, remedy) from error


def _reasons(data: Recording, raw: Any, ica: Any, settings: Ica) -> dict[int, dict[str, Any]]:
    """Return why components go: index -> kind, channel and score."""
    reasons: dict[int, dict[str, Any]] = {}
    if settings.labels == "iclabel":
        reasons |= _labelled(raw, ica, settings)
    for kind, wanted in (("ecg", settings.ecg), ("eog", settings.eog)):
        for channel in _witnesses(data, kind, wanted) or _frontal(data, kind, settings):
            for index, score in _like(raw, ica, kind, channel, settings):
                reasons[index] = {"why": kind, "channel": channel, "score": score}
    return reasons


def _witnesses(data: Recording, kind: str, wanted: list[str] | None) -> list[str]:
    if wanted is not None:
        named_channels(data, wanted)
        return wanted
    return [data.ch_names[i] for i in typed_channels(data, {kind}, bads=False)]


def _frontal(data: Recording, kind: str, settings: Ica) -> list[str]:
    if kind != "eog" or not settings.frontal or settings.eog is not None:
        return []
    return [data.ch_names[i] for i in typed_channels(data, {"eeg"}, bads=False) if data.ch_names[i].upper() in FRONTAL]


def _like(raw: Any, ica: Any, kind: str, channel: str, settings: Ica) -> list[tuple[int, float]]:
    """Return the components that go with a channel, and their scores, as MNE finds them."""
    options = {"ch_name": channel, "threshold": settings.threshold, "measure": settings.measure, "verbose": "ERROR"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a witness among the components: Fp1 for the eyes is meant so
        if kind == "eog":
            indices, scores = ica.find_bads_eog(raw, **options)
        else:
            indices, scores = ica.find_bads_ecg(raw, method="correlation", **options)
    scores = np.asarray(scores, dtype=float).reshape(-1, ica.n_components_)[0]
    return [(int(index), float(scores[index])) for index in indices]


def _labelled(raw: Any, ica: Any, settings: Ica) -> dict[int, dict[str, Any]]:
    """Return the components that ICLabel is sure of."""
    try:
        from mne_icalabel import label_components
    except ImportError as error:
        raise MissingError(
            "ica: {labels: iclabel} needs the package mne-icalabel, which is not installed here.",
            code="E-ENVIRONMENT-EXTRA",
            remedy="Run: pip install 'neurocli[iclabel]'",
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when the band or the algorithm is not the one it was trained on
        found = label_components(raw, ica, method="iclabel")
    pairs = enumerate(zip(found["labels"], found["y_pred_proba"], strict=True))
    sure = {i: (label, float(p)) for i, (label, p) in pairs if label in settings.remove and p >= settings.probability}
    return {i: {"why": label, "channel": None, "score": p} for i, (label, p) in sure.items()}


def _overrule(data: Recording, ica: Any, reasons: dict[int, dict[str, Any]]) -> None:
    """Let a person's overrides have the last word over what is removed."""
    for note in data.notes:
        for index in note.get("drop_components", []):
            if not 0 <= index < ica.n_components_:
                message = f"The overrides drop component {index}, but there are {ica.n_components_}, counted from 0."
                raise refuse(data, "E-INPUT-OVERRIDES", message)
            reasons[index] = {"why": "a person", "channel": None, "score": None}
        for index in note.get("keep_components", []):
            reasons.pop(index, None)


def _note(ica: Any, settings: Ica, reasons: dict[int, dict[str, Any]], converged: bool) -> dict[str, Any]:
    maps = ica.get_components()
    removed = [{"component": i, **reasons[i], "map": maps[:, i].tolist()} for i in sorted(reasons)]
    return {
        "method": settings.method,
        "n_components": int(ica.n_components_),
        "n_iter": int(ica.n_iter_),
        "converged": converged,
        "removed": removed,
        "map_channels": list(ica.ch_names) if removed else [],
        **_doubt(ica),
    }


def _doubt(ica: Any) -> dict[str, str]:
    """Return a warning where more components were asked for than the channels hold, as after a reference."""
    rank = int((ica.pca_explained_variance_ > LEAST * ica.pca_explained_variance_[0]).sum())
    if ica.n_components_ <= rank:
        return {}
    said = f"{ica.n_components_} components were fitted, and the channels hold {rank}: the unmixing is not stable."
    return {"warning": f"{said} Lower n_components, or leave it out."}
