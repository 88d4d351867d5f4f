"""What the report says about differences between models: which of them are real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from seqexpr.report.drawing import (
    BLUE,
    GREY,
    INK,
    WIDTH,
    figure_to_svg,
    new_axes,
    plain_label,
    styled,
)
from seqexpr.report.sections import Picture
from seqexpr.report.words import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["comparison_figure", "comparison_section"]

_REAL = 0.05


class _Gap(NamedTuple):
    """R² of another model less that of the selected one, on test."""

    name: str
    title: str
    difference: float
    low: float
    high: float
    is_real: bool
    n: int


def comparison_section(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the sentence and the figure of the paired differences; None without any.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    """
    gaps = _gaps(evaluation)
    if not gaps:
        return None
    caption = (
        f"R² of each model less that of the selected one, on the same {count(gaps[0].n)} test "
        "sequences; lines: 95% intervals of the paired difference. Blue: real (p below 0.05 after "
        "Holm's correction for all pairs). Grey: may be chance."
    )
    text = _sentence(evaluation)
    svg = figure_to_svg(comparison_figure(evaluation), name="differences", label=text)
    return {"text": text, "picture": Picture(svg, "Differences to the selected model", caption)}


@styled()
def comparison_figure(evaluation: Evaluation) -> Figure:
    """Draw the paired difference in test R² of each model to the selected one.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found; the first target is drawn.

    Returns
    -------
    matplotlib.figure.Figure
        One row for each other model, the nearest on top.
    """
    gaps = _gaps(evaluation)
    figure, axes = new_axes(WIDTH, 62 + 24 * len(gaps))
    for place, gap in enumerate(gaps):
        color = BLUE if gap.is_real else GREY
        axes.plot([gap.low, gap.high], [place, place], color=color, linewidth=2)
        axes.plot([gap.difference], [place], "o", color=color, markersize=6)
    axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(gaps)), [plain_label(gap.title, 30) for gap in gaps])
    axes.set_ylim(len(gaps) - 0.5, -0.5)
    axes.set_xlabel("R² less that of the selected model, on test")
    return figure


def _gaps(evaluation: Evaluation) -> list[_Gap]:
    """Return the differences to the selected model on the first target, the nearest first."""
    title = {model.name: model.title for model in evaluation.models}
    chosen = evaluation.selected
    gaps = []
    for row in evaluation.comparisons:
        if (row.set, row.metric) != ("test", "r2") or chosen not in (row.model, row.other):
            continue
        if row.target != evaluation.comparisons[0].target or row.difference is None:
            continue
        if row.low is None or row.high is None:
            continue
        other, sign = (row.model, 1) if row.other == chosen else (row.other, -1)
        low, high = sorted((sign * row.low, sign * row.high))
        real = row.p_holm is not None and row.p_holm < _REAL
        gaps.append(_Gap(other, title[other], sign * row.difference, low, high, real, row.n))
    return sorted(gaps, key=lambda gap: gap.difference, reverse=True)


def _sentence(evaluation: Evaluation) -> str:
    title = {model.name: model.title for model in evaluation.models}
    if not evaluation.simplest:
        return "Models were compared in pairs on the same test sequences."
    if evaluation.simplest == evaluation.selected:
        first = next((model.name for model in evaluation.models if not model.is_baseline), "")
        if first == evaluation.selected:
            return "The selected model is the simplest of those that could be chosen."
        return "Out of fold, every simpler model is significantly worse than the selected one."
    return (
        f"The simplest model that is not significantly worse out of fold is "
        f"“{title[evaluation.simplest]}”: prefer it where a simple model is worth more than the "
        "last bit of score."
    )
