"""Figures of predictions, errors and measured values, each to be had alone for a paper.

Every function returns a matplotlib Figure that was made without pyplot and
changes no global setting; save it with ``figure.savefig("name.pdf")``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.report.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    VERMILLION,
    WIDTH,
    new_axes,
    plain_label,
    styled,
)
from seqexpr.report.facts import TargetFacts
from seqexpr.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqexpr.evaluation.evaluation import Evaluation
    from seqexpr.report.facts import Floor

__all__ = [
    "predicted_observed_figure",
    "residual_figure",
    "residual_quantile_figure",
    "target_figure",
]

Floats = npt.NDArray[np.float64]

MAX_POINTS = 1_500
"""Above this many rows, sequences are counted in hexagons instead of drawn."""


def _axis_name(facts: TargetFacts, prefix: str, *, length: int = 34) -> str:
    """Return "prefix name (unit)" that fits an axis and that XML can hold."""
    text = f"{facts.name} ({facts.unit})" if facts.unit else facts.name
    return f"{prefix} {plain_label(text, length)}"


def shown_range(*values: Floats) -> tuple[float, float]:
    """Return the ends of an axis: all values, or the middle 99.8% where a few lie far out.

    Examples
    --------
    >>> low, high = shown_range(np.linspace(0, 1, 5000), np.array([900.0]))
    >>> -0.1 < low < 0 and 1 < high < 1.1
    True
    """
    pooled = np.concatenate(values)
    if pooled.size == 0:
        return 0.0, 1.0
    low, high = float(pooled.min()), float(pooled.max())
    inner = np.quantile(pooled, [0.001, 0.999])
    if high - low > 1.6 * (inner[1] - inner[0]) > 0:
        low, high = float(inner[0]), float(inner[1])
    margin = 0.04 * (high - low) or max(abs(high), 1.0) * 0.05
    return low - margin, high + margin


# Predicted against observed, residuals


@styled()
def predicted_observed_figure(evaluation: Evaluation, *, target: str | None = None) -> Figure:
    """Draw predicted against measured values of the test set, with the line of equality.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    target : str, optional
        Name of the target; the first if not given.

    Returns
    -------
    matplotlib.figure.Figure
        Points; hexagons coloured by count where there are more than 1,500 rows.
    """
    facts = TargetFacts.of(evaluation, target)
    observed, predicted = facts.pairs("test")
    figure, axes = new_axes(WIDTH, 360)
    ends = shown_range(observed, predicted)
    _cloud(figure, axes, observed, predicted, limits=(ends, ends))
    axes.plot(ends, ends, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        "perfect", (ends[1], ends[1]), xytext=(-14, -3), textcoords="offset points", fontsize=9,
        ha="right", va="top", color=INK,
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.set_xlabel(_axis_name(facts, "measured"))
    axes.set_ylabel(_axis_name(facts, "predicted"))
    return figure


@styled()
def residual_figure(evaluation: Evaluation, *, target: str | None = None) -> Figure:
    """Draw residuals (measured − predicted) of the test set against the prediction.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    target : str, optional
        Name of the target; the first if not given.

    Returns
    -------
    matplotlib.figure.Figure
        Points or hexagons, and the line of no error.
    """
    facts = TargetFacts.of(evaluation, target)
    observed, predicted = facts.pairs("test")
    figure, axes = new_axes()
    residuals = observed - predicted
    limits = (shown_range(predicted), shown_range(residuals))
    _cloud(figure, axes, predicted, residuals, limits=limits)
    axes.axhline(0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xlabel(_axis_name(facts, "predicted"))
    axes.set_ylabel(_unit_label("measured − predicted", facts))
    return figure


def _unit_label(text: str, facts: TargetFacts) -> str:
    return f"{text} ({plain_label(facts.unit, 20)})" if facts.unit else text


def _cloud(
    figure: Figure,
    axes: Axes,
    x: Floats,
    y: Floats,
    *,
    limits: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    if x.size <= MAX_POINTS:
        size = 4.5 if x.size <= 300 else 3
        axes.plot(
            x, y, linestyle="none", marker="o", markersize=size, color=BLUE, markeredgewidth=0,
            alpha=0.75 if x.size <= 300 else 0.45,
        )  # fmt: skip
        return
    inside = (x >= limits[0][0]) & (x <= limits[0][1]) & (y >= limits[1][0]) & (y <= limits[1][1])
    colours = LinearSegmentedColormap.from_list("blues", ["#cfe3f1", BLUE, "#00263d"], N=24)
    hexagons = axes.hexbin(
        x[inside], y[inside], gridsize=(42, 24), extent=(*limits[0], *limits[1]), mincnt=1,
        bins="log", cmap=colours, linewidths=0.2, clip_on=False,
    )  # fmt: skip
    bar = figure.colorbar(hexagons, ax=axes, shrink=0.6, aspect=18, pad=0.02)
    bar.set_label("sequences in a hexagon", fontsize=9)
    _plain_bar(bar, int(np.max(np.asarray(hexagons.get_array()))))


def _plain_bar(bar: Any, highest: int) -> None:
    """Give a colour bar few round ticks and no frame, and draw it as shapes, not as a picture."""
    bar.outline.set_visible(False)
    bar.solids.set(rasterized=False, edgecolor="face")
    ticks = [t for t in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000) if t <= highest]
    bar.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    bar.ax.tick_params(size=0, which="both")
    bar.ax.minorticks_off()


@styled()
def residual_quantile_figure(
    evaluation: Evaluation, *, target: str | None = None, n_bins: int = 10
) -> Figure:
    """Draw how residuals are spread in groups of equal size, from lowest to highest prediction.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    target : str, optional
        Name of the target; the first if not given.
    n_bins : int
        Number of groups, at least 1; fewer where there are under five rows for
        each. Default 10.

    Returns
    -------
    matplotlib.figure.Figure
        Median, middle half (box) and middle 90% (whiskers) of each group.
    """
    facts = TargetFacts.of(evaluation, target)
    observed, predicted = facts.pairs("test")
    figure, axes = new_axes()
    order = np.argsort(predicted, kind="stable")
    groups = np.array_split(order, max(1, min(n_bins, predicted.size // 5)))
    for place, rows in enumerate(group for group in groups if group.size):
        residuals = observed[rows] - predicted[rows]
        low, lower, middle, upper, high = np.quantile(residuals, [0.05, 0.25, 0.5, 0.75, 0.95])
        axes.plot([place, place], [low, high], color=GREY, linewidth=1)
        axes.bar(place, upper - lower, bottom=lower, width=0.62, color=PALE)
        axes.plot([place - 0.31, place + 0.31], [middle, middle], color=BLUE, linewidth=2)
    axes.axhline(0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    labels = [number(float(predicted[rows].mean())) for rows in groups if rows.size]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.8, max(len(labels), 4) - 0.2)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel(f"mean prediction of the group ({len(labels)} of equal size)")
    axes.set_ylabel(_unit_label("measured − predicted", facts))
    return figure


# The target


@styled()
def target_figure(evaluation: Evaluation, *, target: str | None = None) -> Figure:
    """Draw the distribution of the measured values, with the floor marked.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    target : str, optional
        Name of the target; the first if not given.

    Returns
    -------
    matplotlib.figure.Figure
        Bars for train, an outline for test, in percent of the rows of each. A
        bar that holds the floor is cut where it would dwarf the others.
    """
    facts = TargetFacts.of(evaluation, target)
    train, test = facts.pairs("validation")[0], facts.pairs("test")[0]
    figure, axes = new_axes(WIDTH, 300)
    edges = _bin_edges(facts.measured)
    shares = [100 * np.histogram(part, edges)[0] / max(part.size, 1) for part in (train, test)]
    if train.size:
        # With one validation set, the rest of the train rows has no honest prediction.
        label = "validation" if facts.inside == "validation" else "train"
        axes.bar(edges[:-1], shares[0], np.diff(edges), align="edge", color=PALE, label=label)
    axes.stairs(shares[1], edges, color=VERMILLION, linewidth=1.3, label="test")
    top = 1.08 * max(float(share.max(initial=0)) for share in shares) or 1.0
    if facts.floor is not None:
        top = _mark_floor(axes, facts.floor, edges, shares=shares, top=top)
    axes.set_ylim(0, top)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="upper right")
    axes.set_xlabel(_axis_name(facts, "measured", length=44))
    axes.set_ylabel("share of the rows (%)")
    return figure


def _bin_edges(values: Floats) -> Floats:
    distinct = np.unique(values)
    if 1 < distinct.size <= 25:
        half = float(np.diff(distinct).min()) / 2
        if (distinct[-1] - distinct[0]) / (2 * half) <= 60:  # bars stand on the values themselves
            return np.arange(distinct[0] - half, distinct[-1] + 1.5 * half, 2 * half)
    low, high = shown_range(values)
    return np.linspace(low, high, 41 if values.size >= 500 else 16)


def _mark_floor(
    axes: Axes, floor: Floor, edges: Floats, *, shares: list[Floats], top: float
) -> float:
    """Say how many rows lie at the floor; return the top of the axis."""
    at = int(np.clip(np.searchsorted(edges, floor.value, side="right") - 1, 0, len(edges) - 2))
    others = max(float(np.delete(share, at).max(initial=0)) for share in shares)
    cut = 0 < others < 0.4 * top
    top = 1.6 * others if cut else top
    value = f"{floor.value:.4g}".replace("-", "−")
    text = f"{100 * floor.share:.0f}% of the rows\nare at the floor, {value}"
    axes.annotate(
        f"{text}\n(bar cut)" if cut else text, (edges[at + 1], 0.94 * top), xytext=(8, 0),
        textcoords="offset points", va="top", fontsize=9, color=INK,
    )  # fmt: skip
    axes.axvline(floor.value, color=ORANGE, linewidth=1.6, linestyle=(0, (1, 1)))
    return top
