"""How an explanation looks on a terminal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from seqexpr.interpretation.explanation import Explanation
    from seqexpr.interpretation.measured_effects import MeasuredEffect
    from seqexpr.workflow.contribution_table import ContributionSummary
    from seqexpr.workflow.explain import ExplanationRun

__all__ = ["show", "show_contributions"]

MOST = 12


def show(run: ExplanationRun, console: Console, *, place: Path) -> None:
    """Print the motifs of every target, the verdict, and where to look next."""
    for name, item in run.explanations.items():
        console.print()
        console.print(_table(name, item))
        left = len(item.motifs) - MOST
        if left > 0:
            console.print(f"[dim]and {left} more in motifs.tsv[/]")
        for note in item.notes:
            console.print(f"[dim]{escape(note)}[/]")
        if item.known:
            console.print()
            console.print(_known_table(item))
        if not item.is_trusted:
            console.print("[bold red]Do not trust this explanation:[/]")
            for check in item.checks:
                if check.is_passed is False:
                    console.print(f"  [red]{escape(check.text)}[/]")
    for note in run.notes:
        console.print(f"[yellow]note[/] {escape(note)}")
    console.print()
    console.print(f"[bold]Report[/]   {escape(str(place / 'report.html'))}", soft_wrap=True)


def show_contributions(summary: ContributionSummary, console: Console, *, place: Path) -> None:
    """Say how many rows were explained, how, whether to believe it, and which were not."""
    console.print(
        f"{summary.n_explained:,} of {summary.n_rows:,} rows explained → {escape(str(place))}"
    )
    for method in summary.methods:
        several = f"{method.target}: " if len(summary.methods) > 1 else ""
        console.print(f"{escape(several)}contributions by {method.name}")
        for note in method.notes:
            console.print(f"[cyan]note[/] {escape(note)}")
    if summary.n_repaired:
        console.print(f"{summary.n_repaired:,} repaired before (case, U, gaps or spaces)")
    if not summary.is_trusted:
        console.print("[bold red]Do not trust these contributions:[/]")
    for check in (check for method in summary.methods for check in method.checks):
        if check.is_passed is False:
            console.print(f"  [red]{escape(check.text)}[/]")
    for problem in summary.problems:
        rows = ", ".join(map(str, problem.rows[:5])) + (", …" if problem.n_rows > 5 else "")
        console.print(
            f"[yellow]warning[/] {problem.n_rows:,} not explained: {escape(problem.reason)} "
            f"[dim](rows {rows})[/]"
        )


def _known_table(item: Explanation) -> Table:
    table = Table(
        title="Known motifs in the measurements", title_justify="left", box=None, pad_edge=False,
        header_style="bold",
    )  # fmt: skip
    table.add_column("Motif", overflow="fold", min_width=10)
    for column in ("With a site", "Model", "Measured", "q"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in item.known[:MOST]:
        table.add_row(
            escape(one.motif.name), f"{one.measured.n_with:,}", f"{one.model.value:+.2f}",
            *_measured(one.measured, one.q_value), style="" if one.is_confirmed else "dim",
        )  # fmt: skip
    return table


def _measured(effect: MeasuredEffect, q_value: float) -> tuple[str, str]:
    """Return an effect with its interval, and its q-value."""
    if not math.isfinite(effect.value):
        return "–", "–"
    q = "< 0.001" if q_value < 0.001 else f"{q_value:.3f}"
    return f"{effect.value:+.2f} [dim]({effect.low:+.2f}, {effect.high:+.2f})[/]", q


def _table(name: str, item: Explanation) -> Table:
    table = Table(
        title=f"Motifs of {escape(name)}", title_justify="left", box=None, pad_edge=False,
        header_style="bold",
    )  # fmt: skip
    table.add_column("Motif", no_wrap=True)
    table.add_column("Like", overflow="fold", min_width=10)  # gives way, so that numbers need not
    for column in ("Sites", "Model", "Measured", "q"):
        table.add_column(column, justify="right", no_wrap=True)
    for number, motif in enumerate(item.motifs[:MOST], start=1):
        best = motif.matches[0] if motif.matches else None
        like = best.name if best and best.q_value <= 0.05 else "–"
        measured, q = _measured(motif.measured, motif.q_value)
        table.add_row(
            f"{number} {_short(motif.found.motif.consensus)}",
            escape(like), f"{len(motif.found.rows):,}",
            f"{motif.model.effect.value:+.2f}", measured, q,
            style="" if motif.is_confirmed or measured == "–" else "dim",
        )  # fmt: skip
    return table


def _short(consensus: str, most: int = 18) -> str:
    return consensus if len(consensus) <= most else f"{consensus[: most - 1]}…"
