"""Train: from a table to a model, its honest evaluation and a run folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.checks import build_dataset
from seqexpr.data.table import Table, read_table
from seqexpr.errors import InputError
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary
from seqexpr.evaluation.scoring import choose_model, score_models
from seqexpr.evaluation.sealed import SealedTest
from seqexpr.models.registry import MODELS, have_common_positions, preset_models
from seqexpr.models.targets import TargetTransform
from seqexpr.recipe import Recipe
from seqexpr.splits.strategies import make_split, tutorial_split
from seqexpr.workflow.ladder import Rung, cache_key, climb, fit_rung
from seqexpr.workflow.progress import Progress, Step, ignore
from seqexpr.workflow.run import Run, RunFolder

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.checks import CheckReport
    from seqexpr.data.dataset import Dataset
    from seqexpr.splits.split import Split

__all__ = ["complete_recipe", "describe", "read_for", "train"]


def train(
    table: str | Path | pd.DataFrame | Table | None = None,
    *,
    recipe: Recipe | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    on_step: Progress = ignore,
    **choices: Any,
) -> Run:
    """Train a ladder of models on a table and evaluate it honestly.

    The rows are checked, split into train and test without leakage, and every
    model of the preset is fitted on the folds inside train. The model is
    chosen by its out-of-fold score. Only then is the test set opened, once,
    and every model scored on it with 95% intervals.

    Parameters
    ----------
    table : str, Path, DataFrame or Table, optional
        The table; "-" is standard input, ``"dataset:lac"`` the embedded
        example. Left out when the recipe names it.
    recipe : Recipe, optional
        Choices to start from; `choices` override it.
    output : str or Path, optional
        Run folder to write. Nothing is written when it is None.
    overwrite : bool
        Whether to replace a run that is there. Default False.
    resume : bool
        Whether to take up the finished models of an interrupted run. Default
        False.
    on_step : callable
        Told of progress, notes and warnings. Default says nothing.
    **choices
        Keys of :class:`seqexpr.Recipe`: target, split, preset, seed, …

    Returns
    -------
    Run
        Evaluation, fitted model and split.

    Raises
    ------
    CheckFailedError
        If the input doctor finds errors; carries its report.
    InputError
        If the table, a column or a choice cannot be used.
    OutputError
        If the run folder cannot be written.

    Examples
    --------
    >>> from seqexpr.data.simulate import simulate_library
    >>> library = simulate_library(200, rng=np.random.default_rng(0)).table
    >>> run = train(library, target="expression", models=("mean", "ridge"), split="random")
    >>> run.evaluation.selected
    'ridge'
    """
    recipe = complete_recipe(recipe, table, choices)
    folder = None if output is None else RunFolder(Path(output), overwrite=overwrite or resume)
    source = read_for(recipe, table)
    for note in source.notes:
        on_step(Step(note, kind="note"))
    dataset, check = build_dataset(
        source, on_missing=recipe.on_missing, on_invalid=recipe.on_invalid
    )
    for finding in check.findings:
        kind = "note" if finding.severity == "info" else "warning"
        on_step(Step(f"{finding.code}: {finding.meaning}", kind=kind))
    split = _split(recipe, dataset)
    on_step(Step(split.reason, kind="note"))
    for text in split.warnings:
        on_step(Step(text, kind="warning"))
    key = cache_key(recipe.to_toml(), dataset.sha256)
    cache = None if folder is None else folder.rungs(key, resume=resume)
    try:
        run, train_rows = _fit_and_score(
            recipe, dataset, split=split, check=check, cache=cache, on_step=on_step
        )
        if folder is None:
            return run
        on_step(Step("writing the run folder", kind="step"))
        run = replace(run, path=folder.path)
        folder.write(run, train_rows)
        return run
    except BaseException:
        # Also on Ctrl-C: keep what --resume can use, leave nothing else.
        if folder is not None:
            folder.clear_if_nothing_finished()
        raise


def complete_recipe(recipe: Recipe | None, table: object, choices: dict[str, Any]) -> Recipe:
    """Return the recipe that a call asks for: `choices` over `recipe`, with its table."""
    for key in ("target", "replicate", "covariate", "models"):
        if isinstance(choices.get(key), str):
            choices[key] = (choices[key],)
    if isinstance(table, (str, Path)):
        choices["table"] = str(table)
    elif table is not None:
        choices["table"] = getattr(table, "source", "a DataFrame")
    if recipe is not None:
        choices = recipe.model_dump() | choices
    if "table" not in choices:
        raise InputError("no table: name a file, '-' or dataset:NAME, or a recipe that does")
    return Recipe.create(**choices)


def read_for(recipe: Recipe, table: object = None, *, require_target: bool = True) -> Table:
    """Read the table that a recipe names, or take the one that is given."""
    if isinstance(table, Table):
        return table
    name = recipe.split.removeprefix("column:") if recipe.split.startswith("column:") else None
    source: Any = recipe.table if table is None or isinstance(table, (str, Path)) else table
    return read_table(
        source,
        sequence=recipe.sequence,
        target=recipe.target,
        id=recipe.id,
        group=recipe.group,
        chromosome=recipe.chromosome,
        weight=recipe.weight,
        replicate=recipe.replicate,
        covariate=recipe.covariate,
        split_column=name,
        values=recipe.values,
        sheet=recipe.sheet,
        require_target=require_target,
    )


def _split(recipe: Recipe, dataset: Dataset) -> Split:
    if recipe.preset == "tutorial":
        return tutorial_split(dataset, n_folds=recipe.folds, seed=recipe.seed)
    strategy = "column" if recipe.split.startswith("column:") else recipe.split
    return make_split(
        dataset,
        strategy=strategy,
        test_size=recipe.test_size,
        n_folds=recipe.folds,
        seed=recipe.seed,
    )


def _models(recipe: Recipe, dataset: Dataset) -> tuple[Sequence[str], list[str]]:
    equal_length = have_common_positions(list(dataset.sequences))
    names = recipe.models or preset_models(recipe.preset, equal_length=equal_length)
    specs = sorted((MODELS[name] for name in dict.fromkeys(names)), key=lambda s: s.complexity)
    candidates = [spec.name for spec in specs if not spec.is_baseline]
    return [spec.name for spec in specs], candidates or [spec.name for spec in specs]


def _fit_and_score(
    recipe: Recipe,
    dataset: Dataset,
    *,
    split: Split,
    check: CheckReport,
    cache: Path | None,
    on_step: Progress,
) -> tuple[Run, Dataset]:
    names, candidates = _models(recipe, dataset)
    transform = TargetTransform.fit(dataset.targets[split.train], recipe.transform)
    targets = transform.apply(dataset.targets)
    sealed = SealedTest(targets[split.test])
    train_rows = replace(dataset.take(split.train), targets=targets[split.train])
    units = split.units_of(dataset)[split.train]
    jobs = recipe.jobs or os.cpu_count() or 1
    rungs = climb(
        names,
        train_rows,
        dataset.sequences[split.test],
        split=split,
        units=units,
        seed=recipe.seed,
        jobs=jobs,
        on_step=on_step,
        cache=cache,
    )
    rng = np.random.default_rng(recipe.seed)
    target_names = tuple(transform.name(name) for name in dataset.target_names)
    out_of_fold = {rung.spec.name: rung.out_of_fold for rung in rungs}
    validation = score_models(
        train_rows.targets,
        out_of_fold,
        set="validation",
        target_names=target_names,
        groups=train_rows.groups,
        rng=rng,
    )
    selected = choose_model(validation, candidates)
    chosen = next(rung for rung in rungs if rung.spec.name == selected)
    model = chosen.model or fit_rung(selected, train_rows, units=units, seed=recipe.seed, jobs=jobs)
    # The choice is made. The test targets come out here, and only here.
    observed = sealed.open(selected, {rung.spec.name: rung.test for rung in rungs})
    test = score_models(
        observed,
        {rung.spec.name: rung.test for rung in rungs},
        set="test",
        target_names=target_names,
        groups=None if dataset.groups is None else dataset.groups[split.test],
        rng=rng,
    )
    evaluation = Evaluation(
        dataset=describe(dataset, check, target_names),
        split=split.to_dict(),
        selected=selected,
        rows=(*validation, *test),
        models=tuple(map(_summary, rungs)),
        predictions=_predictions(
            dataset, split, chosen, names=target_names, observed=(train_rows.targets, observed)
        ),
        warnings=(*split.warnings, *(text for rung in rungs for text in rung.warnings)),
    )
    run = Run(evaluation, check, split, model=model, recipe=recipe, transform=transform)
    return run, train_rows


def describe(dataset: Dataset, check: CheckReport, target_names: tuple[str, ...]) -> dict[str, Any]:
    """Return the ``dataset`` part of an evaluation."""
    lengths = np.array([len(sequence) for sequence in dataset.sequences])
    return {
        "source": check.source,
        "n_rows": check.n_rows,
        "n_sequences": len(dataset),
        "sha256": dataset.sha256,
        "targets": [
            {"name": name, "unit": unit}
            for name, unit in zip(target_names, dataset.target_units, strict=True)
        ],
        "lengths": {
            "min": int(lengths.min()),
            "median": float(np.median(lengths)),
            "max": int(lengths.max()),
        },
    }


def _summary(rung: Rung) -> ModelSummary:
    spec = rung.spec
    return ModelSummary(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        is_baseline=spec.is_baseline,
        complexity=spec.complexity,
        n_features=rung.n_features,
        fit_seconds=rung.seconds,
    )


def _predictions(
    dataset: Dataset,
    split: Split,
    rung: Rung,
    *,
    names: tuple[str, ...],
    observed: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> pd.DataFrame:
    """Out-of-fold and test predictions of the selected model, one row each target."""
    import pandas as pd

    parts = []
    sets = [
        ("validation", split.train, rung.out_of_fold, observed[0], split.folds),
        ("test", split.test, rung.test, observed[1], None),
    ]
    for name, rows, predicted, measured, folds in sets:
        for column, target in enumerate(names):
            part = pd.DataFrame(
                {
                    "id": dataset.ids[rows],
                    "set": name,
                    "fold": pd.array(np.full(len(rows), -1) if folds is None else folds, "Int64"),
                    "target": target,
                    "observed": measured[:, column],
                    "predicted": predicted[:, column],
                }
            )
            part.loc[part["fold"] < 0, "fold"] = pd.NA
            parts.append(part[part["predicted"].notna()])
    frame = pd.concat(parts, ignore_index=True)
    # Filled by the rooms that calibrate intervals and the training domain.
    frame["lower"] = frame["upper"] = np.nan
    frame["in_domain"] = pd.array([pd.NA] * len(frame), "boolean")
    return frame
