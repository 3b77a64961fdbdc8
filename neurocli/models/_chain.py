"""A chain of members: the label-free ones are fitted once, the others once for each set of labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.utils.validation import has_fit_parameter

from ..data.samples import Samples
from ..errors import ConfigError, InputError
from ..step import ModelStep
from ._check import check_classes, check_finite, check_shape
from ._rotation import Rotation, is_rotation_invariant
from ._rules import check_rules

Member = tuple[str, Any]
Traits = dict[str, Any]
TRAITS = ("takes", "targets", "uses_labels", "accepts_nan")


class Chain(BaseEstimator):  # type: ignore[misc]
    """Members applied one after the other; the last one predicts.

    Parameters
    ----------
    members : list of (str, estimator)
        Name and unfitted estimator of each.
    traits : list of dict, optional
        What `build_chain` took from each definition: ``takes``, ``targets``, ``uses_labels``, ``accepts_nan``.

    Attributes
    ----------
    fitted_ : list of (str, estimator)
        The members as fitted.
    classes_ : array, shape (n_classes,)
        Labels in the order of the columns of `decision`; empty for a number.
    notes_ : list of dict
        Warnings raised while fitting (a solver that did not converge), ``{"member", "warning"}``.
    """

    def __init__(self, members: list[Member], traits: list[Traits] | None = None):
        self.members = members
        self.traits = traits

    def prepare(self, X: np.ndarray, samples: Samples | None = None, columns: Sequence[str] = ()) -> Prepared:
        """Fit the members before the first that uses labels; `Prepared.fit` does the others, as often as wanted.

        Parameters
        ----------
        X : array, shape (n_samples, n_features), (n_samples, n, n) or (n_samples, n_channels, n_times)
            Columns, covariances or epochs.
        samples : dict of lists, optional
            The sample table, for members that ask for it.
        columns : sequence of str, optional
            Names of the columns, for messages.

        Raises
        ------
        InputError
            ``E-INPUT-NAN`` where a value is not finite; ``E-INPUT-MODEL`` where a member cannot be fitted.
        ConfigError
            ``E-CONFIG-MODEL`` where a member needs another kind of sample.
        """
        X = self._checked(X, columns)
        n_free = self._n_free()
        fitted: list[Member] = []
        notes: list[dict[str, str]] = []
        for (name, estimator), traits in zip(self.members[:n_free], self._traits(), strict=False):
            check_shape(name, traits.get("takes", "any"), X)
            estimator = _fit(name, clone(estimator), X, notes, y=None, **_extra(estimator, samples))
            X = _transform(name, estimator, X, samples)
            fitted.append((name, estimator))
        return Prepared(self, fitted, X, samples, notes, tuple(columns))

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        samples: Samples | None = None,
        sample_weight: np.ndarray | None = None,
        columns: Sequence[str] = (),
    ) -> Self:
        """Fit all members.

        Parameters
        ----------
        X, samples, columns
            As in `prepare`.
        y : array, shape (n_samples,)
            Floats are numbers to regress on; integers and strings are labels.
        sample_weight : array, shape (n_samples,), optional
            For the members that use labels.
        """
        fitted = self.prepare(X, samples, columns).fit(y, sample_weight)
        self.__dict__.update({name: value for name, value in vars(fitted).items() if name.endswith("_")})
        return self

    def decision(self, X: np.ndarray, samples: Samples | None = None, *, start: int = 0) -> np.ndarray:
        """Return a score of each class for each sample.

        Parameters
        ----------
        X : array, shape (n_samples, ...)
            As in `prepare`; with `start`, what `Prepared.held` gave.
        start : int
            Number of members that were applied already.

        Returns
        -------
        scores : array, shape (n_samples, n_classes)
            Probabilities where the last member has them, else decision values (of two classes: -d and d); for a
            number the prediction, shape (n_samples, 1).
        """
        X = X if start else self._checked(X, self.columns_)
        traits = self._traits()
        for i, (name, estimator) in list(enumerate(self.fitted_))[start:-1]:
            check_shape(name, traits[i].get("takes", "any"), X)
            X = _transform(name, estimator, X, samples)
        name, last = self.fitted_[-1]
        check_shape(name, traits[-1].get("takes", "any"), X)
        return np.asarray(_trying(name, "applied", lambda: scores(last, X, samples)), float)

    def predict(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the label with the highest score, or the number, of each sample; shape (n_samples,)."""
        decision = self.decision(X, samples)
        labels = self.classes_[decision.argmax(axis=1)] if len(self.classes_) else decision[:, 0]
        return np.asarray(labels)

    def _traits(self) -> list[Traits]:
        return self.traits or [{} for _ in self.members]

    def _n_free(self) -> int:
        flags = [traits.get("uses_labels", True) for traits in self._traits()[:-1]]
        return [*flags, True].index(True)

    def _checked(self, X: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        X = np.asarray(X, float) if X.ndim == 2 else np.asarray(X)  # sums of squares of V^2 need the digits
        if not self._traits()[0].get("accepts_nan", False):
            check_finite(X, columns)
        return X


@dataclass
class Prepared:
    """A chain whose label-free members are fitted.

    Parameters
    ----------
    chain : Chain
        The unfitted chain.
    head : list of (str, estimator)
        Its label-free members, fitted.
    X : array, shape (n_samples, ...)
        What they made of the samples they were fitted on.
    """

    chain: Chain
    head: list[Member]
    X: np.ndarray
    samples: Samples | None
    notes: list[dict[str, str]]
    columns: tuple[str, ...] = ()

    def fit(self, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Chain:
        """Return a new chain, the members that use labels fitted on `y`; the others are shared, not copied."""
        y = np.asarray(y)
        traits = self.chain._traits()
        is_number = _check_target(self.chain.members[-1][0], traits[-1], y)
        X, tail, notes = self.X, [], list(self.notes)
        for i, (name, estimator) in list(enumerate(self.chain.members))[len(self.head) :]:
            is_last = i == len(self.chain.members) - 1
            check_shape(name, traits[i].get("takes", "any"), X)
            rest = _extra(estimator, self.samples) | _weight(name, estimator, sample_weight, is_last)
            if getattr(estimator, "needs_columns", False):
                rest["columns"] = self.columns
            fitted = _fit(name, clone(estimator), X, notes, y=y, **rest)
            tail.append((name, fitted))
            X = X if is_last else _transform(name, fitted, X, self.samples)
        chain = Chain(self.chain.members, self.chain.traits)
        chain.fitted_ = self.head + tail
        chain.classes_ = np.array([]) if is_number else np.unique(y)
        chain.notes_, chain.columns_ = notes, self.columns
        return chain

    def compressed(self) -> Prepared:
        """Return the same with at most n_samples columns, where refits give the same from them; else itself.

        For many refits of logistic or ridge regression on more columns than samples (a tangent space). Scores differ by
        what the solver leaves undone.
        """
        last = self.chain.members[len(self.head) :]
        is_wide = self.X.ndim == 2 and self.X.shape[1] > len(self.X)
        if len(last) > 1 or not is_wide or not is_rotation_invariant(last[0][1]):
            return self
        step = ("rotation", Rotation().fit(self.X))
        traits = self.chain._traits()
        chain = Chain([*self.chain.members[:-1], step, *last], [*traits[:-1], {"uses_labels": False}, *traits[-1:]])
        return Prepared(chain, [*self.head, step], step[1].transform(self.X), self.samples, self.notes, self.columns)

    def held(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return held-out samples as the label-free members transform them, shape (n_samples, ...)."""
        X = self.chain._checked(X, self.columns)
        for (name, estimator), traits in zip(self.head, self.chain._traits(), strict=False):
            check_shape(name, traits.get("takes", "any"), X)
            X = _transform(name, estimator, X, samples)
        return X

    def refit_scores(
        self, y: np.ndarray, held: np.ndarray, samples: Samples | None = None, sample_weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what a refit on labels `y` scores on `held`, shape (n_held, n_classes or 1)."""
        return self.fit(y, sample_weight).decision(held, samples, start=len(self.head))


def build_chain(uses: Sequence[ModelStep], seed: int = 0) -> Chain:
    """Return the unfitted chain of `train.model`.

    Parameters
    ----------
    uses : sequence of ModelStep
        The members' settings, in order.
    seed : int
        Each member draws from its own generator, made of the seed and its place.

    Raises
    ------
    ConfigError
        If not exactly the last member predicts, or one cannot take what the one before it gives.
    """
    check_rules(uses)
    members = [(use.name, use.build(np.random.default_rng([seed, i]))) for i, use in enumerate(uses)]
    return Chain(members, [{name: _plain(getattr(use, name)) for name in TRAITS} for use in uses])


def spread(scores: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return scores with a column for each of `n_classes` class indices; a class never seen gets the lowest score.

    Parameters
    ----------
    scores : array, shape (n_samples, n_seen)
        What `Chain.decision` gave.
    classes : array of int, shape (n_seen,)
        Class index of each column (`Chain.classes_`).
    """
    lowest = 0.0 if scores.size and scores.min() >= 0 else float(scores.min(initial=0.0)) - 1.0
    full = np.full((len(scores), n_classes), lowest)
    full[:, np.asarray(classes, int)] = scores
    return full


def scores(estimator: Any, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
    """Return one column a class, or the predicted number, shape (n_samples, n_classes or 1)."""
    extra = _extra(estimator, samples)
    estimator = getattr(estimator, "chosen_", estimator)
    if is_regressor(estimator):
        return cast(np.ndarray, estimator.predict(X, **extra).reshape(len(X), 1))
    if hasattr(estimator, "predict_proba"):
        return cast(np.ndarray, estimator.predict_proba(X, **extra))
    values = estimator.decision_function(X, **extra)
    return np.column_stack([-values, values]) if values.ndim == 1 else values


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _extra(estimator: Any, samples: Samples | None) -> dict[str, Any]:
    return {"samples": samples} if getattr(estimator, "needs_samples", False) else {}


def _fit(name: str, estimator: Any, X: np.ndarray, notes: list[dict[str, str]], **rest: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _trying(name, "fitted", lambda: estimator.fit(X, **rest))
    for text in dict.fromkeys(str(warning.message).split("\n")[0] for warning in caught):
        notes.append({"member": name, "warning": text})
    return estimator


def _transform(name: str, estimator: Any, X: np.ndarray, samples: Samples | None) -> np.ndarray:
    return cast(np.ndarray, _trying(name, "applied", lambda: estimator.transform(X, **_extra(estimator, samples))))


def _trying(name: str, verb: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (ValueError, np.linalg.LinAlgError) as error:  # what scikit-learn says of samples it cannot use
        raise InputError(
            f"The model's member {name!r} cannot be {verb} on these samples: {str(error).splitlines()[0]}",
            code="E-INPUT-MODEL",
            remedy="Change its settings, or the features it is given.",
        ) from error


def _weight(name: str, estimator: Any, weight: np.ndarray | None, is_last: bool) -> dict[str, np.ndarray]:
    if weight is None or getattr(estimator, "ignores_weights", False):
        return {}
    if getattr(estimator, "accepts_weights", has_fit_parameter(estimator, "sample_weight")):
        return {"sample_weight": weight}
    if not is_last:
        return {}
    raise ConfigError(
        f"'balance: weights' needs a model that takes sample weights, and {name!r} does not.",
        code="E-CONFIG-BALANCE",
        remedy="Use 'balance: subsample' or 'balance: none'.",
    )


def _check_target(name: str, traits: Traits, y: np.ndarray) -> bool:
    target = "number" if y.dtype.kind == "f" else "label"
    if target not in traits.get("targets", [target]):
        other = {"number": "ridge, svm, random_forest or gradient_boosting", "label": "logistic_regression or lda"}
        raise ConfigError(
            f"The model {name!r} cannot predict a {target}.", code="E-CONFIG-MODEL", remedy=f"Use {other[target]}."
        )
    if target == "label":
        check_classes(y)
    return target == "number"
