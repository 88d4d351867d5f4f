"""The report: one HTML page that opens offline and prints."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from seqexpr import __version__
from seqexpr.files import atomic_path
from seqexpr.report import asked, sections
from seqexpr.report.advice import advise
from seqexpr.report.facts import TargetFacts
from seqexpr.report.section_ceiling import ceiling_section
from seqexpr.report.section_comparison import comparison_section
from seqexpr.report.section_controls import controls_section
from seqexpr.report.section_diagnosis import diagnosis_section
from seqexpr.report.section_floor import floor_section
from seqexpr.report.section_intervals import intervals_section
from seqexpr.report.section_ladder import ladder_section
from seqexpr.report.section_leakage import leakage_section
from seqexpr.report.section_search import search_section
from seqexpr.report.words import METRICS, count, headline, sentence

if TYPE_CHECKING:
    from seqexpr.data.checks import CheckReport
    from seqexpr.evaluation.evaluation import Evaluation
    from seqexpr.recipe import Recipe

__all__ = ["environment", "render_report", "write_report"]

MAX_DRAWN = 6
"""Targets that get figures of their own; the others get tables, to keep the page small."""


def write_report(path: Path, *, evaluation: Evaluation, check: CheckReport, recipe: Recipe) -> None:
    """Write the report of a run as one HTML file, atomically.

    The page holds everything it shows: it loads nothing, runs no script, and
    the same run gives the same bytes.

    Parameters
    ----------
    path : Path
        Where to write.
    evaluation : Evaluation
        Scores and predictions.
    check : CheckReport
        What the input doctor found.
    recipe : Recipe
        Every choice of the run.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    text = render_report(evaluation, check=check, recipe=recipe)
    with atomic_path(path) as temporary:
        # A name may hold half a surrogate pair, which UTF-8 has no bytes for.
        temporary.write_bytes(text.encode("utf-8", "xmlcharrefreplace"))


def render_report(evaluation: Evaluation, *, check: CheckReport, recipe: Recipe) -> str:
    """Return the report of a run as HTML.

    Parameters
    ----------
    evaluation : Evaluation
        Scores and predictions.
    check : CheckReport
        What the input doctor found.
    recipe : Recipe
        Every choice of the run.
    """
    targets = TargetFacts.all_of(evaluation)
    results = [
        sections.target_section(facts, anchor=f"target-{number}", draw=number <= MAX_DRAWN)
        for number, facts in enumerate(targets, start=1)
    ]
    return environment().get_template("report.html.j2").render(
        title=_title(targets),
        source=str(evaluation.dataset.get("source", "")),
        headlines=[(facts.name, headline(facts)) for facts in targets[:3]],
        cards=sections.cards(targets[0], evaluation) if len(targets) == 1 else [],
        summary=[sections.summary_row(facts) for facts in targets] if len(targets) > 1 else [],
        warnings=[sentence(text) for text in dict.fromkeys(evaluation.warnings)],
        asked=asked.recipe_rows(recipe, tuple(facts.name for facts in targets)),
        data=_data(evaluation, check),
        split=asked.split_rows(evaluation.split),
        sizes=sections.sizes(evaluation),
        protection=asked.protection(evaluation.split),
        targets=results,
        undrawn=max(0, len(targets) - MAX_DRAWN),
        floor=floor_section(evaluation.floor),
        ladder=ladder_section(evaluation),
        search=search_section(evaluation.search),
        comparison=comparison_section(evaluation),
        controls=controls_section(evaluation.controls),
        leakage=leakage_section(evaluation.leakage),
        intervals=intervals_section(evaluation.intervals),
        ceiling=ceiling_section(evaluation),
        diagnosis=diagnosis_section(evaluation),
        metrics=list(METRICS.values()),
        advice=advise(evaluation, check=check, recipe=recipe),
        command=asked.command(recipe),
        recipe_toml=recipe.to_toml(),
        digests=_digests(evaluation),
        versions=", ".join(f"{name} {number}" for name, number in asked.versions()),
        version=__version__,
    )  # fmt: skip


@cache
def environment() -> Environment:
    """Return the templates of the pages."""
    return Environment(
        loader=PackageLoader("seqexpr.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _title(targets: tuple[TargetFacts, ...]) -> str:
    names = [facts.name for facts in targets]
    if len(names) > 3:
        return f"Predicting {len(names)} targets from sequence"
    return f"Predicting {' and '.join(names)} from sequence"


def _data(evaluation: Evaluation, check: CheckReport) -> dict[str, Any]:
    lengths = evaluation.dataset.get("lengths") or {}
    span = ""
    if lengths:
        low, high = count(int(lengths["min"])), count(int(lengths["max"]))
        middle = f"{float(lengths['median']):,.0f}"
        span = f"{low} bases each" if low == high else f"{low} to {high} bases, median {middle}"
    streamed = evaluation.dataset.get("n_streamed")
    return {
        "n_rows": count(check.n_rows),
        "of": count(int(evaluation.dataset["n_rows"])) if streamed else "",
        "counts": [
            ("kept as they were", count(check.n_kept)),
            ("repaired", count(check.n_repaired)),
            ("dropped", count(check.n_dropped)),
        ],
        "findings": sections.findings(check),
        "notes": list(check.notes),
        "lengths": span,
    }


def _digests(evaluation: Evaluation) -> list[tuple[str, str]]:
    dataset, split = evaluation.dataset, evaluation.split
    return [
        ("Data (SHA-256)", str(dataset.get("sha256") or "not recorded")),
        ("Split (SHA-256)", str(split.get("sha256") or "not recorded")),
        ("Seed of the split", str(split.get("seed", "not recorded"))),
    ]
