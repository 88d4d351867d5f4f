"""seqexpr compare: which of several runs is better, on the same test rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqexpr.cli import options

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr compare run_kmers run_positional

seqexpr compare run_a run_b run_c --json > differences.json"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("compare", epilog=_EPILOG)(compare)


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN RUN...", help="Run folders.", show_default=False)
    ],
    json: options.Json = False,
) -> None:
    """Compare the chosen models of several runs, which must share their test rows.

    Differences are paired: the same test rows (and groups) are resampled for all runs. P-values
    are corrected for the number of pairs (Holm).
    """
    from seqexpr.cli import screen
    from seqexpr.workflow.compare import compare as compare_runs

    comparison = compare_runs(*runs)
    if json:
        screen.print_json(comparison.to_dict())
        return
    screen.show_comparison(comparison, screen.output_console())
