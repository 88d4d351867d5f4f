"""Train: from a table to a model, its honest evaluation and a run folder."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqexpr.bundle.store import WEIGHTS, load_bundle
from seqexpr.data.checks import build_dataset
from seqexpr.data.table import Table, iter_tables, read_table
from seqexpr.errors import InputError
from seqexpr.models.registry import MODELS
from seqexpr.models.training.context import training_context
from seqexpr.optional import require
from seqexpr.recipe import Recipe
from seqexpr.splits.strategies import make_split, tutorial_split
from seqexpr.workflow.budget import Budget, measure_cost
from seqexpr.workflow.holdout import train_and_test
from seqexpr.workflow.ladder import cache_key
from seqexpr.workflow.nested import cross_validate, draw_repeats
from seqexpr.workflow.progress import Progress, Step, ignore
from seqexpr.workflow.run import Run, RunFolder
from seqexpr.workflow.streamed_models import fit_streamed
from seqexpr.workflow.streaming import BATCH, Stream, open_stream

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.dataset import Dataset
    from seqexpr.splits.split import Split

__all__ = ["complete_recipe", "read_for", "read_held", "stream_for", "train"]

_OF_NO_FIT = {"jobs": 0, "budget": "10m", "trials": None, "prefer": "best", "refit": "train"}
"""Choices that change no single fit: an interrupted run may be resumed with others."""


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
    chosen by its out-of-fold score. The preset "best" searches for better
    models on the same folds, for as long as the budget allows. Only then is
    the test set opened, once, and every model scored on it with 95% intervals.
    Under 2,000 rows every row is tested, by nested cross-validation
    (:mod:`seqexpr.workflow.nested`), unless there is a search.

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
    >>> import numpy as np
    >>> from seqexpr.data.simulate import simulate_library
    >>> library = simulate_library(200, rng=np.random.default_rng(0)).table
    >>> run = train(library, target="expression", models=("mean", "ridge"), split="random")
    >>> run.evaluation.selected
    'ridge'
    """
    recipe = complete_recipe(recipe, table, choices)
    budget = Budget(recipe.budget_seconds)
    folder = None if output is None else RunFolder(Path(output), overwrite=overwrite or resume)
    with stream_for(recipe, table, output) as stream:
        held = None if stream is None else stream.scan(on_step)
        source, rest = (read_for(recipe, table), None) if held is None else (held, stream)
        return _train(recipe, source, rest, budget=budget, folder=folder, resume=resume,
                      on_step=on_step)  # fmt: skip


def _train(
    recipe: Recipe,
    source: Table,
    stream: Stream | None,
    *,
    budget: Budget,
    folder: RunFolder | None,
    resume: bool,
    on_step: Progress,
) -> Run:
    """Train on what was read, and on what streams past."""
    for note in source.notes:
        on_step(Step(note, kind="note"))
    dataset, check = build_dataset(
        source, on_missing=recipe.on_missing, on_invalid=recipe.on_invalid
    )
    for finding in check.findings:
        kind = "note" if finding.severity == "info" else "warning"
        on_step(Step(f"{finding.code}: {finding.meaning}", kind=kind))
    split = _split(recipe, dataset) if stream is None else stream.split(dataset)
    repeats = draw_repeats(recipe, dataset, split)
    split = split if repeats is None else repeats.split
    on_step(Step(split.reason, kind="note"))
    for text in split.warnings:
        on_step(Step(text, kind="warning"))
    key = cache_key(recipe.model_copy(update=_OF_NO_FIT).to_toml(), dataset.sha256)
    cache = None if folder is None else folder.rungs(key, resume=resume)
    try:
        given: dict[str, Any] = {"check": check, "cache": cache, "on_step": on_step}
        with training_context(device=recipe.device, init_from=_weights_of(recipe)):
            if repeats is None:
                given["budget"] = budget
                if stream is not None:
                    given["further"] = fit_streamed(
                        stream, dataset.targets[split.train], on_step=on_step,
                        checkpoints=None if cache is None else cache / "networks",
                    )  # fmt: skip
                run, rows, calibration = train_and_test(recipe, dataset, split=split, **given)
            else:
                run, rows, calibration = cross_validate(recipe, dataset, repeats=repeats, **given)
        run = replace(run, evaluation=replace(run.evaluation, cost=measure_cost(budget.elapsed)))
        if stream is not None:
            run = replace(run, evaluation=stream.describe(run.evaluation))
        if folder is None:
            return run
        on_step(Step("writing the run folder", kind="step"))
        run = replace(run, path=folder.path)
        is_streamed = run.evaluation.selected in {spec.name for spec in given.get("further", ())}
        more = stream.digests() if stream is not None and is_streamed else None
        folder.write(run, rows, calibration=calibration, further_digests=more)
        return run
    except BaseException:
        # Also on Ctrl-C: keep what --resume can use, leave nothing else.
        if folder is not None:
            folder.clear_if_nothing_finished()
        raise


def stream_for(
    recipe: Recipe, table: object, output: str | Path | None
) -> AbstractContextManager[Stream | None]:
    """Return the stream of a table that may be too large, or nothing where it is read whole."""
    is_file = table is None or isinstance(table, (str, Path))
    if recipe.memory is None or not is_file:  # what is in memory already is read there
        return nullcontext()
    if recipe.table == "-" or recipe.values is not None:
        raise InputError(
            "memory: standard input and FASTA files with a second table are read whole; write one "
            "table, or leave out memory"
        )
    batch = next(iter_tables(recipe.table, batch_size=BATCH, sheet=recipe.sheet))
    first = replace(read_for(recipe, batch.frame), source=batch.source, format=batch.format)
    return open_stream(recipe, first, None if output is None else Path(output))


def read_held(recipe: Recipe) -> Table:
    """Read the table that a recipe names, or of one that does not fit the rows that are held."""
    with stream_for(recipe, None, None) as stream:
        held = None if stream is None else stream.scan(ignore)
    return read_for(recipe) if held is None else held


def complete_recipe(recipe: Recipe | None, table: object, choices: dict[str, Any]) -> Recipe:
    """Return the recipe that a call asks for: `choices` over `recipe`, with its table."""
    for key in ("target", "replicate", "covariate", "models", "motifs"):
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
    recipe = Recipe.create(**choices)
    if recipe.preset == "best" and recipe.models:
        raise InputError(
            "the preset 'best' finds its models itself; leave out models, or take the preset 'fast'"
        )
    names = recipe.models or (("cnn",) if recipe.preset == "balanced" else ())
    names = (*names, "transfer") if recipe.init_from else names
    for name in names:  # told now, rather than when the model is built
        if MODELS[name].extra == "deep":
            require("torch", extra="deep")
    return recipe


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
        error=recipe.error,
        reads=recipe.reads,
        split_column=name,
        values=recipe.values,
        sheet=recipe.sheet,
        require_target=require_target,
    )


def _weights_of(recipe: Recipe) -> str:
    """Return the file of weights that a network is to go on from; empty = none."""
    if not recipe.init_from:
        return ""
    bundle = load_bundle(recipe.init_from)  # checked as any other: whole, safe and right
    file = bundle.path / WEIGHTS
    if not file.is_file():
        found = "a .zip; unpack it" if bundle.path.is_file() else f"{bundle.manifest.model.title!r}"
        raise InputError(
            f"init_from: the model in {recipe.init_from} is {found}, and no network with weights "
            "to go on from; name a run of --models cnn, or of another network"
        )
    return str(file)


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
