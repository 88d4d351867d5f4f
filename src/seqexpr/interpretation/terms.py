"""A model as a weighted sum of simpler ones, each of which is explained in its own way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import FeatureUnion, Pipeline

from seqexpr.features.occurrences import LocatedFeatures, Occurrences
from seqexpr.features.word_scores import WordScores
from seqexpr.models.blending import BlendedRegressor
from seqexpr.models.measured import LinearCoefficients
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.pairs import PairedRidgeRegressor
from seqexpr.models.stacking import StackedRegressor
from seqexpr.models.trees import LightGBMRegressor

__all__ = ["Term", "locate_features", "score_words", "terms_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Term:
    """One of the models whose weighted sum a prediction is.

    Attributes
    ----------
    weight : float
        How often it counts.
    model : estimator
        Fitted; predicts from sequences.
    target : int
        Which column of its predictions is meant.
    features : estimator or None
        What turns sequences into numbers, where that is a step of its own.
    regressor : estimator
        What predicts from these.
    """

    weight: float
    model: Any
    target: int
    features: Any
    regressor: Any

    @property
    def kind(self) -> str:
        """Which of "linear", "trees", "network" and "other" it is."""
        if isinstance(self.regressor, NeuralRegressor):
            return "network"
        located = self.features is not None and _is_located(self.features)
        if located and isinstance(self.regressor, LinearCoefficients):
            return "linear"
        if located and isinstance(self.regressor, LightGBMRegressor):
            return "trees"
        return "other"


def terms_of(model: Any, target: int = 0) -> tuple[float, list[Term]]:
    """Return a constant and the models whose weighted sum is a model's prediction.

    Parameters
    ----------
    model : estimator
        Fitted, over sequences.
    target : int
        Which target is explained. Default 0.

    Returns
    -------
    constant : float
        In target units.
    terms : list of Term
        At least one.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> model = make_model("stack").fit(["ACGT", "AAAA", "CCGT"] * 9, [1.0, 0.0, 2.0] * 9)
    >>> sorted(term.kind for term in terms_of(model)[1])
    ['linear', 'trees']
    """
    features, regressor = None, model
    if isinstance(model, Pipeline):
        (_, features), *_, (_, regressor) = model.steps
    if features in ("passthrough", None):
        features = None
    if isinstance(regressor, PairedRidgeRegressor) and features is None:
        own = [("features", regressor.features_[target]), ("regressor", regressor.ridges_[target])]
        return terms_of(Pipeline(own))
    if isinstance(regressor, BlendedRegressor):
        members = zip(regressor.models_, regressor.coef_[target], strict=True)
        parts = [(weight, terms_of(member, target)) for member, weight in members]
    elif isinstance(regressor, StackedRegressor):
        members = zip(regressor.models_[target], regressor.coef_[target], strict=True)
        parts = [(weight, terms_of(member)) for member, weight in members]
    else:
        return 0.0, [Term(1.0, model, target, features, regressor)]
    constant = float(regressor.intercept_[target])
    constant += sum(float(weight) * inner for weight, (inner, _) in parts)
    return constant, [
        replace(term, weight=float(weight) * term.weight)
        for weight, (_, terms) in parts
        for term in terms
        if weight
    ]


def _is_located(features: Any) -> bool:
    if isinstance(features, FeatureUnion):
        plain = not features.transformer_weights
        return plain and all(_is_located(part) for _, part in features.transformer_list)
    return isinstance(features, LocatedFeatures)


def locate_features(features: Any, sequences: list[str]) -> Occurrences:
    """Return where the features of sequences stand; of a union, those of all its parts."""
    if isinstance(features, FeatureUnion):
        return Occurrences.join(
            locate_features(part, sequences) for _, part in features.transformer_list
        )
    found: Occurrences = features.locate(sequences)
    return found


def score_words(features: Any, weights: Floats) -> tuple[WordScores, ...] | None:
    """Return what each word adds to a weighted sum of features; None if there is no table."""
    if not isinstance(features, FeatureUnion):
        found = features.word_scores(weights) if hasattr(features, "word_scores") else None
        return None if found is None else tuple(found)
    tables: list[WordScores] = []
    first = 0
    for _, part in features.transformer_list:
        width = int(part.transform([""]).shape[1])
        some = score_words(part, weights[first : first + width])
        if some is None:
            return None
        tables += some
        first += width
    return tuple(tables)
