"""seqexpr explain: which bases and motifs a model goes by, and whether to believe it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqexpr.cli import blocks, options
from seqexpr.cli.predict import ModelArgument

if TYPE_CHECKING:
    from seqexpr.scale.backend import Backend

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr explain run

seqexpr explain run designs.csv -o designs-explained

seqexpr explain run --motifs fungi --n-sequences 5000

seqexpr explain run/model library.csv --motifs regulondb.meme --json

seqexpr explain run library.parquet --every-row -o contributions --backend ray --resume"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("explain", epilog=_EPILOG)(explain)


def explain(
    model: ModelArgument,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="Sequences to explain, with what was measured if that is known. Default: the "
            "table that the model was trained on.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Folder to write: report.html, Parquet, TSV, MEME and BED. Default: explanation "
            "beside the model. With --every-row: a folder of Parquet, or a .parquet file.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an explanation that is there.")
    ] = False,
    n_sequences: Annotated[
        int | None,
        typer.Option(
            "--n-sequences",
            min=10,
            show_default=False,
            help="How many are explained, drawn at random. Default: 1,000, or 10,000 for a line "
            "over words.",
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="auto|weights|mutagenesis|deeplift|integrated_gradients",
            help="How contributions are found; auto is what is exact for the model.",
        ),
    ] = "auto",
    discovery: Annotated[
        str,
        typer.Option(
            "--discovery",
            metavar="words|modisco",
            help="How motifs are found in contributions: words that contribute alike, or "
            "TF-MoDISco (extra modisco; for sequences of hundreds of bases).",
        ),
    ] = "words",
    motifs: Annotated[
        str | None,
        typer.Option(
            "--motifs",
            metavar="FILE|TAXON|ecoli",
            help="Known motifs to compare with: a MEME file, a taxon of JASPAR, or the elements of "
            "E. coli promoters. Default: all of JASPAR and E. coli.",
            show_default=False,
        ),
    ] = None,
    twin: Annotated[
        bool,
        typer.Option(
            "--twin/--no-twin",
            help="Train the same kind of model on simulated sequences, and see whether planted "
            "motifs are found.",
        ),
    ] = True,
    every_row: Annotated[
        bool,
        typer.Option(
            "--every-row",
            help="No page: a Parquet table of what each base of every row of INPUT contributes.",
        ),
    ] = False,
    backend: blocks.Backend = "local",
    address: blocks.Address = None,
    workers: blocks.Workers = None,
    resume: blocks.Resume = False,
    sequence: options.Sequence = None,
    target: options.Target = None,
    id: options.Id = None,
    sheet: options.Sheet = None,
    seed: Annotated[int, typer.Option("--seed", help="Of every random choice.")] = 42,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Threads.")] = 1,
    json: options.Json = False,
) -> None:
    """Show which bases and motifs a model goes by, what they do, and whether to believe it.

    Each motif comes with its effect in the model and in measurements that the model has not
    seen; each explanation with checks. Exit status 0 also where the checks say not to trust it.
    """
    from seqexpr.cli import screen, screen_explanation
    from seqexpr.workflow.explain import as_choice, place_beside
    from seqexpr.workflow.explain import explain as run_explanation

    chosen = as_choice("method", method)
    in_blocks = _choose_backend(
        backend, address=address, workers=workers, resume=resume, every_row=every_row
    )
    given = {"sequence": sequence, "target": target, "id": id, "sheet": sheet}
    choices = {key: value for key, value in given.items() if value}
    if every_row:
        _refuse_options({
            "--n-sequences": n_sequences, "--motifs": motifs, "--target": target, "--sheet": sheet,
            "--overwrite": overwrite, "--no-twin": not twin, "--jobs": jobs > 1,
            "--discovery": discovery != "words",
        })  # fmt: skip
        _explain_every_row(
            model, table, output, backend=in_blocks, method=chosen, seed=seed, resume=resume,
            json=json, **choices,
        )  # fmt: skip
        return
    place = output if output is not None else place_beside(model)
    console = screen.error_console()
    with screen.report_progress(console) as on_step:
        run = run_explanation(
            model, table, output=place, overwrite=overwrite, n=n_sequences, method=chosen,
            discovery=as_choice("discovery", discovery), motifs=motifs, twin=twin, seed=seed,
            jobs=jobs, on_step=on_step, **choices,
        )  # fmt: skip
    if json:
        screen.print_json(run.to_dict())
        return
    screen_explanation.show(run, screen.output_console(), place=place)


def _choose_backend(
    backend: str, *, address: str | None, workers: int | None, resume: bool, every_row: bool
) -> Backend | None:
    """Return what does the blocks; None for a page, which is made here."""
    from seqexpr.errors import InputError

    asked = backend != "local" or address is not None or workers is not None or resume
    if asked and not every_row:
        raise InputError(
            "--backend, --address, --workers and --resume are for blocks of rows: pass --every-row"
        )
    return blocks.choose_backend(
        backend, address=address, workers=workers, resume=resume, in_blocks=every_row
    )


def _refuse_options(given: dict[str, Any]) -> None:
    from seqexpr.errors import InputError

    named = [option for option, value in given.items() if value]
    if named:
        raise InputError(
            f"{', '.join(named)}: of the page; with --every-row there is none, leave "
            f"{'it' if len(named) == 1 else 'them'} out"
        )


def _explain_every_row(
    model: Path, table: str | None, output: Path | None, *, json: bool, **choices: Any
) -> None:
    from seqexpr.bundle.store import load_bundle
    from seqexpr.cli import screen, screen_explanation
    from seqexpr.errors import InputError
    from seqexpr.scale.explain import explain_blocks

    if table is None or output is None:
        raise InputError(
            "--every-row: name a Parquet table, and where its contributions go: seqexpr explain "
            "MODEL INPUT --every-row -o FOLDER"
        )
    console = screen.error_console()
    with screen.count_rows(console) as on_rows:
        summary = explain_blocks(load_bundle(model), table, output, on_rows=on_rows, **choices)
    if json:
        screen.print_json(summary.to_dict())
    else:
        screen_explanation.show_contributions(summary, console, place=output)
