"""Pictures of an explanation: logos, effects, curves, and sequences base by base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqexpr.report.drawing import BLUE, GREY, INK, VERMILLION, WIDTH, new_axes, styled
from seqexpr.sequences import BASES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqexpr.data.motifs import Motif
    from seqexpr.interpretation.explanation import MotifReport, PairReport
    from seqexpr.interpretation.measured_effects import MeasuredEffect
    from seqexpr.interpretation.model_effects import ModelEffect

__all__ = [
    "EffectRow",
    "curves_figure",
    "effects_figure",
    "logo_figure",
    "places_figure",
    "sequence_figure",
    "spacing_figure",
]

Floats = npt.NDArray[np.float64]

COLORS = {"A": "#009e73", "C": BLUE, "G": "#e69f00", "T": VERMILLION}
"""Of Okabe and Ito's palette; the letters tell the bases apart without it too."""
MAP = "PuOr_r"
MOST_BASES = 150


class EffectRow(NamedTuple):
    """A motif, what it does as measured and in the model, and whether the first is sure."""

    name: str
    measured: MeasuredEffect
    model: ModelEffect
    is_confirmed: bool


@styled()
def logo_figure(motif: Motif) -> Figure:
    """Draw a motif as letters as high as their share of its information, in bits."""
    table = np.asarray(motif.frequencies)
    bits = 2 + (table * np.log2(np.maximum(table, 1e-12))).sum(axis=0)
    figure, axes = new_axes(max(60, 15 * len(motif) + 24), 54)
    _draw_letters(axes, table * bits)
    axes.set_ylim(0, 2)
    axes.set_yticks([0, 2])
    axes.set_xticks([])
    axes.set_ylabel("bits", fontsize=8)
    axes.tick_params(labelsize=8)
    return figure


def _draw_letters(axes: Axes, heights: Floats) -> None:
    """Draw letters of given heights, shape (4, length), the higher ones further from zero."""
    import warnings

    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of logomaker's own
        import logomaker

        frame = pd.DataFrame(heights.T, columns=list(BASES))
        logomaker.Logo(frame, ax=axes, color_scheme=COLORS, baseline_width=0.5)


@styled()
def effects_figure(rows: Sequence[EffectRow], *, label: str) -> Figure:
    """Draw what each motif does, in the model and as measured, with 95% intervals."""
    figure, axes = new_axes(WIDTH, 70 + 34 * len(rows))
    for place, row in enumerate(rows):
        if np.isfinite(row.measured.value):
            color = BLUE if row.is_confirmed else GREY
            axes.plot([row.measured.low, row.measured.high], [place] * 2, color=color, linewidth=2)
            axes.plot([row.measured.value], [place], "o", color=color, markersize=6)
        axes.plot([row.model.low, row.model.high], [place + 0.22] * 2, color=VERMILLION,
                  linewidth=1)  # fmt: skip
        axes.plot(
            [row.model.value], [place + 0.22], "D", color="white", markeredgecolor=VERMILLION,
            markersize=5,
        )  # fmt: skip
    axes.axvline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(rows)), [row.name[:22] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(label)
    axes.plot([], [], "o-", color=BLUE, label="measured, confirmed")
    axes.plot([], [], "o-", color=GREY, label="measured, not confirmed")
    axes.plot([], [], "D", color="white", markeredgecolor=VERMILLION, label="in the model")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=1)
    return figure


@styled()
def curves_figure(motif: MotifReport, *, unit: str) -> Figure:
    """Draw the effect in the model along the sequence and by the number of copies."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(WIDTH / 72, 170 / 72), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _draw_curve(left, motif.model.position)
    left.set_xlabel("First base of the site")
    left.set_ylabel(f"Effect{f' ({unit})' if unit else ''}")
    _draw_curve(right, motif.model.dose)
    right.set_xticks(motif.model.dose.at.tolist())
    right.set_xlabel("Copies")
    for axes in (left, right):
        axes.axhline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    return figure


def _draw_curve(axes: Axes, curve: Any, color: str = BLUE) -> None:
    values = [effect.value for effect in curve.effects]
    axes.fill_between(
        curve.at, [effect.low for effect in curve.effects],
        [effect.high for effect in curve.effects], color=color, alpha=0.2, linewidth=0,
    )  # fmt: skip
    axes.plot(curve.at, values, "o-", color=color, markersize=3.5, linewidth=1.2)


@styled()
def spacing_figure(pair: PairReport, *, names: tuple[str, str], unit: str) -> Figure:
    """Draw what two motifs do beyond the sum of the two, by the bases between them."""
    figure, axes = new_axes(WIDTH, 180)
    _draw_curve(axes, pair.spacing)
    for item in pair.evidence:
        last = item.max_gap if item.max_gap is not None else int(pair.spacing.at.max())
        middle, color = item.effect.value, VERMILLION
        axes.plot([item.min_gap, last], [middle, middle], color=color, linewidth=2)
        axes.fill_between(
            [item.min_gap, last], [item.effect.low] * 2, [item.effect.high] * 2, color=color,
            alpha=0.15, linewidth=0,
        )  # fmt: skip
    axes.axhline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlabel(f"Bases between {names[0]} (left) and {names[1]} (right)")
    axes.set_ylabel(f"Beyond the sum{f' ({unit})' if unit else ''}")
    return figure


@styled()
def sequence_figure(
    sequence: str,
    effects: Floats,
    contributions: Floats,
    *,
    spread: Floats | None = None,
    unit: str,
    first: int,
    width: float,
) -> Figure:
    """Draw one sequence: contributions as letters, and the effect of every change as a map.

    Parameters
    ----------
    sequence : str
        Bases shown.
    effects : ndarray of float64, shape (4, length)
        Change of the prediction by each change.
    contributions : ndarray of float64, shape (length,)
        Of the bases that are there.
    spread : ndarray of float64, shape (length,), optional
        Standard deviation of these over the members of an ensemble.
    unit : str
        Of the target.
    first : int
        Number of the first base shown, from 1.
    width : float
        Of the figure, in points.
    """
    from matplotlib.figure import Figure as NewFigure

    n = len(sequence)
    codes = np.array([BASES.find(base) for base in sequence])
    figure = NewFigure(figsize=(width / 72, 200 / 72), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    heights = np.zeros((4, n))
    known = codes >= 0
    heights[codes[known], np.flatnonzero(known)] = contributions[known]
    _draw_letters(top, heights)
    if spread is not None:
        low, high = contributions - spread, contributions + spread
        top.vlines(np.arange(n), low, high, color=INK, linewidth=0.7)
        top.set_ylim(min(0.0, *low, *heights.ravel()), max(0.0, *high, *heights.ravel()))
    top.set_ylabel("Contribution", fontsize=8)
    _draw_map(figure, below, effects, unit=unit)
    below.plot(np.flatnonzero(known), codes[known], ".", color=GREY, markersize=1.5)
    _number_bases(below, n, first)
    return figure


def _draw_map(figure: Figure, axes: Axes, effects: Floats, *, unit: str) -> None:
    n = effects.shape[1]
    largest = float(np.abs(effects).max(initial=0.0)) or 1.0
    mesh = axes.pcolormesh(
        np.arange(n + 1) - 0.5, np.arange(5) - 0.5, effects, cmap=MAP, vmin=-largest, vmax=largest,
        linewidth=0,
    )  # fmt: skip
    axes.set_yticks(range(4), list(BASES))
    axes.set_ylim(3.5, -0.5)
    bar = figure.colorbar(mesh, ax=axes, fraction=0.03, pad=0.01, aspect=8)
    if bar.solids is not None:
        bar.solids.set_edgecolor("face")
        bar.solids.set_rasterized(False)  # an image inside the page would not be shown
    bar.ax.tick_params(labelsize=7)
    bar.set_label(f"change{f' ({unit})' if unit else ''}", fontsize=7)


def _number_bases(axes: Axes, n: int, first: int) -> None:
    step = 10 if n <= 120 else 20
    marks = [place for place in range(n) if (place + first) % step == 0 or place == 0]
    axes.set_xticks(marks, [str(place + first) for place in marks])
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_xlabel("Base")


@styled()
def places_figure(
    effects: Floats, consensus: str, sites: Sequence[tuple[int, int, str]], *, unit: str,
    width: float,
) -> Figure:  # fmt: skip
    """Draw the mean effect of every change by position, and the sites found."""
    from matplotlib.figure import Figure as NewFigure

    n = effects.shape[1]
    figure = NewFigure(figsize=(width / 72, 210 / 72), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    losses = -effects.sum(axis=0) / 3
    codes = np.array([BASES.find(base) for base in consensus])
    heights = np.zeros((4, n))
    heights[codes, np.arange(n)] = losses
    _draw_letters(top, heights)
    top.set_ylabel("Lost by a change", fontsize=8)
    high = float(losses.max(initial=0.0)) or 1.0
    top.set_ylim(min(0.0, float(losses.min())) * 1.1, high * 1.45)
    for first, last, name in sites:
        top.plot([first - 0.4, last - 0.6], [high * 1.12] * 2, color=INK, linewidth=2)
        top.text((first + last - 1) / 2, high * 1.18, name[:16], ha="center", fontsize=7.5)
    _draw_map(figure, below, effects, unit=unit)
    _number_bases(below, n, 1)
    return figure
