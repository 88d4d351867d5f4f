from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import Pipeline

from seqexpr.bundle.networks import weights_apart
from seqexpr.features.kmers import KmerCounter
from seqexpr.models.baselines import LeastSquaresRegressor, MeanRegressor
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.training.context import training_context
from seqexpr.models.training.settings import Training
from seqexpr.optional import has_extra
from seqexpr.testing import models as suite

LEARNERS = [name for name in MODELS if not MODELS[name].is_baseline]


@pytest.fixture(autouse=True)
def donor(tmp_path_factory):
    """Weights for the model that goes on from another's, where PyTorch is there to make them."""
    if not has_extra("deep"):
        yield
        return
    file = tmp_path_factory.getbasetemp() / "donor.safetensors"
    if not file.exists():
        model = quick_network(make_model("cnn"))
        with weights_apart(model.fit(*suite._library(60))) as data:
            file.write_bytes(data)
    with training_context(init_from=str(file)):
        yield


def built(name):
    """The registered model; to save minutes with fewer k-mers, steps, and quick members."""
    if MODELS[name].extra == "deep":
        pytest.importorskip("torch", reason='needs PyTorch: pip install "seqexpr[deep]"')
    model = make_model(name)
    if MODELS[name].extra == "deep":
        return quick_network(model)
    if name in {"elastic_net", "lasso"}:
        return model.set_params(features__k=(1, 3))
    if name == "gaussian_process":
        return model.set_params(regressor__n_learn=40, regressor__max_iter=10)
    if name == "gkm_svr":
        return model.set_params(regressor__costs=(1.0, 10.0))
    if name.startswith("stack"):
        members = [make_model(member) for member in ("gc", "ridge_onehot", "tutorial")]
        return model.set_params(regressor__members=members)
    if name.startswith("global_epistasis"):
        quick = {"n_latent": 2, "n_units": 4, "n_members": 2, "max_iter": 20, "alphas": [0.01]}
        if name.endswith("words"):
            model.set_params(features__k=2, features__width=3)
        return model.set_params(**{f"regressor__{key}": value for key, value in quick.items()})
    return model


def quick_network(model):
    """A tenth of the channels and two members at most: what is asked is the same."""
    regressor = model["regressor"]
    small = {"n_channels": 8, "n_hidden": 8, "stem_channels": 8, "block_channels": (8, 8)}
    if regressor.network is not None:
        known = regressor.network.get_params()
        regressor.network.set_params(**{k: v for k, v in small.items() if k in known})
    training = regressor.training or Training()
    regressor.set_params(
        training=training.set_params(n_epochs=8), n_members=min(2, regressor.n_members)
    )
    return model


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("check", suite.MODEL_CHECKS, ids=lambda check: check.__name__)
def test_every_model_passes_every_check(name, check):
    check(built(name))


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_learns_planted_motifs(name):
    suite.check_learns(built(name))


@pytest.mark.parametrize("name", ["mean", "gc", "tutorial"])
def test_whole_weights_act_like_repeated_rows(name):
    suite.check_weights_repeat(make_model(name))


def pipeline(regressor):
    return Pipeline([("features", KmerCounter(k=3)), ("regressor", regressor)])


class Restless(LeastSquaresRegressor):
    def _predict_target(self, X, target):
        return super()._predict_target(X, target) + np.random.default_rng().normal(size=X.shape[0])


class LooksAtTheBatch(LeastSquaresRegressor):
    def _predict_target(self, X, target):
        predicted = super()._predict_target(X, target)
        return predicted - predicted.mean()


class Sorts(LeastSquaresRegressor):
    def _predict_target(self, X, target):
        predicted = super()._predict_target(X, target)
        return np.sort(predicted) if len(predicted) == 20 else predicted


class Fragile(LeastSquaresRegressor):
    def _predict_target(self, X, target):
        empty = np.asarray(X.sum(axis=1)).ravel() == 0
        return np.where(empty, np.nan, super()._predict_target(X, target))


class Raises(LeastSquaresRegressor):
    def _predict_target(self, X, target):
        if X.sum(axis=1).min() == 0:
            raise ZeroDivisionError("no k-mers")
        return super()._predict_target(X, target)


class WantsManyRows(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        if X.shape[0] < 3:
            raise ValueError("too few")
        return super().fit(X, y, sample_weight)


class DividesByTheSpread(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, np.asarray(y) + (np.ptp(y, axis=0) == 0), sample_weight)


class DeafToWeights(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


class SumsWeights(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y if sample_weight is None else np.asarray(y) * 2)


class FillsHoles(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, np.nan_to_num(y), sample_weight)


class KnowsNoHoles(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        if np.isnan(np.asarray(y)).any():
            raise ValueError("NaN")
        return super().fit(X, y, sample_weight)


class MixesTargets(LeastSquaresRegressor):
    def predict(self, X):
        predicted = super().predict(X)
        return (
            predicted
            if predicted.ndim == 1
            else predicted + 0.1 * (predicted.shape[1] - 1) * (np.arange(predicted.shape[1]) == 0)
        )


class Flattens(LeastSquaresRegressor):
    def predict(self, X):
        predicted = super().predict(X)
        return predicted.ravel() if predicted.shape[-1] == 1 else predicted


class Remembers(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        before = getattr(self, "coef_", 0)
        super().fit(X, y, sample_weight)
        self.coef_ = self.coef_ + before
        return self


class ChangesItsParameters(LeastSquaresRegressor):
    def __init__(self, penalty=1.0):
        self.penalty = penalty

    def fit(self, X, y, sample_weight=None):
        self.penalty = 2.0
        return super().fit(X, y, sample_weight)


class BornFitted(LeastSquaresRegressor):
    def __init__(self):
        self.coef_ = np.zeros((1, 64))


class ChangesItsInput(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if isinstance(y, np.ndarray):
            y -= y.mean()
        return self


class KeepsAFunction(LeastSquaresRegressor):
    def fit(self, X, y, sample_weight=None):
        self.link_ = np.exp
        return super().fit(X, y, sample_weight)


class Rounds(LeastSquaresRegressor):
    def __getstate__(self):
        state = super().__getstate__().copy()
        state["coef_"] = state["coef_"].round(3)
        return state


class OnlyLists(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X.copy()), self.mean_)


class ReturnsNothing(OnlyLists):
    def fit(self, X, y):
        super().fit(X, y)


class OnlyBySeries(OnlyLists):
    def fit(self, X, y):
        self.mean_ = float(y[0])
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@pytest.mark.parametrize(
    ("culprit", "check", "message"),
    [
        (ChangesItsParameters(), suite.check_clones, "fit must not change the parameters"),
        (BornFitted(), suite.check_clones, "must be unfitted, but has coef_"),
        (Restless(), suite.check_is_deterministic, "must agree"),
        (Remembers(), suite.check_refits, "a fit must forget others"),
        (LooksAtTheBatch(), suite.check_row_by_row, "must equal its row in a batch"),
        (Sorts(), suite.check_row_by_row, "must equal its row in a batch"),
        (Fragile(), suite.check_odd_sequences, "finite predictions"),
        (Raises(), suite.check_odd_sequences, "odd sequences raised ZeroDivisionError"),
        (WantsManyRows(), suite.check_few_rows, "fit on 1 rows raised ValueError"),
        (DividesByTheSpread(), suite.check_few_rows, "a constant target must be predicted"),
        (ChangesItsInput(), suite.check_containers, "the input must not be changed"),
        (Flattens(), suite.check_several_targets, r"shape \(n, 1\) needs such predictions"),
        (KnowsNoHoles(), suite.check_several_targets, "fit with a missing value raised"),
        (FillsHoles(), suite.check_several_targets, "measured rows only"),
        (MixesTargets(), suite.check_several_targets, "must not depend on the others"),
        (SumsWeights(), suite.check_weights, "weights of 1 must change nothing"),
        (DeafToWeights(), suite.check_weights, "weight 0"),
        (DeafToWeights(), suite.check_weights_repeat, "act like repeated rows"),
        (KeepsAFunction(), suite.check_saves, "link_ is a ufunc; fitted state must be plain"),
        (Rounds(), suite.check_saves, "the same to the last bit"),
        (MeanRegressor(), suite.check_learns, "must be learnt"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_every_check_catches_its_culprit(culprit, check, message):
    with pytest.raises(AssertionError, match=message):
        check(pipeline(culprit))


def test_models_without_a_pipeline_are_checked_too():
    with pytest.raises(AssertionError, match="ReturnsNothing: fit must return the model itself"):
        suite.check_clones(ReturnsNothing())
    with pytest.raises(AssertionError, match="OnlyLists: a tuple raised AttributeError"):
        suite.check_containers(OnlyLists())
    with pytest.raises(AssertionError, match=r"OnlyBySeries: fit on Series raised KeyError"):
        suite.check_containers(OnlyBySeries())


def test_a_fine_model_passes_the_whole_suite():
    suite.check_model("mean")
    suite.check_regressor(pipeline(MeanRegressor()), learns=False, weights_repeat=True)
