"""Pictures of docs/benchmarks.md: ratios on a line, and time by size."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.record import Point, Ratio
from seqexpr.report.drawing import BLUE, GREY, INK, ORANGE, VERMILLION

COLOURS = (BLUE, VERMILLION, ORANGE, "#009e73", "#cc79a7", "#56b4e9", INK, GREY)
MARKERS = "osD^vP*X"
UNITS = {"sequences": "Sequences of 110 bases", "bases": "Bases a sequence", "rows": "Rows"}


def draw_ratios(ratios: list[Ratio], path: Path) -> None:
    """Draw each ratio as a dot, 1 being as quick as we are; names on the left."""
    shown = [ratio for ratio in ratios if "R²" not in ratio.name]
    figure = Figure(figsize=(8, 0.3 * len(shown) + 1), layout="constrained")
    axes = figure.add_subplot()
    places = range(len(shown), 0, -1)
    axes.axvline(1, color=GREY, linewidth=1)
    for place, ratio in zip(places, shown, strict=True):
        axes.plot([1, ratio.times], [place, place], color=GREY, linewidth=0.7)
        axes.plot(ratio.times, place, "o", color=BLUE if ratio.times >= 1 else VERMILLION)
        is_slower = ratio.times >= 1
        axes.annotate(
            f"{ratio.times:.3g}", (ratio.times, place), xytext=(6 if is_slower else -6, 0),
            textcoords="offset points", ha="left" if is_slower else "right", va="center",
            fontsize=8, color=INK,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="Time of the other, in times ours")
    low, high = axes.get_xlim()
    axes.set_xlim(low / 10, high * 4)  # room for the figures
    names = [ratio.name.replace("`", "") for ratio in shown]
    axes.set_yticks(list(places), names, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def draw_growth(points: list[Point], path: Path) -> None:
    """Draw seconds by size, a panel for each kind of size, with the slope of linear growth."""
    panels: dict[str, dict[str, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        panels[point.axis][point.curve].append(point)
    figure = Figure(figsize=(8, 4.2 * len(panels)), layout="constrained")
    for place, (axis, curves) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(len(panels), 1, place)
        for number, (name, found) in enumerate(curves.items()):
            axes.plot(
                [point.size for point in found], [point.seconds for point in found],
                marker=MARKERS[number], color=COLOURS[number], label=name, markersize=5,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel=UNITS[axis], ylabel="Seconds")
        low, high = axes.get_xlim()
        bottom, top = axes.get_ylim()
        end = next(iter(curves.values()))[-1]  # the line goes through it
        line = [end.seconds * size / end.size for size in (low, high)]
        axes.plot([low, high], line, color=GREY, ls=":", label="linear")
        axes.set(xlim=(low, high), ylim=(bottom, top))
        axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with mpl.rc_context({"svg.hashsalt": "seqexpr"}):
        figure.savefig(path, metadata={"Date": None})
