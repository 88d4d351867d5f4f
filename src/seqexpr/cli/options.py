"""Options that several commands share. None means: not given, so the recipe's own value holds."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "Covariate",
    "Group",
    "Id",
    "Json",
    "Sequence",
    "Sheet",
    "TableArgument",
    "Target",
    "Values",
]

_COLUMNS = "Columns (recognised if not given)"

TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="TABLE",
        help="CSV, TSV, Parquet, Excel, FASTA or GenBank, also gzip, bzip2 or zstd; "
        "[bold]-[/] is standard input; [bold]dataset:lac[/] the embedded example.",
        show_default=False,
    ),
]
Sequence = Annotated[
    str | None,
    typer.Option("--sequence", metavar="COL", help="The sequence.", rich_help_panel=_COLUMNS),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="COL",
        help="What was measured; repeat it for several.",
        rich_help_panel=_COLUMNS,
    ),
]
Id = Annotated[
    str | None,
    typer.Option("--id", metavar="COL", help="Names of the rows.", rich_help_panel=_COLUMNS),
]
Group = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COL",
        help="Rows of one group stay on one side of a split.",
        rich_help_panel=_COLUMNS,
    ),
]
Chromosome = Annotated[
    str | None,
    typer.Option("--chromosome", metavar="COL", help="Chromosome.", rich_help_panel=_COLUMNS),
]
Weight = Annotated[
    str | None,
    typer.Option("--weight", metavar="COL", help="Sample weight.", rich_help_panel=_COLUMNS),
]
Replicate = Annotated[
    list[str] | None,
    typer.Option(
        "--replicate",
        metavar="COL",
        help="Replicate measurement; repeat it.",
        rich_help_panel=_COLUMNS,
    ),
]
Covariate = Annotated[
    list[str] | None,
    typer.Option(
        "--covariate",
        metavar="COL",
        help="Condition, species or dose beside the sequence; repeat it. Text is taken for "
        "categories, numbers for numbers; COL:categorical and COL:numeric say otherwise.",
        rich_help_panel=_COLUMNS,
    ),
]
Error = Annotated[
    str | None,
    typer.Option(
        "--error",
        metavar="COL",
        help="Standard error of the target (sd or var: with a column n_replicates).",
        rich_help_panel=_COLUMNS,
    ),
]
Reads = Annotated[
    str | None,
    typer.Option("--reads", metavar="COL", help="Read counts.", rich_help_panel=_COLUMNS),
]
Values = Annotated[
    str | None,
    typer.Option(
        "--values", metavar="FILE", help="For FASTA: a second table with id and measured values."
    ),
]
Sheet = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="For Excel: which sheet.")
]
OnMissing = Annotated[
    str | None,
    typer.Option(
        "--on-missing",
        metavar="error|drop",
        help="Rows whose target is no number (empty ones are always dropped). Default: error.",
    ),
]
OnInvalid = Annotated[
    str | None,
    typer.Option(
        "--on-invalid",
        metavar="error|drop",
        help="Rows whose sequence is empty or not DNA. Default: error.",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document to standard output and nothing else there."
    ),
]
