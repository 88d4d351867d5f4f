"""Train and test: fit on one part of the rows, choose inside it, score on the other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.errors import InputError
from seqexpr.evaluation.comparison import find_simplest
from seqexpr.evaluation.evaluation import Evaluation, Score
from seqexpr.evaluation.noise import measurement_noise, weights_from_noise
from seqexpr.evaluation.scoring import choose_model, score_models
from seqexpr.evaluation.sealed import SealedTest
from seqexpr.models.registry import MODELS, ModelSpec, have_common_positions, preset_models
from seqexpr.models.targets import TargetTransform
from seqexpr.workflow.appraisal import Scene, appraise, calibrate_chosen
from seqexpr.workflow.ladder import Rung, climb, fit_rung
from seqexpr.workflow.progress import Progress, Step
from seqexpr.workflow.records import describe, prediction_rows, summarize
from seqexpr.workflow.run import Run
from seqexpr.workflow.searching import search_rungs

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.checks import CheckReport
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.calibration import Calibration
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split
    from seqexpr.workflow.budget import Budget

__all__ = ["models_of", "r2_of", "train_and_test", "weighted"]


def train_and_test(
    recipe: Recipe,
    dataset: Dataset,
    *,
    split: Split,
    check: CheckReport,
    budget: Budget,
    cache: Path | None,
    on_step: Progress,
    further: Sequence[ModelSpec] = (),
) -> tuple[Run, Dataset, Calibration]:
    """Fit every model on the train rows, choose one there, and score all on the test rows.

    Parameters
    ----------
    recipe : Recipe
        Every choice.
    dataset : Dataset, n rows
        All rows; test targets are sealed until the choice is made.
    split : Split
        Which rows train and which test.
    check : CheckReport
        What the input doctor found.
    budget : Budget
        Time that the preset "best" may take.
    cache : Path or None
        Where finished rungs are kept.
    on_step : callable
        Told of each step.
    further : sequence of ModelSpec
        Rungs that were fitted on rows which are not in `dataset` and are kin to
        none of it (:mod:`seqexpr.workflow.streaming`): they predict the train
        rows as they do the test rows, unseen. Default none.

    Returns
    -------
    run : Run
        Without a path.
    train : Dataset
        The train rows, on the modelled scale.
    calibration : Calibration
        Intervals and training domain of the chosen model.
    """
    transform = TargetTransform.fit(dataset.targets[split.train], recipe.transform)
    targets = transform.apply(dataset.targets)
    sealed = SealedTest(targets[split.test])
    train = replace(dataset.take(split.train), targets=targets[split.train])
    train = weighted(train, dataset.take(split.train), recipe=recipe, transform=transform)
    units = split.units_of(dataset)
    jobs = recipe.jobs or os.cpu_count() or 1
    fitting: dict[str, Any] = {
        "split": split, "units": units[split.train], "jobs": jobs, "on_step": on_step,
        "cache": cache,
    }  # fmt: skip
    found = _fit_ladder(recipe, dataset, train, budget=budget, fitting=fitting, further=further)
    rungs, candidates = found.rungs, found.candidates
    rng = np.random.default_rng(recipe.seed)
    target_names = tuple(transform.name(name) for name in dataset.target_names)
    validation = score_models(
        train.targets, {rung.spec.name: rung.out_of_fold for rung in rungs}, set="validation",
        target_names=target_names, groups=units[split.train], rng=rng,
    )  # fmt: skip
    best = choose_model(validation.rows, candidates)
    simplest = find_simplest(validation.comparisons, best=best, candidates=candidates)
    selected = simplest if recipe.prefer == "simple" else best
    chosen = next(rung for rung in rungs if rung.spec.name == selected)
    if chosen.model is None:  # its scores were kept from an interrupted run
        model = fit_rung(chosen.spec, train, units=units[split.train], seed=recipe.seed, jobs=jobs)
        chosen = replace(chosen, model=model)
    on_step(Step("intervals and training domain", kind="step"))
    calibration = calibrate_chosen(
        chosen, train, split=split, units=units[split.train], recipe=recipe
    )
    # The choice is made. The test targets come out here, and only here.
    observed = sealed.open(selected, {rung.spec.name: rung.test for rung in rungs})
    test = score_models(
        observed, {rung.spec.name: rung.test for rung in rungs}, set="test",
        target_names=target_names, groups=units[split.test], rng=rng,
    )  # fmt: skip
    scene = Scene(
        recipe=recipe, dataset=dataset, split=split, units=units, transform=transform, train=train,
        rungs=tuple(rungs), chosen=chosen, calibration=calibration, observed=observed,
        target_names=target_names, r2=r2_of(test.rows, selected), jobs=jobs,
        stand_in=found.stand_in_for(chosen), budget=budget if recipe.preset == "best" else None,
    )  # fmt: skip
    findings = appraise(scene, on_step=on_step)
    evaluation = Evaluation(
        dataset=describe(dataset, check, target_names),
        split=split.to_dict(),
        selected=selected,
        rows=(*validation.rows, *test.rows),
        simplest=simplest,
        comparisons=(*validation.comparisons, *test.comparisons),
        models=tuple(map(summarize, rungs)),
        predictions=_predictions(scene),
        **findings.parts,
        search=found.search_of(chosen),
        warnings=(
            *split.warnings,
            *(text for rung in rungs for text in rung.warnings),
            *findings.warnings,
        ),
    )
    model, rows = chosen.model, train
    if recipe.refit == "all":
        model, rows = refit_on_all(chosen, scene, on_step=on_step)
    run = Run(evaluation, check, split, model=model, recipe=recipe, transform=transform)
    return run, rows, calibration


@dataclass(frozen=True, eq=False)
class _Ladder:
    """Fitted rungs, simplest first, and which of them may be selected."""

    rungs: list[Rung]
    candidates: list[str]
    search: dict[str, Any] | None = None
    quick: str = ""
    dear: frozenset[str] = frozenset()

    def stand_in_for(self, chosen: Rung) -> Rung:
        """Return the rung whose kind of model is fitted again and again for the appraisal."""
        if chosen.spec.name not in self.dear:
            return chosen
        return next(rung for rung in self.rungs if rung.spec.name == self.quick)

    def search_of(self, chosen: Rung) -> dict[str, Any] | None:
        """Return ``search`` of evaluation.json, with the rung that was appraised, if another."""
        if self.search is None:
            return None
        appraised = self.stand_in_for(chosen).spec.name
        return self.search | {"stand_in": appraised if appraised != chosen.spec.name else None}


def _fit_ladder(
    recipe: Recipe,
    dataset: Dataset,
    train: Dataset,
    *,
    budget: Budget,
    fitting: dict[str, Any],
    further: Sequence[ModelSpec],
) -> _Ladder:
    """Fit the models of the preset, or search for better ones, and join the further ones."""
    tested = dataset.take(fitting["split"].test).inputs
    known = frozenset(spec.name for spec in further)
    if recipe.preset == "best":
        found = search_rungs(recipe, train, tested, budget=budget, **fitting)
        rungs = [*found.rungs, *climb(further, train, tested, seed=recipe.seed, **fitting)]
        candidates = [rung.spec.name for rung in rungs if not rung.spec.is_baseline]
        return _Ladder(rungs, candidates, found.summary, found.stand_in, found.dear | known)
    names, own = models_of(recipe, dataset)
    specs = [*(MODELS[name] for name in names), *further]
    rungs = climb(specs, train, tested, seed=recipe.seed, **fitting)
    candidates = [rung.spec.name for rung in rungs if rung.spec.name in {*own, *known}]
    return _Ladder(
        rungs, candidates, quick=_best_of(rungs, own, train) if known else "", dear=known
    )


def _best_of(rungs: Sequence[Rung], names: Sequence[str], train: Dataset) -> str:
    """Return which of some rungs has the least squared error out of fold, first target."""

    def error(rung: Rung) -> float:
        return float(np.nanmean((rung.out_of_fold[:, 0] - train.targets[:, 0]) ** 2))

    return min((rung for rung in rungs if rung.spec.name in names), key=error).spec.name


def refit_on_all(chosen: Rung, scene: Scene, *, on_step: Progress) -> tuple[Any, Dataset]:
    """Fit the chosen kind of model on train and test rows, now that the score is settled.

    Returns
    -------
    model : Pipeline
        Fitted.
    rows : Dataset
        What it was fitted on, on the modelled scale.
    """
    on_step(Step(f"{chosen.spec.title}: all rows", kind="step"))
    used = np.sort(np.concatenate([scene.split.train, scene.split.test]))
    measured = scene.dataset.take(used)
    rows = replace(measured, targets=scene.transform.apply(measured.targets))
    rows = weighted(rows, measured, recipe=scene.recipe, transform=scene.transform)
    seed, units = scene.recipe.seed, scene.units[used]
    return fit_rung(chosen.spec, rows, units=units, seed=seed, jobs=scene.jobs), rows


def models_of(recipe: Recipe, dataset: Dataset) -> tuple[Sequence[str], list[str]]:
    """Return the names of all models, simplest first, and of those that can be selected."""
    equal_length = have_common_positions(list(dataset.sequences))
    names = recipe.models or preset_models(recipe.preset, equal_length=equal_length)
    if recipe.init_from:
        names = (*names, "transfer")
    if dataset.covariates is not None and not recipe.models:
        names = ("covariates", *names)
    specs = sorted((MODELS[name] for name in dict.fromkeys(names)), key=lambda s: s.complexity)
    candidates = [spec.name for spec in specs if not spec.is_baseline]
    return [spec.name for spec in specs], candidates or [spec.name for spec in specs]


def r2_of(rows: Sequence[Score], selected: str) -> Score:
    """Return R² of the selected model on the first target."""
    return next(row for row in rows if (row.model, row.metric) == (selected, "r2"))


def weighted(
    train: Dataset, measured: Dataset, *, recipe: Recipe, transform: TargetTransform
) -> Dataset:
    """Weigh the train rows by the noise of their measurement, if the recipe says so."""
    if recipe.weighting == "none":
        return train
    noise, reason = measurement_noise(measured, transform)
    if noise is None:
        raise InputError(f"weighting = 'inverse-variance': {reason}")
    weights = weights_from_noise(train.targets[:, 0], noise.variances)
    if train.weights is not None:
        weights = weights * train.weights
    return replace(train, weights=weights)


def _predictions(scene: Scene) -> pd.DataFrame:
    """Out-of-fold and test predictions of the selected model, with their intervals."""
    import pandas as pd

    split, chosen, calibration = scene.split, scene.chosen, scene.calibration
    validation = prediction_rows(
        scene.train, set="validation", target_names=scene.target_names,
        observed=scene.train.targets, predicted=chosen.out_of_fold, trust=calibration.train,
        folds=split.folds, units=scene.units[split.train],
    )  # fmt: skip
    test = prediction_rows(
        scene.dataset.take(split.test), set="test", target_names=scene.target_names,
        observed=scene.observed, predicted=chosen.test, trust=scene.test_trust,
        units=scene.units[split.test],
    )  # fmt: skip
    return pd.concat([validation, test], ignore_index=True)
