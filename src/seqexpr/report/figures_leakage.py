"""The figures of the audit: how near the test is to train, and what nearness does to the score."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import BLUE, GREY, INK, ORANGE, WIDTH, new_axes, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FEW", "identity_figure", "similarity_figure"]

FEW = 20
"""Rows below which a correlation says too little to be drawn."""


@styled()
def identity_figure(audit: Mapping[str, Any]) -> Figure:
    """Draw how many test sequences have a nearest train sequence of which identity.

    Parameters
    ----------
    audit : mapping
        ``audit`` of the leakage part of an evaluation.

    Returns
    -------
    matplotlib.figure.Figure
        Bars; the first one counts sequences for which nothing was found. Near
        ones are orange.
    """
    edges, counts = audit["edges"], list(audit["counts"])
    names = [_range(low, high) for low, high in itertools.pairwise(edges)]
    near = [low >= audit["min_identity"] for low in edges[:-1]]
    if audit["n_not_found"] or audit["method"] == "mmseqs":
        names, near = ["none", *names], [False, *near]
        counts = [audit["n_not_found"], *counts]
    figure, axes = new_axes(WIDTH, 210)
    places = range(len(counts))
    axes.bar(places, counts, color=[ORANGE if is_near else BLUE for is_near in near], width=0.8)
    for place, n in zip(places, counts, strict=True):
        axes.annotate(
            f"{n:,}", (place, n), xytext=(0, 2), textcoords="offset points", ha="center",
            fontsize=8, color=INK,
        )  # fmt: skip
    axes.set_xticks(places, names, fontsize=8)
    axes.set_ylim(0, max(counts) * 1.12 + 1)
    axes.set_xlabel("identity to the nearest train sequence")
    axes.set_ylabel("test sequences")
    return figure


@styled()
def similarity_figure(bins: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the correlation of the chosen model against similarity to train.

    Parameters
    ----------
    bins : sequence of mapping
        ``similarity`` of the leakage part of an evaluation; those of fewer
        than :data:`FEW` rows are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Pearson's r with its 95% interval for each bin of identity.
    """
    shown = [row for row in bins if row["n"] >= FEW and row["pearson"]["value"] is not None]
    figure, axes = new_axes(WIDTH, 200)
    for place, row in enumerate(shown):
        score = row["pearson"]
        if score["low"] is not None:
            axes.plot([place, place], [score["low"], score["high"]], color=BLUE, linewidth=2)
        axes.plot([place], [score["value"]], "o", color=BLUE, markersize=6)
    names = [
        f"{'none' if row['low'] is None else _range(row['low'], row['high'])}\nn = {row['n']:,}"
        for row in shown
    ]
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(shown)), names)
    axes.set_xlim(-0.6, max(len(shown) - 0.4, 0.6))
    axes.set_xlabel("identity to the nearest train sequence")
    axes.set_ylabel("Pearson's r on test")
    return figure


def _range(low: float, high: float) -> str:
    return f"<{high:.0%}" if low == 0 else f"{100 * low:.0f}–{100 * high:.0f}%"
