"""The section "How sure is each prediction?": intervals, coverage and domain in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seqexpr.report.drawing import figure_to_svg
from seqexpr.report.figures_intervals import coverage_figure
from seqexpr.report.words import count, number, percent

__all__ = ["intervals_section"]

MAX_DRAWN = 6


def intervals_section(intervals: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the template shows of interval coverage, or None if it was not measured.

    Parameters
    ----------
    intervals : mapping or None
        ``intervals`` of an evaluation, as
        :func:`seqexpr.evaluation.coverage.coverage_table` gives it.

    Returns
    -------
    dict or None
        ``targets``: name, sentence, and the figure (None beyond six targets);
        ``domain``: a sentence, or "".

    Examples
    --------
    >>> intervals_section(None) is None
    True
    """
    if not intervals:
        return None
    level = float(intervals["level"])
    measured = [item for item in intervals["targets"] if item["coverage"]["value"] is not None]
    if not measured:
        return None
    targets = []
    for place, item in enumerate(measured, start=1):
        text = _sentence(item, level)
        svg = None
        if place <= MAX_DRAWN:
            figure = coverage_figure(item, level=level)
            svg = figure_to_svg(figure, name=f"coverage-{place}", label=text)
        targets.append({"name": item["target"], "text": text, "svg": svg})
    return {"targets": targets, "level": percent(level), "domain": _domain(intervals.get("domain"))}


def _sentence(item: Mapping[str, Any], level: float) -> str:
    found = item["coverage"]
    promised = percent(level)
    if found["high"] < level:
        verdict = f"less often than the promised {promised}: take the intervals as too narrow"
    elif found["low"] > level:
        verdict = f"more often than the promised {promised}: the intervals are on the wide side"
    else:
        verdict = f"as promised ({promised})"
    return (
        f"The measured value lay inside the interval for {percent(found['value'], decimals=1)} of "
        f"{count(found['n'])} test values (95% interval {percent(found['low'], decimals=1)} to "
        f"{percent(found['high'], decimals=1)}), {verdict}. An interval is "
        f"{number(item['mean_width'])} wide on average."
    )


def _domain(domain: Mapping[str, Any] | None) -> str:
    if not domain or domain["share_outside"] is None:
        return ""
    return (
        f"{percent(domain['share_outside'], decimals=1)} of {count(domain['n'])} test sequences "
        "lie outside the training domain: they look unlike what the model learned from, and their "
        "intervals promise nothing. About 5% of sequences of the same kind are flagged by chance."
    )
