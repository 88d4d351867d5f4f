"""The figure of interval coverage: measured against promised, where it may differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import BLUE, GREY, INK, WIDTH, new_axes, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["coverage_figure"]

_LEVELS = ("lowest", "low", "middle", "high", "highest")
_NEARNESS = ("most like training", "in between", "least like training")


@styled()
def coverage_figure(target: Mapping[str, Any], *, level: float) -> Figure:
    """Draw how often the intervals held on test: overall, by prediction, by similarity.

    Parameters
    ----------
    target : mapping
        One of ``targets`` of :func:`seqexpr.evaluation.coverage.coverage_table`.
    level : float
        Nominal coverage in (0, 1), drawn as a line.

    Returns
    -------
    matplotlib.figure.Figure
        Dots with 95% intervals; shares of test values on the horizontal axis.
    """
    from matplotlib.ticker import MaxNLocator

    rows = _rows(target)
    figure, axes = new_axes(WIDTH, 70 + 22 * len(rows))
    for place, (_, row) in enumerate(rows):
        color = INK if place == 0 else BLUE
        axes.plot([row["low"], row["high"]], [place, place], color=color, linewidth=2)
        axes.plot([row["value"]], [place], "o", color=color, markersize=6)
    axes.axvline(level, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    lowest = min([level, *(row["low"] for _, row in rows)])
    axes.set_xlim(max(0.0, lowest - 0.04), 1.01)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("test values inside their interval")
    return figure


def _rows(target: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    rows = [("all", target["coverage"])]
    for key, words, what in (
        ("by_level", _LEVELS, "predictions"),
        ("by_similarity", _NEARNESS, ""),
    ):
        parts = target[key]
        # Ties can leave fewer parts; the words then no longer fit, and their ranges are given.
        names = words if len(parts) == len(words) else [part["label"] for part in parts]
        rows += [(f"{name} {what}".strip(), part) for name, part in zip(names, parts, strict=True)]
    return [(name, row) for name, row in rows if row["value"] is not None]
