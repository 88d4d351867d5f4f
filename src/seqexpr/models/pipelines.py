"""The built-in models as scikit-learn pipelines: which features, which regressor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from seqexpr.features.composition import Composition
from seqexpr.features.covariates import NoSequence
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.features.positional import PositionalKmers
from seqexpr.models.baselines import LeastSquaresRegressor, MeanRegressor, NearestNeighborRegressor
from seqexpr.models.global_epistasis import GlobalEpistasisRegressor
from seqexpr.models.linear import ElasticNetPathRegressor, HuberKmerRegressor
from seqexpr.models.pairs import PairedRidgeRegressor
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.models.stacking import StackedRegressor
from seqexpr.models.trees import LightGBMRegressor

__all__ = [
    "covariates",
    "elastic_net",
    "gc",
    "global_epistasis",
    "huber",
    "lasso",
    "lightgbm",
    "lightgbm_onehot",
    "lightgbm_positional",
    "mean",
    "nearest_neighbor",
    "ridge",
    "ridge_canonical",
    "ridge_onehot",
    "ridge_pairs",
    "ridge_positional",
    "stack",
    "stack_positional",
    "tutorial",
]


def _pipeline(features: Any, regressor: Any) -> Pipeline:
    return Pipeline([("features", features), ("regressor", regressor)])


def mean(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build the mean, whatever the sequence."""
    del random_state, n_jobs
    return _pipeline(Composition(), MeanRegressor())


def covariates(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build least squares on the covariates; without any, the mean."""
    del random_state, n_jobs
    return _pipeline(NoSequence(), LeastSquaresRegressor())


def gc(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build least squares on GC content, length, CpG and unknown bases."""
    del random_state, n_jobs
    return _pipeline(Composition(), LeastSquaresRegressor())


def nearest_neighbor(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build the mean of the most similar training sequences, by 4-mer counts."""
    features = KmerCounter(k=4, n_jobs=n_jobs)
    return _pipeline(features, NearestNeighborRegressor(random_state=random_state))


def tutorial(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build the tutorial's model: least squares on which 3-mers are there."""
    del random_state
    return _pipeline(KmerCounter(k=3, mode="presence", n_jobs=n_jobs), LeastSquaresRegressor())


def ridge(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build ridge on 1- to 6-mer counts."""
    features = KmerCounter(k=(1, 6), n_jobs=n_jobs)
    return _pipeline(features, RidgePathRegressor(random_state=random_state, n_jobs=n_jobs))


def ridge_canonical(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build ridge on 1- to 7-mer counts, a k-mer and its reverse complement being one."""
    features = KmerCounter(k=(1, 7), strands="canonical", n_jobs=n_jobs)
    return _pipeline(features, RidgePathRegressor(random_state=random_state, n_jobs=n_jobs))


def ridge_onehot(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build ridge on bases by position."""
    return _pipeline(OneHot(), RidgePathRegressor(random_state=random_state, n_jobs=n_jobs))


def ridge_pairs(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build ridge on bases by position and on pairs of positions that act together."""
    # The pairs are found with the targets, for each its own, so the regressor takes the sequences.
    regressor = PairedRidgeRegressor(random_state=random_state, n_jobs=n_jobs)
    return _pipeline("passthrough", regressor)


def _kmers_and_places(n_jobs: int) -> FeatureUnion:
    """Count 1- to 4-mers anywhere, and 1- to 3-mers every five bases from the right end."""
    return FeatureUnion(
        [("kmers", KmerCounter(k=(1, 4), n_jobs=n_jobs)),
         ("places", PositionalKmers(k=(1, 3), width=5, anchor="right"))]
    )  # fmt: skip


def ridge_positional(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build ridge on k-mers and where they stand."""
    regressor = RidgePathRegressor(random_state=random_state, n_jobs=n_jobs)
    return _pipeline(_kmers_and_places(n_jobs), regressor)


def lightgbm_positional(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build boosted trees on k-mers and where they stand."""
    regressor = LightGBMRegressor(enable_bundle=False, random_state=random_state, n_jobs=n_jobs)
    return _pipeline(_kmers_and_places(n_jobs), regressor)


def elastic_net(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build elastic net on 1- to 5-mer counts."""
    features = KmerCounter(k=(1, 5), n_jobs=n_jobs)
    return _pipeline(features, ElasticNetPathRegressor(random_state=random_state))


def lasso(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build lasso on 1- to 5-mer counts."""
    features = KmerCounter(k=(1, 5), n_jobs=n_jobs)
    lasso = ElasticNetPathRegressor(l1_ratio=1.0, random_state=random_state)
    return _pipeline(features, lasso)


def huber(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build huber regression on 1- to 4-mer counts."""
    features = KmerCounter(k=(1, 4), n_jobs=n_jobs)
    return _pipeline(features, HuberKmerRegressor(random_state=random_state, n_jobs=n_jobs))


def lightgbm(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build boosted trees on 1- to 5-mer counts."""
    features = KmerCounter(k=(1, 5), n_jobs=n_jobs)
    regressor = LightGBMRegressor(enable_bundle=False, random_state=random_state, n_jobs=n_jobs)
    return _pipeline(features, regressor)


def lightgbm_onehot(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build boosted trees on bases by position."""
    # Bases at few positions matter: trees do better if they see most of them.
    regressor = LightGBMRegressor(colsample_bytree=0.7, random_state=random_state, n_jobs=n_jobs)
    return _pipeline(OneHot(), regressor)


def global_epistasis(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build latent sums over bases by position, and a bend over them."""
    regressor = GlobalEpistasisRegressor(random_state=random_state, n_jobs=n_jobs)
    return _pipeline(OneHot(anchor="right"), regressor)


def stack(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build a stack of the lines and trees that count words anywhere."""
    return _stacked((ridge, lightgbm), random_state=random_state, n_jobs=n_jobs)


def stack_positional(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build a stack of lines and trees, some of which know where words stand."""
    builders = (ridge, ridge_positional, lightgbm, lightgbm_onehot, lightgbm_positional)
    return _stacked(builders, random_state=random_state, n_jobs=n_jobs)


def _stacked(
    builders: tuple[Callable[..., Pipeline], ...], *, random_state: int, n_jobs: int
) -> Pipeline:
    members = [build(random_state=random_state, n_jobs=n_jobs) for build in builders]
    regressor = StackedRegressor(members, n_jobs=n_jobs, random_state=random_state)
    return _pipeline("passthrough", regressor)
