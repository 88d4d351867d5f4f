from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from seqexpr.evaluation.comparison import Comparison
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary, Score
from seqexpr.report.section_ladder import ladder_figure, ladder_section


@pytest.fixture
def evaluation():
    """Four rungs: R² .1, .3 (real), .25 (no gain), .32 (may be chance)."""
    values = {"mean": 0.1, "ridge": 0.3, "trees": 0.25, "blend": 0.32}
    models = tuple(
        ModelSummary(name, f"Title of {name}", "", name == "mean", place, 1, 2.0)
        for place, name in enumerate(values)
    )
    scores = tuple(Score(n, "y", "test", "r2", v, v - 0.1, v + 0.1, 80) for n, v in values.items())
    gaps = (
        Comparison("test", "y", "r2", "mean", "ridge", -0.2, -0.3, -0.1, 0.001, 0.003, 80),
        Comparison("test", "y", "r2", "ridge", "trees", 0.05, -0.02, 0.12, 0.2, 0.4, 80),
        Comparison("test", "y", "r2", "blend", "ridge", 0.02, -0.01, 0.05, 0.2, 0.4, 80),
        Comparison("test", "y", "r2", "blend", "trees", 0.07, 0.01, 0.13, 0.01, 0.04, 80),
        Comparison("validation", "y", "r2", "mean", "ridge", 9, 9, 9, 0.1, 0.1, 80),
    )
    cost = {"seconds": 61.0, "peak_memory_mib": 512, "worker_memory_mib": 2048}
    return Evaluation({}, {}, "blend", scores, models, pd.DataFrame(), comparisons=gaps, cost=cost)


def test_each_rung_is_compared_with_the_best_below_it(evaluation):
    rows = ladder_section(evaluation)["rows"]
    assert [row["gain"] for row in rows] == ["–", "+0.200", "−0.050", "+0.020"]
    assert rows[1]["interval"] == "+0.100 to +0.300"  # turned round, as the gain is
    assert rows[2]["interval"] == "−0.120 to +0.020"
    assert [row["selected"] for row in rows] == [False, False, False, True]


def test_only_a_significant_gain_is_called_one(evaluation):
    text = ladder_section(evaluation)["text"]
    assert text.startswith("1 rung is significantly better")
    assert "“Title of ridge”: R² +0.200 (+0.100 to +0.300)" in text
    chance = tuple(replace(row, p_holm=0.5) for row in evaluation.comparisons)
    none = ladder_section(replace(evaluation, comparisons=chance))
    assert none["text"] == "No rung is significantly better than the best one below it."


def test_the_picture_has_a_bar_for_each_gain_and_none_for_a_loss(evaluation):
    axes = ladder_figure(evaluation).axes[0]
    bars = [tuple(line.get_xdata()) for line in axes.lines if line.get_linewidth() == 7]
    assert bars == [pytest.approx((0.1, 0.3)), pytest.approx((0.3, 0.32))]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == [f"Title of {name}" for name in ("mean", "ridge", "trees", "blend")]


def test_the_cost_is_said(evaluation):
    cost = ladder_section(evaluation)["cost"]
    assert cost == "The whole run took 1 min 1 s and held 512 MiB at its peak in memory."
    searched = replace(evaluation, search={"trials": []})
    assert "2.0 GiB in its largest worker process" in ladder_section(searched)["cost"]
    assert ladder_section(replace(evaluation, cost=None))["cost"] == ""


def test_one_rung_is_no_ladder(evaluation):
    assert ladder_section(replace(evaluation, rows=evaluation.rows[:1])) is None
    assert ladder_section(replace(evaluation, rows=())) is None
