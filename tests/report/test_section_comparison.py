from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from seqexpr.evaluation.comparison import Comparison
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary
from seqexpr.report.section_comparison import comparison_figure, comparison_section


@pytest.fixture
def evaluation():
    models = tuple(
        ModelSummary(name, f"Title of {name}", "", False, place, 1, 0.1)
        for place, name in enumerate(["tutorial", "ridge", "trees"])
    )
    rows = (
        Comparison("test", "y", "r2", "tutorial", "trees", -0.2, -0.3, -0.1, 0.001, 0.003, 80),
        Comparison("test", "y", "r2", "trees", "ridge", 0.02, -0.01, 0.05, 0.2, 0.2, 80),
        Comparison("test", "y", "r2", "tutorial", "ridge", -0.1, -0.2, -0.05, 0.01, 0.02, 80),
        Comparison("test", "y", "pearson", "trees", "ridge", 0.3, 0.1, 0.5, 0.2, 0.2, 80),
    )
    return Evaluation(
        {}, {}, "trees", (), models, pd.DataFrame(), simplest="ridge", comparisons=rows
    )


def test_differences_are_to_the_selected_model_whichever_way_they_were_taken(evaluation):
    axes = comparison_figure(evaluation).axes[0]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == ["Title of ridge", "Title of tutorial"]
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([-0.02, -0.2])
    intervals = [list(line.get_xdata()) for line in axes.lines if line.get_marker() != "o"][:2]
    assert intervals == [[-0.05, 0.01], [-0.3, -0.1]]


def test_the_simplest_is_named(evaluation):
    assert "“Title of ridge”" in comparison_section(evaluation)["text"]
    same = replace(evaluation, simplest="trees")
    assert "every simpler model is significantly worse" in comparison_section(same)["text"]
    first = replace(evaluation, simplest="tutorial", selected="tutorial")
    assert "the simplest of those that could be chosen" in comparison_section(first)["text"]
    unknown = replace(evaluation, simplest="")
    assert "compared in pairs" in comparison_section(unknown)["text"]


def test_undefined_differences_are_left_out(evaluation):
    row = replace(evaluation.comparisons[1], difference=None, low=None, high=None)
    some = replace(evaluation, comparisons=(evaluation.comparisons[0], row))
    assert len(comparison_figure(some).axes[0].get_yticklabels()) == 1


def test_without_comparisons_there_is_no_section(evaluation):
    assert comparison_section(replace(evaluation, comparisons=())) is None
