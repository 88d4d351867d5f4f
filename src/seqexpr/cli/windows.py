"""seqexpr windows: from a genome and its genes to a table to train on."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from seqexpr.cli import options

__all__ = ["add_to"]

_WHICH = "Which windows"
_EXPRESSION = "Expression table"
_EPILOG = """[bold]Examples[/]

seqexpr windows genome.fa genes.gtf.gz --expression tpm.tsv -o windows.parquet

seqexpr windows genome.fa genes.gtf --biotype protein_coding --expression tpm.tsv --sample liver \
--sample brain --pseudocount 1 -o windows.csv

seqexpr windows bacteria.fna genes.gff --upstream 200 --downstream 50 -o promoters.csv

seqexpr windows genome.fa peaks.bed --width 500 -o peaks.csv

seqexpr train windows.parquet --target liver --target brain --transform log2 -o run"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("windows", epilog=_EPILOG)(windows)


def windows(
    genome: Annotated[
        str,
        typer.Argument(
            metavar="GENOME", help="FASTA, plain or compressed with bgzip.", show_default=False
        ),
    ],
    annotation: Annotated[
        str,
        typer.Argument(
            metavar="ANNOTATION",
            help="GTF, GFF3 or BED, compressed or not.",
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
    expression: Annotated[
        str | None,
        typer.Option(
            "--expression",
            metavar="FILE",
            help="A row for each gene, a column for each sample, such as TPM. Genes without a "
            "value are left out. Without it, every window is written, for prediction.",
            rich_help_panel=_EXPRESSION,
        ),
    ] = None,
    gene_column: Annotated[
        str | None,
        typer.Option(
            "--gene-column",
            metavar="COL",
            help="Ids or names of the genes. Default: where most genes of ANNOTATION are found.",
            rich_help_panel=_EXPRESSION,
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        list[str] | None,
        typer.Option(
            "--sample",
            metavar="COL",
            help="A sample to take; repeat it. Default: every column of numbers.",
            rich_help_panel=_EXPRESSION,
            show_default=False,
        ),
    ] = None,
    on_duplicate: Annotated[
        str,
        typer.Option(
            "--on-duplicate",
            metavar="error|sum|mean",
            help="Rows of one gene whose values differ.",
            rich_help_panel=_EXPRESSION,
        ),
    ] = "error",
    pseudocount: Annotated[
        float,
        typer.Option(
            "--pseudocount",
            help="Added to every value, so that zeros have a logarithm.",
            rich_help_panel=_EXPRESSION,
        ),
    ] = 0.0,
    families: Annotated[
        str | None,
        typer.Option(
            "--families",
            metavar="FILE|column:NAME",
            help="Gene families, which stay in one group: a table of gene and family, or a column "
            "of the expression table.",
            show_default=False,
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="tss|tes|interval",
            help="Around the start of the transcript, around its end, or the gene or BED line as "
            "it is. Default: tss; for BED interval.",
            rich_help_panel=_WHICH,
            show_default=False,
        ),
    ] = None,
    upstream: Annotated[
        int | None,
        typer.Option(
            "--upstream",
            help="Bases before, along the gene's strand. Default: 1000 (tss), 500 (tes), 0.",
            rich_help_panel=_WHICH,
            show_default=False,
        ),
    ] = None,
    downstream: Annotated[
        int | None,
        typer.Option(
            "--downstream",
            help="Bases after; of tss it counts the first transcribed base. Default: 500 (tss, "
            "tes), 0.",
            rich_help_panel=_WHICH,
            show_default=False,
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width",
            help="Of interval: this many bases around its centre.",
            rich_help_panel=_WHICH,
            show_default=False,
        ),
    ] = None,
    transcripts: Annotated[
        str,
        typer.Option(
            "--transcripts",
            metavar="canonical|longest|first|all",
            help="Which of a gene. canonical: tagged Ensembl_canonical, MANE Select or RefSeq "
            "Select, else the longest. all: each place once.",
            rich_help_panel=_WHICH,
        ),
    ] = "canonical",
    biotype: Annotated[
        list[str] | None,
        typer.Option(
            "--biotype",
            metavar="NAME",
            help="Genes of these only, such as protein_coding; repeat it. Default: all.",
            rich_help_panel=_WHICH,
            show_default=False,
        ),
    ] = None,
    on_edge: Annotated[
        str,
        typer.Option(
            "--on-edge",
            metavar="pad|drop",
            help="Windows that reach beyond their chromosome: fill with N, or leave out.",
            rich_help_panel=_WHICH,
        ),
    ] = "pad",
    max_length: Annotated[
        int,
        typer.Option(
            "--max-length",
            min=1,
            help="Longer windows are left out.",
            rich_help_panel=_WHICH,
        ),
    ] = 100_000,
    json: options.Json = False,
) -> None:
    """Cut the promoters of genes, or other windows, out of a genome, with their expression.

    Read along the strand of the gene. The table has a column chromosome, and a column group of
    windows that a split must not divide: of one gene, of one family, or sharing bases.
    """
    from seqexpr.cli import screen, screen_windows
    from seqexpr.data.gene_expression import ExpressionSource, OnDuplicate
    from seqexpr.data.genome_windows import genome_windows
    from seqexpr.data.window_places import OnEdge, Region, TranscriptRule, WindowChoice
    from seqexpr.errors import InputError

    if json and output == "-":
        raise InputError("--json prints to standard output; write the windows to a file with -o")
    choice = WindowChoice(
        region=cast("Region | None", region), upstream=upstream, downstream=downstream,
        width=width, transcripts=cast("TranscriptRule", transcripts),
        biotypes=tuple(biotype or ()), on_edge=cast("OnEdge", on_edge), max_length=max_length,
    )  # fmt: skip
    is_column = families is not None and families.startswith("column:")
    source = None
    if expression is not None:
        source = ExpressionSource(
            expression, gene_column=gene_column, samples=tuple(sample or ()),
            on_duplicate=cast("OnDuplicate", on_duplicate), pseudocount=pseudocount,
            family_column=families.removeprefix("column:") if families and is_column else None,
        )  # fmt: skip
    elif is_column or gene_column or sample:
        raise InputError(
            "--gene-column, --sample and --families column:NAME are of the expression table; "
            "pass it with --expression FILE"
        )
    console = screen.error_console()
    with screen_windows.count_windows(console) as on_batch:
        summary = genome_windows(
            genome, annotation, output, expression=source, choice=choice,
            families=None if is_column else families, on_batch=on_batch,
        )  # fmt: skip
    if json:
        screen.print_json(summary.to_dict())
    else:
        screen_windows.show(summary, console, output=output)
