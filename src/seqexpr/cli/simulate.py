"""seqexpr simulate: a library whose truth is known."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr simulate -o library.csv

seqexpr simulate --rows 5000 --motif TGACTCA=1.5 --motif CACGTG=-1 --noise 0.3 -o library.csv"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("simulate", epilog=_EPILOG)(simulate)


def simulate(
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="OUT", help="CSV, TSV or Parquet; - is standard output."
        ),
    ] = "-",
    rows: Annotated[int, typer.Option("--rows", min=1, help="Number of sequences.")] = 1000,
    length: Annotated[int, typer.Option("--length", min=1, help="Bases in each.")] = 100,
    motif: Annotated[
        list[str] | None,
        typer.Option(
            "--motif", metavar="SITE=EFFECT", help="Planted site and its effect; repeat it."
        ),
    ] = None,
    noise: Annotated[
        float, typer.Option("--noise", min=0, help="Standard deviation of a replicate.")
    ] = 0.5,
    replicates: Annotated[int, typer.Option("--replicates", min=1, help="Replicate columns.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed.")] = 42,
) -> None:
    """Make a library with planted motifs of known effect, replicates and noise."""
    import numpy as np

    from seqexpr.data.simulate import DEFAULT_MOTIFS, parse_motif, simulate_library
    from seqexpr.data.writer import TableWriter

    planted = DEFAULT_MOTIFS if motif is None else tuple(parse_motif(text) for text in motif)
    library = simulate_library(
        rows,
        rng=np.random.default_rng(seed),
        length=length,
        motifs=planted,
        noise=noise,
        replicates=replicates,
    )
    with TableWriter(output) as writer:
        writer.write(library.table)
