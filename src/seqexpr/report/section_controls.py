"""What the report says about the negative controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import BLUE, GREY, INK, ORANGE, WIDTH, figure_to_svg, new_axes, styled
from seqexpr.report.sections import Picture
from seqexpr.report.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

__all__ = ["controls_figure", "controls_section"]

_CAPTION = (
    "R² out of fold on {n} train rows; lines: 95% intervals. Shuffled: every sequence keeps its "
    "dinucleotides and loses their order. Backwards: read from right to left, not complemented, "
    "which breaks motifs. Permuted: targets dealt out at random, which nothing honest can predict."
)


def controls_section(controls: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the sentence and the figure of the controls; None if they were not run.

    Parameters
    ----------
    controls : mapping or None
        ``controls`` of an evaluation.
    """
    if not controls:
        return None
    n = count(int(controls["rows"][0]["n"]))
    label = controls["sentence"] or "Scores of the negative controls"
    svg = figure_to_svg(controls_figure(controls), name="controls", label=label)
    return {
        "text": controls["sentence"],
        "leaks": controls["status"] == "leak",
        "picture": Picture(svg, "The model beside its controls", _CAPTION.format(n=n)),
    }


@styled()
def controls_figure(controls: Mapping[str, Any]) -> Figure:
    """Draw R² of the model and of every control, with 95% intervals.

    Parameters
    ----------
    controls : mapping
        ``controls`` of an evaluation.

    Returns
    -------
    matplotlib.figure.Figure
        One row each; the model is blue, permuted targets orange.
    """
    rows = [row for row in controls["rows"] if row["metric"] == "r2" and row["value"] is not None]
    figure, axes = new_axes(WIDTH, 60 + 26 * len(rows))
    for place, row in enumerate(rows):
        color = {"model": BLUE, "permuted": ORANGE}.get(row["name"], INK)
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [place, place], color=color, linewidth=2)
        axes.plot([row["value"]], [place], "o", color=color, markersize=6)
    axes.axvline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(rows)), [_short(row["title"]) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("R² out of fold on train rows")
    return figure


def _short(title: str) -> str:
    return title.removeprefix("The same model, ").removeprefix("The ").capitalize().replace(
        "Gc", "GC"
    ).replace("cpg", "CpG")  # fmt: skip
