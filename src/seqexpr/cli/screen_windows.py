"""How the windows of a genome look on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from rich.console import Console

    from seqexpr.data.windows_summary import WindowsSummary

__all__ = ["count_windows", "show"]


@contextmanager
def count_windows(console: Console) -> Iterator[Callable[[int], None]]:
    """Yield a callback that takes the number of windows written: a counter on a terminal."""
    if not console.is_terminal:
        yield lambda done: None
        return
    with console.status("reading") as status:
        yield lambda done: status.update(f"writing: {done:,} windows")


def show(summary: WindowsSummary, console: Console, *, output: str) -> None:
    """Say what became of the genes: how many windows, and why others are missing."""
    for note in summary.notes:
        console.print(f"  {escape(note)}")
    where = "standard output" if output == "-" else output
    low, high = summary.lengths
    bases = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    console.print(
        f"{summary.n_windows:,} windows of {bases} bases, in {summary.n_groups:,} groups, from "
        f"{summary.n_features:,} features of {summary.n_genes:,} genes → {escape(where)}"
    )
    if summary.samples:
        console.print(
            f"{summary.n_measured:,} genes with expression in {len(summary.samples)} "
            f"{'sample' if len(summary.samples) == 1 else 'samples'}; "
            f"{summary.n_version:,} matched without the version of their id; "
            f"{summary.n_rows_unmatched:,} rows are no gene of the annotation"
        )
    if summary.n_padded:
        console.print(f"{summary.n_padded:,} windows reach beyond their chromosome: filled with N")
    if summary.n_unknown:
        console.print(f"{summary.n_unknown:,} windows hold N or another unknown base")
    for item in summary.left_out:
        shown = ", ".join(item.examples)
        more = ", …" if item.n > len(item.examples) else ""
        console.print(
            f"[yellow]left out[/] {item.n:,}: {escape(item.reason)} [dim]({escape(shown)}{more})[/]"
        )
    for warning in summary.warnings:
        console.print(f"[yellow]warning[/] {escape(warning)}")
