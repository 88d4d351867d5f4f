"""What `seqexpr variants` shows on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from seqexpr.variants.effect_table import VariantSummary

__all__ = ["show"]


def show(summary: VariantSummary, console: Console, *, output: str) -> None:
    """Say how many variants were scored, how many effects are clear, and which were not scored."""
    where = "standard output" if output == "-" else output
    console.print(
        f"{summary.n_scored:,} of {_counted(summary.n_rows, 'variant')} scored → {escape(where)}"
    )
    for note in summary.notes:
        console.print(f"[cyan]note[/] {escape(note)}")
    if summary.level is not None:
        related = summary.pairing == "related"
        pairs = "pairs of relatives" if related else "unrelated sequences, so rather too wide"
        console.print(
            f"{summary.n_beyond_zero:,} whose {summary.level:.0%} interval leaves out 0 "
            f"[dim](calibrated on {pairs})[/]"
        )
    else:
        console.print(
            "[yellow]warning[/] the model has no intervals of differences: train again, with this "
            "version or on more sequences"
        )
    if summary.n_outside_domain:
        console.print(
            f"[yellow]warning[/] {_counted(summary.n_outside_domain, 'variant')} unlike the "
            "training sequences (in_domain is False): the intervals promise nothing there"
        )
    for problem in summary.problems:
        shown = ", ".join(problem.examples[:3])
        more = ", …" if problem.n_rows > 3 else ""
        console.print(
            f"[yellow]warning[/] {_counted(problem.n_rows, 'variant')} not scored: "
            f"{escape(problem.reason)} [dim]({escape(shown)}{more})[/]"
        )


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
