"""What of an honest evaluation can be settled before anything runs, from entities and participants alone. No NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..data.entities import Entities
from ..errors import NeurocliError
from ..evaluation import certificate
from ..evaluation.groups import Participants
from . import target as targets

if TYPE_CHECKING:
    from .pipeline import Pipeline


def precheck(
    pipeline: Pipeline, recordings: Sequence[Entities], participants: Participants | None = None
) -> dict[str, Any]:
    """Refuse a training that cannot be honest, or cannot be at all; return what the plan may print.

    Parameters
    ----------
    pipeline : Pipeline
        With or without a train stage.
    recordings : sequence of dict
        Entities of the selected recordings.
    participants : mapping of subject to row, or None
        ``participants.tsv``.

    Returns
    -------
    facts : dict
        ``classes`` (None where events name them), ``n_folds``, ``generalises_to``, ``transductive``; empty without a
        train stage.

    Raises
    ------
    InputError
        ``E-INPUT-TARGET``, ``E-INPUT-CLASSES``, ``E-INPUT-FOLDS``.
    ConfigError
        ``E-CONFIG-SPLIT``, ``E-LEAK-CENTER``, at the line of `pipelines.yaml`.
    """
    train, target = pipeline.train, pipeline.target
    if train is None or target is None:
        return {}
    try:
        classes = targets.check(target, recordings, participants)
    except NeurocliError as error:
        raise _placed(error, pipeline, "target") from None
    try:
        folds = train.split.folds(recordings, participants, pipeline.seed)
    except NeurocliError as error:
        raise _placed(error, pipeline, "train.split") from None
    levels = certificate.constant_in(target.source, recordings, target.column)
    for use in train.model:
        try:
            certificate.check_centering([use.settings], levels)
        except NeurocliError as error:
            raise _placed(error, pipeline, use.address) from None
    return {
        "classes": classes,
        "n_folds": len(folds),
        "generalises_to": train.split.generalises_to,
        "transductive": certificate.transductive([use.settings for use in (*pipeline.preprocess, *train.model)]),
    }


def _placed(error: NeurocliError, pipeline: Pipeline, address: str) -> NeurocliError:
    error.where = error.where or pipeline.mark(address)
    return error
