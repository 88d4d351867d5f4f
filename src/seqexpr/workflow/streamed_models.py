"""Models that are fitted on rows as they stream past."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.frozen import FrozenEstimator

from seqexpr.features.word_products import LONGEST, WordProducts
from seqexpr.models.moments import Moments
from seqexpr.models.registry import MODELS, ModelSpec
from seqexpr.models.ridge_moments import solve_ridge_moments
from seqexpr.models.targets import TargetTransform
from seqexpr.workflow.progress import Step
from seqexpr.workflow.streamed_networks import fit_network

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from seqexpr.features.kmers import KmerCounter
    from seqexpr.models.ridge import FittedRidge
    from seqexpr.recipe import Recipe
    from seqexpr.workflow.progress import Progress
    from seqexpr.workflow.streaming import Stream

__all__ = ["fit_streamed"]

_VALIDATED = 10  # one unit in so many chooses the penalty
_SHARE_OF_BINS = 0.35
"""Of the memory, for the bins of boosted trees; there is as much again beside them on disk."""


def fit_streamed(
    stream: Stream, targets: Any, *, on_step: Progress, checkpoints: Path | None = None
) -> tuple[ModelSpec, ...]:
    """Fit what can be fitted on the streamed rows of a table.

    Parameters
    ----------
    stream : Stream
        Scanned.
    targets : ndarray of float64, shape (n_train, t)
        Of the held train rows, which the scale of the targets is learnt on.
    on_step : callable
        Told of progress.
    checkpoints : Path, optional
        Folder where networks keep what a kill must not lose.

    Returns
    -------
    tuple of ModelSpec
        Rungs whose models are fitted already; empty where nothing is streamed.
        Of the models that the recipe names, those that can.
    """
    if stream.n_streamed == 0:
        return ()
    recipe = stream.recipe
    transform = TargetTransform.fit(targets, recipe.transform)
    jobs = recipe.jobs or os.cpu_count() or 1
    fits: dict[str, Any] = {"ridge": _fit_ridge, "lightgbm": _fit_trees}
    networks = {name for name in _asked(recipe) if MODELS[name].extra == "deep"}
    fits |= {
        name: partial(fit_network, name=name, checkpoints=checkpoints) for name in sorted(networks)
    }
    found = []
    for name, fit in fits.items():
        if not recipe.models or name in _asked(recipe):
            began = time.perf_counter()
            model, n_rows = fit(stream, transform, jobs=jobs, on_step=on_step)
            found.append(_spec(name, model, n_rows, seconds=time.perf_counter() - began))
    return tuple(found)


def _asked(recipe: Recipe) -> tuple[str, ...]:
    """Return the models that the recipe names, or its preset adds."""
    named = recipe.models or (("cnn",) if recipe.preset == "balanced" else ())
    return (*named, "transfer") if recipe.init_from else named


def _spec(name: str, model: Pipeline, n_rows: int, *, seconds: float) -> ModelSpec:
    """Describe a rung that is fitted: the model `name` on all rows."""
    kin = MODELS[name]

    def build(**ignored: Any) -> FrozenEstimator:
        del ignored  # seed and threads were those of the fit
        return FrozenEstimator(model)

    return ModelSpec(
        name=f"{name}_streamed",
        title=f"{kin.title}, streamed rows",
        description=f"{kin.description} Fitted on {n_rows:,} streamed rows.",
        is_baseline=False,
        complexity=kin.complexity,
        needs_equal_length=kin.needs_equal_length,
        build=build,
        reads_covariates=False,
        seconds=seconds,
    )


def _fit_ridge(
    stream: Stream, transform: TargetTransform, *, jobs: int, on_step: Progress
) -> tuple[Pipeline, int]:
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
    return model, stream.n_streamed


def _fit_trees(
    stream: Stream, transform: TargetTransform, *, jobs: int, on_step: Progress
) -> tuple[Pipeline, int]:
    """Fit the ladder's boosted trees on as many rows as their bins have memory for.

    Counts are written to a file and put into bins from there, a byte each at most.
    """
    model = MODELS["lightgbm"].build(random_state=stream.recipe.seed, n_jobs=jobs)
    counter = model["features"].fit(["ACGT"])
    width = len(counter.get_feature_names_out())
    most = int(_SHARE_OF_BINS * stream.recipe.memory_bytes / width)
    lowest = stream.highest_hashes(most)
    counts = np.memmap(stream.folder / "counts.u8", np.uint8, "w+", shape=(2 * most, width))
    values, weights, n = [], [np.zeros(0)], 0
    for batch in stream.streamed(on_step, what="counting words for boosted trees"):
        mine = batch.take(batch.hashes >= lowest)  # whole units, whatever the order of the rows
        mine = mine.take(np.arange(min(len(mine.sequences), len(counts) - n)))
        dense = counter.transform(mine.sequences).toarray()
        counts[n : n + len(dense)] = np.minimum(dense, 255)
        n += len(dense)
        values.append(transform.apply(mine.targets))
        if mine.weights is not None:
            weights.append(mine.weights)
    on_step(Step(f"growing trees on {n:,} rows", kind="step"))
    y = np.concatenate(values)
    model["regressor"].fit(
        counts[:n],
        y[:, 0] if y.shape[1] == 1 else y,
        sample_weight=None if len(weights) == 1 else np.concatenate(weights),
    )
    return model, n


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
