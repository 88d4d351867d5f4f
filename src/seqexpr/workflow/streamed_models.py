"""Models that are fitted on rows as they stream past."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sklearn.frozen import FrozenEstimator

from seqexpr.features.word_products import LONGEST, WordProducts
from seqexpr.models.moments import Moments
from seqexpr.models.registry import MODELS, ModelSpec
from seqexpr.models.ridge_moments import solve_ridge_moments
from seqexpr.models.targets import TargetTransform

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from seqexpr.features.kmers import KmerCounter
    from seqexpr.models.ridge import FittedRidge
    from seqexpr.recipe import Recipe
    from seqexpr.workflow.progress import Progress
    from seqexpr.workflow.streaming import Stream

__all__ = ["STREAMED", "fit_streamed"]

STREAMED = "_all_rows"
"""End of the names of models of streamed rows."""
_VALIDATED = 10  # one unit in so many chooses the penalty


def fit_streamed(
    stream: Stream, recipe: Recipe, targets: Any, *, on_step: Progress
) -> tuple[ModelSpec, ...]:
    """Fit what can be fitted on the streamed rows of a table.

    Parameters
    ----------
    stream : Stream
        Scanned.
    recipe : Recipe
        Every choice.
    targets : ndarray of float64, shape (n_train, t)
        Of the held train rows, which the scale of the targets is learnt on.
    on_step : callable
        Told of progress.

    Returns
    -------
    tuple of ModelSpec
        Rungs whose models are fitted already; empty where nothing is streamed,
        or where the recipe names models and ridge is not among them.
    """
    if stream.n_streamed == 0 or not _is_wanted(recipe, "ridge"):
        return ()
    transform = TargetTransform.fit(targets, recipe.transform)
    jobs = recipe.jobs or os.cpu_count() or 1
    model = _fit_ridge(stream, transform, jobs=jobs, on_step=on_step)
    return (_spec("ridge", model, stream.n_streamed),)


def _is_wanted(recipe: Recipe, name: str) -> bool:
    return not recipe.models or name in recipe.models


def _spec(name: str, model: Pipeline, n_rows: int) -> ModelSpec:
    """Describe a rung that is fitted: the model `name` on all rows."""
    kin = MODELS[name]

    def build(**ignored: Any) -> FrozenEstimator:
        del ignored  # seed and threads were those of the fit
        return FrozenEstimator(model)

    return ModelSpec(
        name=f"{name}{STREAMED}",
        title=f"{kin.title}, all rows",
        description=f"{kin.description} Fitted on {n_rows:,} rows beside those of the table here.",
        is_baseline=False,
        complexity=kin.complexity,
        needs_equal_length=kin.needs_equal_length,
        build=build,
        reads_covariates=False,
    )


def _fit_ridge(
    stream: Stream, transform: TargetTransform, *, jobs: int, on_step: Progress
) -> Pipeline:
    """Fit the ladder's ridge from products of counts, target by target."""
    model = MODELS["ridge"].build(random_state=stream.recipe.seed, n_jobs=jobs)
    counter, regressor = model["features"].set_params(k=(1, LONGEST)), model["regressor"]
    counter.fit(["ACGT"])  # learns nothing but that it was fitted
    states: list[FittedRidge] = []
    for number in range(stream.n_targets):
        moments = _moments(stream, transform, counter, target=number, on_step=on_step)
        states.append(solve_ridge_moments(regressor, moments, validated=[1]))
        del moments
    regressor.keep_fitted(states, n_features=len(states[0].coef))
    return model


def _moments(
    stream: Stream, transform: TargetTransform, counter: KmerCounter, *, target: int,
    on_step: Progress,
) -> list[Moments]:  # fmt: skip
    """Read all rows, and return the moments of nine tenths of the units and of the last tenth."""
    parts = [WordProducts(LONGEST, n_jobs=counter.n_jobs or 1) for _ in range(2)]
    for batch in stream.streamed(on_step, what="ridge on all rows"):
        y = transform.apply(batch.targets)[:, target]
        is_validated = batch.hashes % _VALIDATED == 0
        for part, rows in zip(parts, (~is_validated, is_validated), strict=True):
            mine = batch.take(rows)
            part.add(mine.sequences, y[rows], mine.weights)
    moments = []
    while parts:  # each is as large as its moments: let it go before the next
        moments.append(Moments(parts.pop(0).of_columns(counter)))
    return moments
