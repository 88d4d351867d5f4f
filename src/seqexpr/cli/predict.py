"""seqexpr predict: score new sequences with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqexpr.cli import blocks, options

__all__ = ["ModelArgument", "add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr predict run designs.fasta -o predictions.csv

seqexpr predict run library.parquet -o predictions.parquet

seqexpr predict run folder_of_parquet -o folder --backend ray --address auto --resume

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
            help="CSV, TSV, Parquet or FASTA by its name; - is standard output (CSV). A name "
            "without an ending is a folder of Parquet, from Parquet.",
        ),
    ] = "-",
    sequence: options.Sequence = None,
    id: options.Id = None,
    sheet: options.Sheet = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Rows held in memory at a time.")
    ] = 10_000,
    backend: blocks.Backend = "local",
    address: blocks.Address = None,
    workers: blocks.Workers = None,
    resume: blocks.Resume = False,
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
    in_blocks = blocks.choose_backend(
        backend, address=address, workers=workers, resume=resume,
        in_blocks=blocks.is_folder(output),
    )  # fmt: skip
    with screen.count_rows(console) as on_batch:
        if in_blocks is None:
            summary = predict_file(
                bundle, table, output, batch_size=batch_size, sequence=sequence, id=id,
                sheet=sheet, on_batch=on_batch,
            )  # fmt: skip
        else:
            from seqexpr.scale.predict import predict_blocks

            summary = predict_blocks(
                bundle, table, output, backend=in_blocks, sequence=sequence, id=id, resume=resume,
                on_rows=on_batch,
            )  # fmt: skip
    if json:
        screen.print_json(summary.to_dict())
    else:
        screen.show_predictions(summary, console, output=output)
