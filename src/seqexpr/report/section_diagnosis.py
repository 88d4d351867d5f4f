"""What the report says about why a model is not better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import BLUE, GREY, ORANGE, figure_to_svg, new_axes, styled
from seqexpr.report.sections import Picture
from seqexpr.report.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["diagnosis_section", "learning_curve_figure"]

_CAPTION = (
    "R² on the same {n} held-out train rows by models that were fitted on growing parts of the "
    "others; bars: 95% intervals. Hollow: what a power law through the curve gives for twice as "
    "many ({gain})."
)


def diagnosis_section(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the findings and the learning curve; None if neither was made.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    """
    diagnosis, curve = evaluation.diagnosis, evaluation.learning_curve
    findings = list((diagnosis or {}).get("findings", ()))
    if not findings and not curve:
        return None
    return {"findings": findings, "picture": _picture(curve, evaluation.ceiling) if curve else None}


def _picture(curve: Mapping[str, Any], ceiling: Mapping[str, Any] | None) -> Picture:
    top = None if ceiling is None else ceiling["r2"]["value"]
    first, last = curve["points"][0], curve["points"][-1]
    label = (
        f"R² rises from {first['r2']:.2f} with {count(first['n_fit'])} sequences to "
        f"{last['r2']:.2f} with {count(last['n_fit'])}."
    )
    svg = figure_to_svg(learning_curve_figure(curve, ceiling=top), name="curve", label=label)
    gain = f"{curve['gain']:+.2f}"
    if curve["low"] is not None:
        gain += f", 95% interval {curve['low']:+.2f} to {curve['high']:+.2f}"
    caption = _CAPTION.format(n=count(curve["n"]), gain=gain)
    return Picture(svg, "The score against the number of sequences", caption)


@styled()
def learning_curve_figure(curve: Mapping[str, Any], *, ceiling: float | None = None) -> Figure:
    """Draw R² against the number of sequences, with the step to twice as many.

    Parameters
    ----------
    curve : mapping
        ``learning_curve`` of an evaluation.
    ceiling : float, optional
        R² of the noise ceiling, drawn as a line where it fits the axis.

    Returns
    -------
    matplotlib.figure.Figure
        Sequences on a logarithmic axis, R² on the other.
    """
    from matplotlib.ticker import NullLocator

    points = curve["points"]
    sizes, values = [p["n_fit"] for p in points], [p["r2"] for p in points]
    figure, axes = new_axes(height=280)
    axes.plot(sizes, values, color=BLUE, linewidth=1.5)
    _dots(axes, points)
    if curve["gain"] is not None:
        ahead = {"n_fit": 2 * sizes[-1], "r2": values[-1] + curve["gain"], "low": None}
        if curve["low"] is not None:
            ahead |= {"low": values[-1] + curve["low"], "high": values[-1] + curve["high"]}
        axes.plot([sizes[-1], 2 * sizes[-1]], [values[-1], ahead["r2"]], color=BLUE,
                  linewidth=1.2, linestyle=(0, (3, 3)))  # fmt: skip
        _dots(axes, [ahead], facecolor="white")
        sizes = [*sizes, 2 * sizes[-1]]
    if ceiling is not None:
        axes.axhline(ceiling, color=ORANGE, linewidth=1.2, zorder=0)
        axes.annotate(
            "ceiling", (0, ceiling), xycoords=("axes fraction", "data"), ha="left", va="bottom",
            xytext=(4, 2), textcoords="offset points", color=GREY, fontsize=9,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(sizes, [count(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("sequences to learn from (log scale)")
    axes.set_ylabel("R² on held-out rows")
    return figure


def _dots(axes: Any, points: Any, *, facecolor: str = BLUE) -> None:
    for point in points:
        x = point["n_fit"]
        if point["low"] is not None:
            axes.plot([x, x], [point["low"], point["high"]], color=BLUE, linewidth=2)
        axes.plot([x], [point["r2"]], "o", color=BLUE, markerfacecolor=facecolor, markersize=6)
