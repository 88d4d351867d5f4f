"""seqexpr train: the main job."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqexpr.cli import options

if TYPE_CHECKING:
    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["add_to"]

_MODELLING = "Modelling"
_SPLITTING = "Splitting"
_WHERE = "On a cluster"
_EPILOG = """[bold]Examples[/]

seqexpr train library.csv -o run

seqexpr train library.csv --target log2_fc --group promoter -o run

seqexpr train library.csv --covariate condition --covariate dose -o run

seqexpr train counts.xlsx --sheet MPRA --split column:fold --models ridge,lightgbm -o run

seqexpr train library.csv --preset best --budget 20m --jobs 2 -o run

seqexpr train folder_of_parquet --memory 4G -o run

seqexpr train library.csv --preset best --budget 30m --backend ray --address auto -o run

seqexpr train --recipe run/recipe.toml -o again"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("train", epilog=_EPILOG)(train)


def train(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="CSV, TSV, Parquet, Excel, FASTA or GenBank, also gzip, bzip2 or zstd; [bold]-[/] "
            "is standard input; [bold]dataset:lac[/] the embedded example. Optional with --recipe.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="RUN", help="Run folder to write.")
    ] = None,
    sequence: options.Sequence = None,
    target: options.Target = None,
    id: options.Id = None,
    group: options.Group = None,
    chromosome: options.Chromosome = None,
    weight: options.Weight = None,
    replicate: options.Replicate = None,
    covariate: options.Covariate = None,
    error: options.Error = None,
    reads: options.Reads = None,
    values: options.Values = None,
    sheet: options.Sheet = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="auto|random|group|chromosome|homology|column:NAME",
            help="How test and folds are made. Default: auto (column, chromosome, group, homology, "
            "random).",
            rich_help_panel=_SPLITTING,
        ),
    ] = None,
    test_size: Annotated[
        float | None,
        typer.Option(
            "--test-size",
            help="Share of the rows in the test set. Default: 0.2.",
            rich_help_panel=_SPLITTING,
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", help="Folds inside train. Default: 5.", rich_help_panel=_SPLITTING),
    ] = None,
    nested: Annotated[
        bool | None,
        typer.Option(
            "--nested/--no-nested",
            help="Test every row, by nested cross-validation, instead of a share of the rows. "
            "Default: under 2,000 rows, unless the table names its test rows.",
            rich_help_panel=_SPLITTING,
            show_default=False,
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            "--repeats",
            help="Repeats of nested cross-validation. Default: 3.",
            rich_help_panel=_SPLITTING,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            metavar="tutorial|fast|balanced|best",
            help="fast: the ladder that needs no PyTorch. balanced: and a network. best: search "
            "for the best model within --budget. tutorial: 3-mers, random 80/20 split, least "
            "squares. Default: fast.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models",
            metavar="NAME,NAME",
            help="Fit these instead of the preset's.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            metavar="20m",
            help="Time that --preset best may take: 90s, 20m, 1h30m. Default: 10m.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials",
            help="End the search of --preset best after so many trials. Default: at its budget.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    motifs: Annotated[
        list[str] | None,
        typer.Option(
            "--motifs",
            metavar="NAME",
            help="Motifs that --preset best may use: ecoli, a taxon of JASPAR (vertebrates, fungi, "
            "human, …), or a file in MEME format. Default: all at hand.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    prefer: Annotated[
        str | None,
        typer.Option(
            "--prefer",
            metavar="best|simple",
            help="Select the best model by out-of-fold score, or the simplest that is not "
            "significantly worse. Default: best.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    refit: Annotated[
        str | None,
        typer.Option(
            "--refit",
            metavar="train|all",
            help="Rows that the shipped model is fitted on; all: once its score is settled. "
            "Default: train.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            metavar="auto|cpu|cuda",
            help="Where networks are trained. Default: auto, the GPU if there is one.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(
            "--init-from",
            metavar="MODEL",
            help="Also train a network that goes on from the one of this run or model folder.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    transform: Annotated[
        str | None,
        typer.Option(
            "--transform",
            metavar="none|log2|zscore|rank",
            help="Model, score and predict the target on this scale. Default: none.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    weighting: Annotated[
        str | None,
        typer.Option(
            "--weighting",
            metavar="none|inverse-variance",
            help="Let rows that were measured with less noise count for more. Default: none.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    interval_level: Annotated[
        float | None,
        typer.Option(
            "--interval-level",
            help="Share of new measurements that a prediction interval holds. Default: 0.9.",
            rich_help_panel=_MODELLING,
        ),
    ] = None,
    on_missing: options.OnMissing = None,
    on_invalid: options.OnInvalid = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", help="Seed of every random choice. Default: 42.", rich_help_panel=_MODELLING
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Threads; 0 = all cores. Default: 0.")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory",
            metavar="SIZE",
            help="Read a table row by row that is too large for this memory, 4G for example. "
            "Default: it is read whole.",
        ),
    ] = None,
    backend: Annotated[
        str,
        typer.Option(
            "--backend",
            metavar="local|ray",
            help="Where: here, or on a Ray cluster (extra scale): the trials of --preset best on "
            "its cores, networks on its GPUs or machines.",
            rich_help_panel=_WHERE,
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="ADDRESS",
            help="Ray cluster that runs: auto, or ray://host:10001. Default: one is started here.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="With Ray: trials that run side by side. Default: one a core of the cluster.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="FILE", help="Start from the choices of a recipe.toml."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a run folder that is there.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take up what an interrupted run had finished.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Train models on a table and evaluate them honestly.

    Checks the table, splits it without leakage, fits a ladder of models from the mean to boosted
    trees, chooses by out-of-fold score, scores each with a 95% interval on a test set that is
    opened once, and writes report, predictions and model into RUN.
    """
    given: dict[str, Any] = {
        "sequence": sequence, "target": target, "id": id, "group": group, "chromosome": chromosome,
        "weight": weight, "replicate": replicate, "covariate": covariate, "error": error,
        "reads": reads, "values": values, "sheet": sheet, "split": split, "weighting": weighting,
        "test_size": test_size, "folds": folds, "preset": preset, "transform": transform,
        "interval_level": interval_level, "nested": nested, "repeats": repeats,
        "models": None if models is None else [n.strip() for m in models for n in m.split(",")],
        "on_missing": on_missing, "on_invalid": on_invalid, "seed": seed, "jobs": jobs,
        "budget": budget, "trials": trials, "motifs": motifs, "prefer": prefer, "refit": refit,
        "device": device, "init_from": init_from, "memory": memory,
    }  # fmt: skip
    choices = {key: value for key, value in given.items() if value is not None}
    with _where(backend, address=address, workers=workers):
        _run(
            table, recipe, choices=choices, output=output, overwrite=overwrite, resume=resume,
            json=json,
        )  # fmt: skip


def _where(
    backend: str, *, address: str | None, workers: int | None
) -> AbstractContextManager[None]:
    """Return the context in which models are trained on the machines that the user named."""
    from seqexpr.errors import InputError

    if backend not in ("local", "ray"):
        raise InputError(f"--backend {backend}: must be local or ray")
    if backend == "ray":
        from seqexpr.scale.train import train_on_ray

        return train_on_ray(address=address, n_workers=workers)
    for option, given in (("--address", address), ("--workers", workers)):
        if given is not None:
            raise InputError(f"{option} is for --backend ray; here --jobs says how many threads")
    return nullcontext()


def _run(
    table: str | None,
    recipe: Path | None,
    *,
    choices: dict[str, Any],
    output: Path | None,
    overwrite: bool,
    resume: bool,
    json: bool,
) -> None:
    from seqexpr.cli import screen
    from seqexpr.errors import CheckFailedError, InputError
    from seqexpr.recipe import Recipe
    from seqexpr.workflow.train import train as run_training

    if output is None:
        raise InputError("where to? pass -o RUN, the folder to write")
    base = None if recipe is None else Recipe.read(recipe)
    console = screen.error_console()
    try:
        with screen.report_progress(console) as on_step:
            run = run_training(
                table, recipe=base, output=output, overwrite=overwrite, resume=resume,
                on_step=on_step, **choices,
            )  # fmt: skip
    except CheckFailedError as error:
        if error.report is not None:
            screen.show_check(error.report, console)  # type: ignore[arg-type]
        raise
    except KeyboardInterrupt:
        console.print(f"interrupted; {output} was not written. What was finished is kept: "
                      "run the same command with --resume to go on.")  # fmt: skip
        raise
    if json:
        screen.print_json({"run": str(output), **run.evaluation.to_dict()})
    else:
        screen.show_result(run, output)
    _refuse_leak(run.evaluation)


def _refuse_leak(evaluation: Evaluation) -> None:
    """Raise where the controls found a leak: the run is there, but it is not to be believed."""
    from seqexpr.errors import LeakError

    controls = evaluation.controls
    if controls is not None and controls["status"] == "leak":
        raise LeakError(
            f"the negative controls found a leak. {controls['sentence']} Look at the model's own "
            "code, and for a column of the table that follows the row order"
        )
