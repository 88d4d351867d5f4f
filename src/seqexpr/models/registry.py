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
    return _pipeline(features, ElasticNetPathRegressor(random_state=random_state))


def _lasso(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=(1, 4), n_jobs=n_jobs)
    lasso = ElasticNetPathRegressor(l1_ratio=1.0, random_state=random_state)
    return _pipeline(features, lasso)


def _huber(*, random_state: int, n_jobs: int) -> Pipeline:
    del random_state
    return _pipeline(KmerCounter(k=(1, 4), n_jobs=n_jobs), HuberKmerRegressor())


def _lightgbm(*, random_state: int, n_jobs: int) -> Pipeline:
    features = KmerCounter(k=(1, 5), n_jobs=n_jobs)
    return _pipeline(features, LightGBMRegressor(random_state=random_state, n_jobs=n_jobs))


def _lightgbm_onehot(*, random_state: int, n_jobs: int) -> Pipeline:
    return _pipeline(OneHot(), LightGBMRegressor(random_state=random_state, n_jobs=n_jobs))


MODELS.register(
    "mean",
    ModelSpec(
        name="mean",
        title="Mean",
        description="Predicts the mean of the training data for every sequence.",
        is_baseline=True,
        complexity=0,
        needs_equal_length=False,
        build=_mean,
    ),
)
MODELS.register(
    "gc",
    ModelSpec(
        name="gc",
        title="GC, length and CpG",
        description="A line over GC content, length and CpG: what composition alone explains.",
        is_baseline=True,
        complexity=1,
        needs_equal_length=False,
        build=_gc,
    ),
)
MODELS.register(
    "nearest_neighbor",
    ModelSpec(
        name="nearest_neighbor",
        title="Nearest neighbour",
        description=(
            "Copies the value of the most similar training sequence (4-mers, among at most "
            "20,000): what memory alone explains."
        ),
        is_baseline=True,
        complexity=2,
        needs_equal_length=False,
        build=_nearest_neighbor,
    ),
)
MODELS.register(
    "tutorial",
    ModelSpec(
        name="tutorial",
        title="3-mer presence, least squares",
        description="The tutorial's model: which 3-mers are there, ordinary least squares.",
        is_baseline=False,
        complexity=3,
        needs_equal_length=False,
        build=_tutorial,
    ),
)
MODELS.register(
    "ridge_onehot",
    ModelSpec(
        name="ridge_onehot",
        title="Ridge on bases by position",
        description="Each base at each position adds its part.",
        is_baseline=False,
        complexity=4,
        needs_equal_length=True,
        build=_ridge_onehot,
    ),
)
MODELS.register(
    "elastic_net",
    ModelSpec(
        name="elastic_net",
        title="Elastic net on 1- to 4-mers",
        description="A few k-mers add their parts; the others are exactly 0.",
        is_baseline=False,
        complexity=5,
        needs_equal_length=False,
        build=_elastic_net,
    ),
)
MODELS.register(
    "lasso",
    ModelSpec(
        name="lasso",
        title="Lasso on 1- to 4-mers",
        description="As few k-mers as possible add their parts.",
        is_baseline=False,
        complexity=6,
        needs_equal_length=False,
        build=_lasso,
    ),
)
MODELS.register(
    "huber",
    ModelSpec(
        name="huber",
        title="Huber on 1- to 4-mers",
        description="Each k-mer adds its part; outliers pull less.",
        is_baseline=False,
        complexity=7,
        needs_equal_length=False,
        build=_huber,
    ),
)
MODELS.register(
    "ridge",
    ModelSpec(
        name="ridge",
        title="Ridge on 1- to 6-mers",
        description="Each k-mer adds its part, wherever it stands.",
        is_baseline=False,
        complexity=8,
        needs_equal_length=False,
        build=_ridge,
    ),
)
MODELS.register(
    "lightgbm",
    ModelSpec(
        name="lightgbm",
        title="Boosted trees on 1- to 5-mers",
        description="Trees over k-mer counts: k-mers can act together.",
        is_baseline=False,
        complexity=9,
        needs_equal_length=False,
        build=_lightgbm,
    ),
)
MODELS.register(
    "lightgbm_onehot",
    ModelSpec(
        name="lightgbm_onehot",
        title="Boosted trees on bases by position",
        description="Trees over the base at each position: positions can act together.",
        is_baseline=False,
        complexity=10,
        needs_equal_length=True,
        build=_lightgbm_onehot,
    ),
)
