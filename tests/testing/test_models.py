from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqexpr.features.kmers import KmerCounter
from seqexpr.models.baselines import MeanRegressor
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.testing import models as suite

LEARNERS = [name for name in MODELS if not MODELS[name].is_baseline]


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("check", suite.MODEL_CHECKS, ids=lambda check: check.__name__)
def test_every_model_passes_every_check(name, check):
    check(make_model(name))


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_learns_planted_motifs(name):
    suite.check_learns(make_model(name))


def pipeline(regressor):
    return Pipeline([("features", KmerCounter(k=3)), ("regressor", regressor)])


class Restless(RidgePathRegressor):
    def _predict_target(self, X, target):
        return super()._predict_target(X, target) + np.random.default_rng().normal(size=X.shape[0])


class LooksAtTheBatch(RidgePathRegressor):
    def _predict_target(self, X, target):
        predicted = super()._predict_target(X, target)
        return predicted - predicted.mean()


class Fragile(RidgePathRegressor):
    def _predict_target(self, X, target):
        empty = np.asarray(X.sum(axis=1)).ravel() == 0
        return np.where(empty, np.nan, super()._predict_target(X, target))


class DeafToWeights(RidgePathRegressor):
    def fit(self, X, y, sample_weight=None, groups=None):
        return super().fit(X, y)


class FillsHoles(RidgePathRegressor):
    def fit(self, X, y, sample_weight=None, groups=None):
        return super().fit(X, np.nan_to_num(y), sample_weight)


@pytest.mark.parametrize(
    ("culprit", "check", "message"),
    [
        (Restless(), suite.check_is_deterministic, "must agree"),
        (LooksAtTheBatch(), suite.check_row_by_row, "must equal its row in a batch"),
        (Fragile(), suite.check_odd_sequences, "finite predictions"),
        (DeafToWeights(), suite.check_weights, "weight 0"),
        (FillsHoles(), suite.check_several_targets, "measured rows only"),
        (MeanRegressor(), suite.check_learns, "must be learnt"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_every_check_catches_its_culprit(culprit, check, message):
    with pytest.raises(AssertionError, match=message):
        check(pipeline(culprit))


def test_a_fine_model_passes_the_whole_suite():
    suite.check_model("ridge")
    suite.check_regressor(pipeline(MeanRegressor()), learns=False)
