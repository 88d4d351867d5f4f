"""seqexpr predict: score new sequences with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqexpr.cli import options

__all__ = ["ModelArgument", "add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr predict run designs.fasta -o predictions.csv

seqexpr predict run library.parquet -o predictions.parquet

cut -f2 designs.tsv | seqexpr predict run/model - > predictions.csv"""

ModelArgument = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="A run folder, its model folder, or a .zip of that.",
                   show_default=False),
]  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("predict", epilog=_EPILOG)(predict)


def predict(
    model: ModelArgument,
    table: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Sequences: CSV, TSV, Parquet, Excel, FASTA, GenBank, compressed or not; "
            "- is standard input.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="CSV, TSV, Parquet or FASTA by its name; - is standard output (CSV).",
        ),
    ] = "-",
    sequence: options.Sequence = None,
    id: options.Id = None,
    sheet: options.Sheet = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Rows held in memory at a time.")
    ] = 10_000,
    json: options.Json = False,
) -> None:
    """Predict each sequence of INPUT, in order, in constant memory.

    Rows that cannot be predicted keep their place, with an empty prediction and the reason.
    """
    from seqexpr.bundle.prediction import predict_file
    from seqexpr.bundle.store import load_bundle
    from seqexpr.cli import screen
    from seqexpr.errors import InputError

    if json and output == "-":
        raise InputError(
            "--json prints to standard output; write the predictions to a file with -o"
        )
    bundle = load_bundle(model)
    console = screen.error_console()
    with screen.count_rows(console) as on_batch:
        summary = predict_file(
            bundle, table, output, batch_size=batch_size, sequence=sequence, id=id, sheet=sheet,
            on_batch=on_batch,
        )  # fmt: skip
    if json:
        screen.print_json(summary.to_dict())
    else:
        screen.show_predictions(summary, console, output=output)
