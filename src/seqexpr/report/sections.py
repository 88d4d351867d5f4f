"""The report's tables and figures, made ready for the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.data.findings import shown
from seqexpr.report import figures
from seqexpr.report.drawing import figure_to_svg
from seqexpr.report.leaderboard import leaderboard_figure
from seqexpr.report.words import (
    METRICS,
    baseline_sentence,
    count,
    duration,
    headline,
    lessons,
    number,
    percent,
    score_text,
    sentence,
    undefined_reason,
)
from seqexpr.report.words_nested import gap_in_words, is_nested

if TYPE_CHECKING:
    from markupsafe import Markup

    from seqexpr.data.checks import CheckReport, Finding
    from seqexpr.evaluation.evaluation import Evaluation, ModelSummary, SetName
    from seqexpr.report.facts import TargetFacts

__all__ = ["Cell", "Picture", "cards", "findings", "sizes", "summary_row", "target_section"]

_COLUMNS: tuple[tuple[str, SetName], ...] = (
    ("r2", "test"),
    ("r2", "validation"),
    ("pearson", "test"),
    ("spearman", "test"),
)


@dataclass(frozen=True)
class Cell:
    """A score in a table: its value and its interval, as text."""

    value: str
    interval: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure with its caption; `narrow` is shown on a phone in its place."""

    svg: Markup
    title: str
    caption: str
    narrow: Markup | None = None


def cards(facts: TargetFacts, evaluation: Evaluation) -> list[dict[str, str]]:
    """Return the few figures that stand on top: label, value, note."""
    top = []
    for metric in ("r2", "spearman"):
        value, interval = score_text(facts.score(metric), metric)
        if value != "–":
            ends = interval[1:-1].replace(", ", " to ")
            note = f"95% interval {ends}" if ends else ""
            label = f"{METRICS[metric][0]} on test"
            top.append({"label": label, "value": value, "note": note})
    error = facts.score("mae")
    if error is not None and error.value is not None:
        note = facts.unit or "in units of the target"
        top.append({"label": "Average error", "value": number(error.value), "note": note})
    split = evaluation.split
    note = (
        f"{count(int(split.get('n_train') or 0))} to learn from, "
        f"{count(int(split.get('n_test') or 0))} to test on"
    )
    if is_nested(split):
        note = "each tested by models that had not seen it"
    streamed = int(evaluation.dataset.get("n_streamed") or 0)
    if streamed:
        note += f", {count(streamed)} more for models that take them in batches"
    top.append({
        "label": "Sequences",
        "value": count(streamed + int(evaluation.dataset.get("n_sequences") or 0)),
        "note": note,
    })  # fmt: skip
    return top


def summary_row(facts: TargetFacts) -> dict[str, Any]:
    """Return one row of the table of targets."""
    best = facts.best_baseline
    baseline = None if best is None else facts.score("r2", model=best.name)
    score = facts.score("r2")
    return {
        "name": facts.name,
        "unit": facts.unit,
        "r2": Cell(*score_text(score, "r2")),
        "spearman": Cell(*score_text(facts.score("spearman"), "spearman")),
        "baseline": Cell(*score_text(baseline, "r2")),
        "n": count(score.n) if score is not None else "0",
    }


def findings(check: CheckReport) -> list[dict[str, str]]:
    """Return the doctor's findings, the gravest first, as text."""
    order = {"error": 0, "warning": 1, "info": 2}
    return [_finding(f) for f in sorted(check.findings, key=lambda f: order[f.severity])]


def _finding(finding: Finding) -> dict[str, str]:
    rows = [count(int(row)) for row in finding.rows[:5]]
    some = ", ".join(rows) + (", …" if len(finding.rows) > 5 else ".")
    return {
        "severity": finding.severity,
        "code": finding.code,
        "column": finding.column or "",
        "n_rows": count(finding.n_rows) if finding.n_rows else "–",
        "rows": some if rows else "",
        "examples": ", ".join(shown(text) for text in finding.examples),
        "meaning": sentence(finding.meaning),
        "remedy": sentence(finding.remedy),
        "action": {"repaired": "repaired", "dropped": "dropped"}.get(finding.action, ""),
    }


def sizes(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return train, test and excluded rows with their share of all, for a bar."""
    split = evaluation.split
    nested = is_nested(split)
    parts = [
        ("train and test in turn" if nested else "train", int(split.get("n_train") or 0)),
        ("test", 0 if nested else int(split.get("n_test") or 0)),
        ("in neither", int(split.get("n_excluded") or 0)),
    ]
    total = sum(n for _, n in parts) or 1
    return [
        {
            "name": name,
            "n": count(n),
            "share": percent(n / total),
            "width": f"{100 * n / total:.2f}",
        }
        for name, n in parts
        if n
    ]


# One target


def target_section(facts: TargetFacts, *, anchor: str, draw: bool) -> dict[str, Any]:
    """Return everything that the report says about one target.

    Parameters
    ----------
    facts : TargetFacts
        One target of an Evaluation.
    anchor : str
        Prefix of every id in the section.
    draw : bool
        Whether figures are drawn.
    """
    columns = [(m, s) for m, s in _COLUMNS if s in facts.sets]
    return {
        "name": facts.name,
        "unit": facts.unit,
        "anchor": anchor,
        "headline": headline(facts),
        "baseline": baseline_sentence(facts),
        "columns": [f"{METRICS[m][0]} {_called(facts, s)}" for m, s in columns],
        "chosen_inside": "validation" in facts.sets,
        "leaderboard": [_leader(facts, model, columns) for model in facts.ranking],
        "undefined": _undefined(facts),
        "lessons": [text for text in (*lessons(facts), gap_in_words(facts)) if text],
        "tables": [_score_table(facts, set_name) for set_name in facts.sets],
        "pictures": _pictures(facts, anchor) if draw else [],
        "ladder": _ladder_picture(facts, anchor) if draw and facts.sets else None,
    }


def _leader(
    facts: TargetFacts, model: ModelSummary, columns: list[tuple[str, SetName]]
) -> dict[str, Any]:
    cells = [Cell(*score_text(facts.score(m, model=model.name, set=s), m)) for m, s in columns]
    return {
        "title": model.title,
        "name": model.name,
        "description": model.description,
        "selected": model.name == facts.selected.name,
        "baseline": model.is_baseline,
        "cells": cells,
        "features": "–" if model.n_features is None else count(model.n_features),
        "time": duration(model.fit_seconds),
    }


def _called(facts: TargetFacts, set_name: SetName) -> str:
    return facts.inside if set_name == "validation" else set_name


def _score_table(facts: TargetFacts, set_name: SetName) -> dict[str, Any]:
    rows, n = [], 0
    scales = {metric: _smallest(facts, metric, set_name) for metric in METRICS}
    for model in facts.ranking:
        scores = [facts.score(metric, model=model.name, set=set_name) for metric in METRICS]
        n = max([n, *(score.n for score in scores if score is not None)])
        rows.append({
            "title": model.title,
            "selected": model.name == facts.selected.name,
            "cells": [
                Cell(*score_text(score, metric, scale=scales[metric]))
                for score, metric in zip(scores, METRICS, strict=True)
            ],
        })  # fmt: skip
    names = [name for name, _ in METRICS.values()]
    return {"set": _called(facts, set_name), "n": count(n), "columns": names, "rows": rows}


def _smallest(facts: TargetFacts, metric: str, set_name: SetName) -> float | None:
    """Return the smallest score of a column, other than 0."""
    values = [facts.value(metric, model=model.name, set=set_name) for model in facts.ranking]
    return min((abs(value) for value in values if value), default=None)


def _undefined(facts: TargetFacts) -> list[str]:
    """Say why scores of this target are not defined, once for each reason."""
    reasons: dict[str, dict[str, None]] = {}
    for set_name in facts.sets:
        for model in facts.ranking:
            for metric, (name, _) in METRICS.items():
                score = facts.score(metric, model=model.name, set=set_name)
                if score is not None and score.value is None:
                    why = undefined_reason(metric, score.n)
                    reasons.setdefault(why, {})[name] = None
    return [f"{', '.join(names)} not defined: {why}." for why, names in reasons.items()]


def _ladder_picture(facts: TargetFacts, anchor: str) -> Picture:
    best = "; ".join(
        f"{model.title} {' '.join(score_text(facts.score('r2', model=model.name), 'r2')).strip()}"
        for model in facts.ranking
    )
    label = f"R² on test of each model for {facts.name}, with 95% intervals: {best}."
    wide, narrow = (
        figure_to_svg(
            leaderboard_figure(facts.evaluation, target=facts.name, layout=layout),
            name=f"{anchor}-ladder-{layout}",
            label=label,
        )
        for layout in ("wide", "narrow")
    )
    caption = (
        "Dots are scores, bars their 95% intervals: how far the score could move with another "
        "draw of sequences. Filled: on the test set. Hollow: inside train "
        f"({facts.inside}), where the model was chosen."
    )
    return Picture(wide, "R² of every model", caption, narrow)


def _pictures(facts: TargetFacts, anchor: str) -> list[Picture]:
    observed, predicted = facts.pairs("test")
    if observed.size == 0:
        return []
    n, name = count(observed.size), facts.name
    unit = f" ({facts.unit})" if facts.unit else ""
    ends = figures.shown_range(observed, predicted)
    pooled = (observed < ends[0]) | (observed > ends[1]) | (predicted < ends[0])
    outside = int((pooled | (predicted > ends[1])).sum())
    beyond = f" {count(outside)} lie beyond the axes." if outside else ""
    crowded = observed.size > figures.MAX_POINTS
    marks = "Each hexagon counts sequences" if crowded else "Each dot is a sequence"
    residual = observed - predicted
    spread = np.quantile(residual, [0.05, 0.95])
    return [
        _picture(
            facts, figures.predicted_observed_figure, f"{anchor}-predicted",
            title="Predicted against measured",
            caption=f"{n} test sequences. {marks}; on the dashed line the prediction is exact."
            + beyond,
            label=f"Predicted against measured {name}{unit} of {n} test sequences; Pearson "
            f"correlation {number(facts.value('pearson'))}.",
        ),
        _picture(
            facts, figures.residual_figure, f"{anchor}-residuals",
            title="Errors along the prediction",
            caption="Above the dashed line the sequence was measured higher than predicted. A good "
            "model shows no slope and no bend here.",
            label=f"Measured minus predicted {name}{unit} against the prediction; the middle 90% "
            f"lie between {number(float(spread[0]))} and {number(float(spread[1]))}.",
        ),
        _picture(
            facts, figures.residual_quantile_figure, f"{anchor}-quantiles",
            title="Errors by level of prediction",
            caption="Test sequences in groups of equal size, from the lowest predictions to the "
            "highest. Line: median error; box: middle half; whiskers: middle 90%. A long box marks "
            "the levels where predictions are least sure.",
            label=f"Spread of measured minus predicted {name}{unit} in groups from the lowest to "
            "the highest prediction.",
        ),
        _measured_picture(facts, anchor),
    ]  # fmt: skip


def _measured_picture(facts: TargetFacts, anchor: str) -> Picture:
    text = _distribution(facts)
    unit = f" ({facts.unit})" if facts.unit else ""
    return _picture(
        facts, figures.target_figure, f"{anchor}-measured", title="What was measured", caption=text,
        label=f"Distribution of measured {facts.name}{unit}. {text}",
    )  # fmt: skip


def _distribution(facts: TargetFacts) -> str:
    values = facts.measured
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    ends = f"{number(float(low))} to {number(float(high))}"
    text = f"Median {number(float(middle))}, middle 90% {ends}."
    if facts.floor is None:
        return text
    return (
        f"{text} {percent(facts.floor.share)} of the rows share the lowest value, "
        f"{number(facts.floor.value)}."
    )


def _picture(
    facts: TargetFacts, draw: Any, name: str, *, title: str, caption: str, label: str
) -> Picture:
    figure = draw(facts.evaluation, target=facts.name)
    return Picture(figure_to_svg(figure, name=name, label=label), title, caption)
