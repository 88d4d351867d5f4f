"""The figure of scores beside the best that the noise of the measurements leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import BLUE, INK, ORANGE, WIDTH, new_axes, styled
from seqexpr.report.words import METRICS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["ceiling_figure"]

_SHOWN = ("r2", "pearson", "spearman")


@styled()
def ceiling_figure(evaluation: Evaluation) -> Figure:
    """Draw the test scores of the chosen model as bars, and the ceiling of each as a line.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found, with its ``ceiling``; an empty figure without.

    Returns
    -------
    matplotlib.figure.Figure
        One row for each of R², Pearson's r and Spearman's ρ; 95% intervals as
        thin lines (score) and bands (ceiling).
    """
    figure, axes = new_axes(WIDTH, 190)
    ceiling = evaluation.ceiling or {}
    for place, metric in enumerate(_SHOWN):
        bound: Any = ceiling.get(metric)
        if bound is None:
            continue
        score = evaluation.score(metric, target=ceiling["target"])
        if score.value is not None:
            axes.barh(place, score.value, height=0.5, color=BLUE)
            if score.low is not None and score.high is not None:
                axes.plot([score.low, score.high], [place, place], color=INK, linewidth=1.2)
        if bound["low"] is not None:
            width = bound["high"] - bound["low"]
            axes.barh(place, width, left=bound["low"], height=0.8, color=ORANGE, alpha=0.4)
        axes.plot([bound["value"]] * 2, [place - 0.4, place + 0.4], color=ORANGE, linewidth=3)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(_SHOWN)), [METRICS[metric][0] for metric in _SHOWN])
    axes.set_ylim(len(_SHOWN) - 0.4, -0.6)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]), right=1.02)
    axes.set_xlabel("score on test (bar) and the most to be had (orange line)")
    return figure
