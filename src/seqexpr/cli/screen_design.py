"""What seqexpr design shows on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from seqexpr.cli import screen

if TYPE_CHECKING:
    from seqexpr.design.pool import Tell
    from seqexpr.design.run import DesignRun

__all__ = ["report_search", "show_designs"]


@contextmanager
def report_search(console: Console) -> Iterator[Tell]:
    """Yield a callback: a progress bar on a terminal, log lines elsewhere."""
    from seqexpr.workflow.progress import Step

    with screen.report_progress(console) as on_step:
        yield lambda text, done, total: on_step(Step(text, done=done, total=total))


def show_designs(run: DesignRun, console: Console, *, output: str) -> None:
    """Say what was sought, how far it was reached, and what fell short."""
    where = "standard output" if output == "-" else output
    controls = f" and {run.n_controls:,} controls" if run.n_controls else ""
    console.print(f"{run.n_designs:,} designs{controls} → {escape(where)}", soft_wrap=True)
    console.print(
        escape(
            f"to {run.goal}; {run.search} search from {run.n_starts:,} {run.start} "
            f"{'sequence' if run.n_starts == 1 else 'sequences'}, {run.n_judged:,} judged in "
            f"{run.seconds:.0f} s"
        ),
        soft_wrap=True,
    )
    bounds = run.to_dict()["bound"]
    if bounds is not None:
        start = "" if run.best_start is None else f"; the best start: {run.best_start:.2f}"
        console.print(f"bound {bounds['low']:.2f} to {bounds['high']:.2f}{start}")
    for note in run.notes:
        console.print(f"  {escape(note)}", soft_wrap=True)
    for warning in run.warnings:
        console.print(f"[yellow]warning[/] {escape(warning)}", soft_wrap=True)
