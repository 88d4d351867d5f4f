"""The figure of the leaderboard: every model's score with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from seqexpr.report.drawing import BLUE, GREY, INK, WIDTH, new_axes, plain_label, styled
from seqexpr.report.facts import TargetFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["Metric", "leaderboard_figure"]

Metric = Literal["mse", "rmse", "mae", "r2", "pearson", "spearman"]

_AXIS_NAMES = {
    "mse": "mean squared error",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "r2": "R² (share of the variance explained)",
    "pearson": "Pearson correlation",
    "spearman": "Spearman rank correlation",
}


@styled()
def leaderboard_figure(
    evaluation: Evaluation,
    *,
    target: str | None = None,
    metric: Metric = "r2",
    layout: Literal["wide", "narrow"] = "wide",
) -> Figure:
    """Draw each model's score with its 95% interval, on test and out of fold.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    target : str, optional
        Name of the target; the first if not given.
    metric : {"mse", "rmse", "mae", "r2", "pearson", "spearman"}
        Which score. Default "r2".
    layout : {"wide", "narrow"}
        Names beside the intervals, or above them for a narrow page. Default "wide".

    Returns
    -------
    matplotlib.figure.Figure
        Best model on top; the selected one in blue, baselines in grey.
    """
    facts = TargetFacts.of(evaluation, target)
    models = facts.ranking
    wide = layout == "wide"
    row = 34 if wide else 46
    figure, axes = new_axes(720 if wide else WIDTH, 62 + row * len(models))
    low, high = _score_range(facts, metric)
    axes.set_xlim(low, high)
    axes.set_ylim(len(models) - 0.5, -0.5 if wide else -0.62)
    for position, model in enumerate(models):
        chosen = model.name == evaluation.selected
        colour = BLUE if chosen else GREY if model.is_baseline else INK
        axes.axhline(position + 0.5, color="#e4e4e4", linewidth=0.7, zorder=0)
        role = " (selected)" if chosen else " (baseline)" if model.is_baseline else ""
        title = plain_label(model.title, 44) + role
        name_it = _name_beside if wide else _name_above
        name_it(axes, position, title, weight="bold" if chosen else "normal", colour=colour)
        centre = position if wide else position + 0.14
        for set_name, shift in (("test", -0.14), ("validation", 0.14)):
            score = facts.score(metric, model=model.name, set=set_name)  # type: ignore[arg-type]
            if score is not None and score.value is not None:
                _draw_score(axes, score, centre + shift, colour=colour, filled=set_name == "test")
    if low < 0 < high:
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=(0, (3, 2)), zorder=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(_AXIS_NAMES[metric])
    _leaderboard_legend(axes, facts)
    return figure


def _score_range(facts: TargetFacts, metric: str) -> tuple[float, float]:
    """Return the ends of the score axis; very bad scores are cut off at the left."""
    scores = [
        score
        for model in facts.evaluation.models
        for set_name in facts.sets
        if (score := facts.score(metric, model=model.name, set=set_name)) is not None
        and score.value is not None
    ]
    ends = [v for s in scores for v in (s.low, s.value, s.high) if v is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if metric in {"r2", "pearson", "spearman"}:
        low, high = min(0.0, low), max(high, 0.05)
        low = max(low, -0.35 * high)
    margin = 0.03 * (high - low) or 0.05
    return low - margin, high + margin


def _name_beside(axes: Axes, row: float, text: str, *, weight: str, colour: str) -> None:
    axes.text(
        -0.012, row, text, transform=axes.get_yaxis_transform(), ha="right", va="center",
        weight=weight, color=colour,
    )  # fmt: skip


def _name_above(axes: Axes, row: float, text: str, *, weight: str, colour: str) -> None:
    axes.text(
        0, row - 0.28, text, transform=axes.get_yaxis_transform(), ha="left", va="center",
        weight=weight, color=colour, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )  # fmt: skip


def _draw_score(axes: Axes, score: Any, row: float, *, colour: str, filled: bool) -> None:
    left, right = axes.get_xlim()
    if score.value < left:
        axes.plot(left, row, marker="<", color=colour, markersize=6, clip_on=False)
        text = f"{score.value:.2f}" if score.value > -1000 else "far below"
        axes.annotate(
            text.replace("-", "−"), (left, row), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=8, color=colour,
        )  # fmt: skip
        return
    if score.low is not None and score.high is not None:
        ends = [max(score.low, left), min(score.high, right)]
        axes.plot(ends, [row, row], color=colour, linewidth=2.2 if filled else 1.2)
    axes.plot(
        score.value, row, marker="o", markersize=6.5, color=colour, linestyle="none",
        markerfacecolor=colour if filled else "white", markeredgewidth=1.3,
    )  # fmt: skip


def _leaderboard_legend(axes: Axes, facts: TargetFacts) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], marker="o", color=INK, linewidth=2.2, label="test")]
    if "validation" in facts.sets:
        handles.append(
            Line2D(
                [],
                [],
                marker="o",
                color=INK,
                linewidth=1.2,
                markerfacecolor="white",
                label=f"{facts.inside} (inside train)",
            )
        )
    axes.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2,
        handlelength=2.4,
    )  # fmt: skip
