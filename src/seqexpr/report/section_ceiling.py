"""What the report says about the best score that any model could reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import figure_to_svg
from seqexpr.report.figures_ceiling import ceiling_figure
from seqexpr.report.sections import Picture
from seqexpr.report.words import METRICS, count, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["ceiling_section"]

_CAUTION = {
    "replicates": "Errors that all replicates share, such as a faulty construct, are not seen by "
    "this: the true ceiling may be lower.",
    "standard errors": "This trusts the errors that the table gives.",
    "read counts": "Only the counting of reads is taken into account: the true ceiling is lower.",
}


def ceiling_section(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the sentences and the figure of the ceiling, None if it was not measured.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    """
    ceiling = evaluation.ceiling
    if not ceiling:
        return None
    text = _most(ceiling) + _share(ceiling, evaluation.selected)
    svg = figure_to_svg(ceiling_figure(evaluation), name="ceiling", label=text)
    caption = (
        "Bars: the chosen model on the test set, thin lines their 95% intervals. Orange: what a "
        "perfect model would score, with its 95% interval as a band."
    )
    return {
        "text": text,
        "how": f"Computed from {ceiling['source']} of {count(int(ceiling['n']))} test rows "
        f"({ceiling['method']}).",
        "caution": _CAUTION.get(str(ceiling["source"]), ""),
        "picture": Picture(svg, "Score and ceiling", caption),
    }


def _most(ceiling: Mapping[str, Any]) -> str:
    bound = ceiling["r2"]
    interval = ""
    if bound["low"] is not None:
        interval = f" (95% interval {number(bound['low'])} to {number(bound['high'])})"
    return (
        "The measurements are noisy, so even a model that knew the true value of every sequence "
        f"would reach R² {number(bound['value'])}{interval} here."
    )


def _share(ceiling: Mapping[str, Any], selected: str) -> str:
    for share in ceiling["shares"]:
        if (share["model"], share["metric"]) == (selected, "r2") and share["value"] is not None:
            ends = ""
            if share["low"] is not None:
                ends = f" (95% interval {percent(share['low'])} to {percent(share['high'])})"
            of = f"{percent(share['value'])}{ends} of that {METRICS['r2'][0]}"
            return f" The chosen model reaches {of}."
    return ""
