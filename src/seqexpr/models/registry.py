"""The ladder: which models there are, what they are called, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline

from seqexpr.features.composition import Composition
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.models.baselines import LeastSquaresRegressor, MeanRegressor, NearestNeighborRegressor
from seqexpr.models.linear import ElasticNetPathRegressor, HuberKmerRegressor
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.models.trees import LightGBMRegressor
from seqexpr.recipe import Preset
from seqexpr.registry import Registry

__all__ = ["MODELS", "ModelSpec", "fit_model", "make_model", "preset_models"]


@dataclass(frozen=True)
class ModelSpec:
    """A model by name.

    Attributes
    ----------
    name, title, description : str
        Registered name, short title, one plain sentence.
    is_baseline : bool
        Whether it is for comparison only and is never selected.
    complexity : int
        Rung of the ladder; simpler models have lower numbers.
    needs_equal_length : bool
        Whether it reads bases by position, which makes sense for sequences of
        one length.
    build : callable
        ``build(random_state=…, n_jobs=…)`` returns an unfitted Pipeline with
        the steps "features" and "regressor".
    """

    name: str
    title: str
    description: str
    is_baseline: bool
    complexity: int
    needs_equal_length: bool
    build: Callable[..., Pipeline]


MODELS: Registry[ModelSpec] = Registry("model", group="seqexpr.models")


def make_model(name: str, *, random_state: int = 42, n_jobs: int = 1) -> Pipeline:
    """Return an unfitted model: a scikit-learn Pipeline over strings.

    Parameters
    ----------
    name : str
        Registered name.
    random_state : int
        Seed. Default 42.
    n_jobs : int
        Threads, at least 1. Default 1.

    Raises
    ------
    UnknownNameError
        If there is no such model.

    Examples
    --------
    >>> model = make_model("ridge").fit(["ACGTAC", "TTTTTT", "ACGTTT"] * 5, [1.0, 0.0, 0.5] * 5)
    >>> float(model.predict(["ACGTAC"])[0]) > 0.5
    True
    """
    return MODELS[name].build(random_state=random_state, n_jobs=n_jobs)


def fit_model(model: Any, sequences: Any, targets: Any, *, sample_weight: Any = None) -> Any:
    """Fit a model, handing the weights to its last step, and return it."""
    if sample_weight is None:
        return model.fit(sequences, targets)
    last = model.steps[-1][0]
    return model.fit(sequences, targets, **{f"{last}__sample_weight": sample_weight})


def preset_models(preset: Preset, *, equal_length: bool) -> tuple[str, ...]:
    """Return the models of a preset, simplest first.

    Parameters
    ----------
    preset : {"tutorial", "fast"}
        Which preset.
    equal_length : bool
        Whether all sequences have one length; models that read bases by
        position are left out otherwise.

    Examples
    --------
    >>> preset_models("tutorial", equal_length=False)
    ('mean', 'tutorial')
    """
    if preset == "tutorial":
        return ("mean", "tutorial")
    names = ("mean", "gc", "nearest_neighbor", "tutorial", "ridge_onehot", "ridge", "lightgbm",
             "lightgbm_onehot")  # fmt: skip
    return tuple(name for name in names if equal_length or not MODELS[name].needs_equal_length)


def _pipeline(features: Any, regressor: Any) -> Pipeline:
    return Pipeline([("features", features), ("regressor", regressor)])


def _mean(*, random_state: int, n_jobs: int) -> Pipeline:
    del random_state, n_jobs
    return _pipeline(Composition(), MeanRegressor())


def _gc(*, random_state: int, n_jobs: int) -> Pipeline:
    del random_state, n_jobs
    return _pipeline(Composition(), LeastSquaresRegressor())


def _nearest_neighbor(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=4, n_jobs=n_jobs)
    return _pipeline(features, NearestNeighborRegressor(random_state=random_state))


def _tutorial(*, random_state: int, n_jobs: int) -> Pipeline:
    del random_state
    return _pipeline(KmerCounter(k=3, mode="presence", n_jobs=n_jobs), LeastSquaresRegressor())


def _ridge(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=(1, 6), n_jobs=n_jobs)
    return _pipeline(features, RidgePathRegressor(random_state=random_state, n_jobs=n_jobs))


def _ridge_onehot(*, random_state: int, n_jobs: int) -> Pipeline:
    return _pipeline(OneHot(), RidgePathRegressor(random_state=random_state, n_jobs=n_jobs))


def _elastic_net(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=(1, 4), n_jobs=n_jobs)
    return _pipeline(features, ElasticNetPathRegressor(random_state=random_state, n_jobs=n_jobs))


def _lasso(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=(1, 4), n_jobs=n_jobs)
    lasso = ElasticNetPathRegressor(l1_ratio=1.0, random_state=random_state, n_jobs=n_jobs)
    return _pipeline(features, lasso)


def _huber(*, random_state: int, n_jobs: int) -> Pipeline:
    del random_state
    return _pipeline(KmerCounter(k=(1, 4), n_jobs=n_jobs), HuberKmerRegressor())


def _lightgbm(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=(1, 5), n_jobs=n_jobs)
    return _pipeline(features, LightGBMRegressor(random_state=random_state, n_jobs=n_jobs))


def _lightgbm_onehot(*, random_state: int, n_jobs: int) -> Pipeline:
    return _pipeline(OneHot(), LightGBMRegressor(random_state=random_state, n_jobs=n_jobs))


for _spec in (
    ModelSpec("mean", "Mean", "Predicts the mean of the training data for every sequence.",
              True, 0, False, _mean),
    ModelSpec("gc", "GC, length and CpG", "A line over GC content, length and CpG: what composition "
              "alone explains.", True, 1, False, _gc),
    ModelSpec("nearest_neighbor", "Nearest neighbour", "Copies the value of the most similar training "
              "sequence (4-mers, among at most 20,000): what memory alone explains.",
              True, 2, False, _nearest_neighbor),
    ModelSpec("tutorial", "3-mer presence, least squares", "The tutorial's model: which 3-mers are "
              "there, ordinary least squares.", False, 3, False, _tutorial),
    ModelSpec("ridge_onehot", "Ridge on bases by position", "Each base at each position adds its part.",
              False, 4, True, _ridge_onehot),
    ModelSpec("elastic_net", "Elastic net on 1- to 4-mers", "A few k-mers add their parts; the others "
              "are exactly 0.", False, 5, False, _elastic_net),
    ModelSpec("lasso", "Lasso on 1- to 4-mers", "As few k-mers as possible add their parts.",
              False, 6, False, _lasso),
    ModelSpec("huber", "Huber on 1- to 4-mers", "Each k-mer adds its part; outliers pull less.",
              False, 7, False, _huber),
    ModelSpec("ridge", "Ridge on 1- to 6-mers", "Each k-mer adds its part, wherever it stands.",
              False, 8, False, _ridge),
    ModelSpec("lightgbm", "Boosted trees on 1- to 5-mers", "Trees over k-mer counts: k-mers can act "
              "together.", False, 9, False, _lightgbm),
    ModelSpec("lightgbm_onehot", "Boosted trees on bases by position", "Trees over the base at each "
              "position: positions can act together.", False, 10, True, _lightgbm_onehot),
):  # fmt: skip
    MODELS.register(_spec.name, _spec)
