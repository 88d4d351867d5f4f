"""Nested cross-validation of a small table: every row tests, and every row trains.

One test set of 150 rows says little. Under :data:`SMALL` rows, and where the
split is drawn by us, each row is therefore predicted in each of R repeats of
K-fold cross-validation; the score of the selected model is that of the whole
procedure, choice included, and the model that ships is fitted on all rows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, SplitError
from seqexpr.evaluation.comparison import find_simplest
from seqexpr.evaluation.evaluation import Evaluation
from seqexpr.evaluation.scoring import Scores, choose_model, score_models
from seqexpr.models.registry import MODELS
from seqexpr.models.targets import TargetTransform
from seqexpr.splits.split import Split
from seqexpr.splits.strategies import make_split
from seqexpr.workflow.appraisal import Scene, appraise, calibrate_chosen
from seqexpr.workflow.crossfit import CrossFit, choose_in_each_fold, count_fits, cross_fit
from seqexpr.workflow.holdout import models_of, r2_of, weighted
from seqexpr.workflow.ladder import Rung, fit_rung
from seqexpr.workflow.progress import Progress, Step
from seqexpr.workflow.records import describe, prediction_rows, summarize
from seqexpr.workflow.run import Run

if TYPE_CHECKING:
    from seqexpr.data.checks import CheckReport
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.calibration import Calibration
    from seqexpr.recipe import Recipe

__all__ = ["SMALL", "Repeats", "cross_validate", "draw_repeats"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SMALL = 2_000
"""Rows below which nested cross-validation is the default."""
_OF_ONE_TEST_SET = ("test_size", "n_folds", "test_chromosomes", "folds_by")


@dataclass(frozen=True, eq=False)
class Repeats:
    """Several ways to deal the same rows into folds.

    Attributes
    ----------
    split : Split
        All rows that are in a fold train; `folds` are those of repeat 0; no
        row is set aside.
    folds : ndarray of int64, shape (R, n_train)
        Fold of each train row in each repeat.
    """

    split: Split
    folds: Ints

    @property
    def n_folds(self) -> int:
        """Number of outer folds."""
        return int(self.folds.max()) + 1

    def to_dict(self) -> dict[str, Any]:
        """Return what evaluation.json holds: as of a Split, and the scheme."""
        scheme = {"scheme": "nested", "repeats": len(self.folds), "n_test": self.folds.shape[1]}
        return self.split.to_dict() | scheme


def draw_repeats(recipe: Recipe, dataset: Dataset, split: Split) -> Repeats | None:
    """Deal the rows for nested cross-validation, if the run shall use it.

    Each repeat is a split of the same strategy with another seed: its test set
    and its folds are the outer folds, so that they keep apart what the strategy
    keeps apart.

    Parameters
    ----------
    recipe : Recipe
        ``nested`` is None to decide by the number of rows.
    dataset : Dataset
        The rows after cleaning.
    split : Split
        The single split that would be used otherwise.

    Returns
    -------
    Repeats or None
        None = use `split`.

    Raises
    ------
    InputError
        If nested cross-validation is asked for and cannot be had.
    """
    drawn = recipe.preset == "fast" and split.parameters.get("test_size") is not None
    if recipe.nested is None and not (drawn and len(dataset) < SMALL):
        return None
    if recipe.nested is False:
        return None
    try:
        if recipe.preset == "best":
            raise SplitError("a search would have to be repeated in every fold; --preset fast")
        if not drawn:
            raise SplitError("the test rows are given, not drawn")
        if recipe.folds < 3:
            raise SplitError(f"{recipe.folds} folds are too few, at least 3 are needed")
        return _draw(recipe, dataset, split)
    except SplitError as error:
        if recipe.nested is None:
            return None
        raise InputError(f"nested cross-validation: {error}; or pass --no-nested") from error


def _draw(recipe: Recipe, dataset: Dataset, split: Split) -> Repeats:
    n_folds = recipe.folds
    folds = np.full((recipe.repeats, len(dataset)), -1, dtype=np.int64)
    drawn = []
    for repeat in range(recipe.repeats):
        part = make_split(
            dataset, strategy=split.strategy, test_size=1 / n_folds, n_folds=n_folds - 1,
            seed=recipe.seed + repeat,
        )  # fmt: skip
        if part.parameters.get("folds_by") == "unit":
            raise SplitError(f"there are fewer chromosomes than {n_folds} folds; --folds")
        folds[repeat, part.train] = part.folds
        folds[repeat, part.test] = n_folds - 1
        drawn.append(part)
    in_all = (folds >= 0).all(axis=0)
    rows, first = np.flatnonzero(in_all), drawn[0]
    parameters = {k: v for k, v in first.parameters.items() if k not in _OF_ONE_TEST_SET}
    whole = Split(
        train=rows,
        test=np.zeros(0, dtype=np.int64),
        folds=folds[0, rows],
        excluded=np.flatnonzero(~in_all),
        strategy=first.strategy,
        parameters={"n_folds": n_folds, "repeats": recipe.repeats, **parameters},
        seed=recipe.seed,
        dataset_sha256=dataset.sha256,
        reason=_reason(recipe, first.strategy, n=len(rows)),
        warnings=first.warnings,
        units=first.units,
    )
    return Repeats(whole, folds[:, rows])


def _reason(recipe: Recipe, strategy: str, *, n: int) -> str:
    why = "as asked" if recipe.nested else f"{n:,} rows are too few to set some aside for one test"
    how = "at random" if strategy == "random" else f"by {strategy}"
    return (
        f"nested cross-validation: {why}; in each of {recipe.repeats} repeats every row is "
        f"tested once, by models that saw the other {recipe.folds - 1} of {recipe.folds} folds, "
        f"drawn {how}"
    )


def cross_validate(
    recipe: Recipe,
    dataset: Dataset,
    *,
    repeats: Repeats,
    check: CheckReport,
    cache: Path | None,
    on_step: Progress,
) -> tuple[Run, Dataset, Calibration]:
    """Fit every model without each fold, choose without each fold, and fit the choice on all.

    Parameters
    ----------
    recipe : Recipe
        Every choice.
    dataset : Dataset, n rows
        All rows.
    repeats : Repeats
        The folds.
    check : CheckReport
        What the input doctor found.
    cache : Path or None
        Where finished models are kept.
    on_step : callable
        Told of each step.

    Returns
    -------
    run : Run
        Without a path. Under the set "validation" every model has the score of
        its outer predictions, which the shipped model is chosen by. Under
        "test" the selected one has the score of the whole procedure.
    train : Dataset
        The rows, on the modelled scale.
    calibration : Calibration
        Intervals and training domain of the shipped model.
    """
    split = repeats.split
    names, candidates = models_of(recipe, dataset)
    measured = dataset.take(split.train)
    transform = TargetTransform.fit(measured.targets, recipe.transform)
    train = replace(measured, targets=transform.apply(measured.targets))
    train = weighted(train, measured, recipe=recipe, transform=transform)
    units = split.units_of(dataset)
    # On few rows, threads wait for each other longer than they work.
    jobs = recipe.jobs or (1 if len(train) < SMALL else os.cpu_count() or 1)
    fits = _fit_all(
        names, train, repeats, units=units[split.train], recipe=recipe, jobs=jobs, cache=cache,
        on_step=on_step,
    )  # fmt: skip
    rule = None
    if recipe.prefer == "simple":
        rule = partial(_choose_simple, units=units[split.train], seed=recipe.seed)
    procedure = choose_in_each_fold(
        fits, train.targets, repeats.folds, candidates=candidates, choose=rule
    )
    target_names = tuple(transform.name(name) for name in dataset.target_names)
    score = partial(
        score_models, train.targets, target_names=target_names, groups=units[split.train],
        rng=np.random.default_rng(recipe.seed),
    )  # fmt: skip
    outer = {name: fit.outer for name, fit in fits.items()}
    inside = score(outer, set="validation")
    best = choose_model(inside.rows, candidates)
    simplest = find_simplest(inside.comparisons, best=best, candidates=candidates)
    selected = simplest if recipe.prefer == "simple" else best
    honest = outer | {selected: procedure.predicted}
    test = score(honest, set="test")
    on_step(Step(f"{MODELS[selected].title}: all rows", kind="step"))
    model = fit_rung(MODELS[selected], train, units=units[split.train], seed=recipe.seed, jobs=jobs)
    rungs = tuple(_rung(name, fits[name], honest[name][0]) for name in names)
    chosen = replace(next(rung for rung in rungs if rung.spec.name == selected), model=model)
    calibration = calibrate_chosen(
        chosen, train, split=split, units=units[split.train], recipe=recipe
    )
    scene = Scene(
        recipe=recipe, dataset=dataset, split=replace(split, test=split.train), units=units,
        transform=transform, train=train, rungs=rungs, chosen=chosen, calibration=calibration,
        observed=train.targets, target_names=target_names, r2=r2_of(test.rows, selected), jobs=jobs,
        cross_validated=True,
    )  # fmt: skip
    evaluation = _evaluation(
        scene, repeats, check=check, scores=(inside, test), times=procedure.times(),
        simplest=simplest, on_step=on_step,
    )  # fmt: skip
    run = Run(evaluation, check, split, model=model, recipe=recipe, transform=transform)
    return run, train, calibration


def _choose_simple(
    seen: Floats, predictions: Mapping[str, Floats], *, units: Ints, seed: int
) -> str:
    """Return the simplest model that is not significantly worse than the best."""
    scores = score_models(
        seen, predictions, set="validation", groups=units, rng=np.random.default_rng(seed),
        target_names=[str(column) for column in range(seen.shape[1])],
    )  # fmt: skip
    candidates = list(predictions)
    best = choose_model(scores.rows, candidates)
    return find_simplest(scores.comparisons, best=best, candidates=candidates)


def _fit_all(
    names: Any,
    train: Dataset,
    repeats: Repeats,
    *,
    units: Ints,
    recipe: Recipe,
    jobs: int,
    cache: Path | None,
    on_step: Progress,
) -> Mapping[str, CrossFit]:
    """Cross-fit each model, or take up what an interrupted run has finished."""
    each = count_fits(repeats.n_folds, len(repeats.folds))
    fits: dict[str, CrossFit] = {}
    for position, name in enumerate(names):
        title, file = MODELS[name].title, None if cache is None else cache / f"{name}.npz"
        if file is not None and file.exists():
            fits[name] = CrossFit.restore(file)
            on_step(Step(f"{title}: kept from the interrupted run", kind="note"))
            continue
        done = iter(range(position * each, (position + 1) * each))

        def tick(title: str = title, done: Any = done) -> None:
            number = next(done)
            text = f"{title}: fit {number % each + 1} of {each}"
            on_step(Step(text, number, len(names) * each))

        fits[name] = cross_fit(
            name, train, repeats.folds, units=units, seed=recipe.seed, jobs=jobs, tick=tick
        )
        if file is not None:
            fits[name].keep(file)
    return fits


def _rung(name: str, fit: CrossFit, predicted: Floats) -> Rung:
    """Show a cross-fitted model as a rung: the predictions of repeat 0 are both of its sets."""
    return Rung(
        spec=MODELS[name],
        model=None,
        out_of_fold=predicted,
        test=predicted,
        seconds=fit.seconds,
        n_features=fit.n_features,
        warnings=fit.warnings,
    )


def _evaluation(
    scene: Scene,
    repeats: Repeats,
    *,
    check: CheckReport,
    scores: tuple[Scores, Scores],
    times: Mapping[str, int],
    simplest: str,
    on_step: Progress,
) -> Evaluation:
    findings = appraise(scene, on_step=on_step)
    chosen = [{"model": name, "times": n} for name, n in times.items()]
    return Evaluation(
        dataset=describe(scene.dataset, check, scene.target_names),
        split=repeats.to_dict() | {"chosen": chosen},
        selected=scene.chosen.spec.name,
        simplest=simplest,
        rows=(*scores[0].rows, *scores[1].rows),
        comparisons=(*scores[0].comparisons, *scores[1].comparisons),
        models=tuple(map(summarize, scene.rungs)),
        predictions=prediction_rows(
            scene.train, set="test", target_names=scene.target_names, observed=scene.observed,
            predicted=scene.chosen.test, trust=scene.test_trust, folds=scene.split.folds,
            units=scene.units[scene.split.train],
        ),
        **findings.parts,
        warnings=(
            *scene.split.warnings,
            *(text for rung in scene.rungs for text in rung.warnings),
            *findings.warnings,
        ),
    )  # fmt: skip
