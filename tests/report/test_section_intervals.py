"""The section on intervals: what it says, what it draws, and when it is left out."""

from dataclasses import replace

import numpy as np
import pytest

from seqexpr.evaluation.coverage import coverage_table
from seqexpr.report.figures_intervals import coverage_figure
from seqexpr.report.page import render_report
from seqexpr.report.section_intervals import intervals_section


def _table(width, *, scores=True, n=1000):
    rng = np.random.default_rng(0)
    p = rng.normal(size=(n, 1))
    y = p + rng.normal(size=(n, 1))
    return coverage_table(
        y, p - width, p + width, predicted=p, target_names=("<y>",), level=0.9,
        domain_scores=np.linspace(0, 1.1, n) if scores else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("width", "words"),
    [(1.0, "too narrow"), (1.645, "as promised (90%)"), (3.0, "on the wide side")],
)
def test_the_sentence_says_whether_the_promise_was_kept(width, words):
    section = intervals_section(_table(width))
    assert words in section["targets"][0]["text"]
    assert "of 1,000 test values" in section["targets"][0]["text"]


def test_the_domain_sentence_names_the_share():
    assert intervals_section(_table(1.6))["domain"].startswith("9.1% of 1,000 test sequences")
    assert intervals_section(_table(1.6, scores=False))["domain"] == ""


def test_nothing_measured_is_left_out():
    assert intervals_section(None) is None
    empty = np.full((3, 1), np.nan)
    table = coverage_table(empty, empty, empty, predicted=empty, target_names=("y",), level=0.9)
    assert intervals_section(table) is None


def test_the_figure_has_a_dot_for_each_part_and_the_line_of_the_promise():
    axes = coverage_figure(_table(1.645)["targets"][0], level=0.9).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "all"
    assert labels[1] == "lowest predictions"
    assert labels[-1] == "least like training"
    assert len(labels) == 9
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(dots) == 9
    assert any(set(line.get_xdata()) == {0.9} for line in axes.lines)
    assert "inside their interval" in axes.get_xlabel()


def test_a_constant_prediction_has_one_part_with_its_range():
    y = np.random.default_rng(0).normal(size=(100, 1))
    p = np.zeros((100, 1))
    table = coverage_table(y, p - 2, p + 2, predicted=p, target_names=("y",), level=0.9)
    axes = coverage_figure(table["targets"][0], level=0.9).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "0 to 0 predictions"]


def test_the_page_has_the_section_only_where_it_was_measured(shown):
    case = shown("plain")
    without = render_report(**case.as_arguments())
    assert "How sure is each prediction?" not in without
    evaluation = replace(case.evaluation, intervals=_table(1.645))
    page = render_report(evaluation, check=case.check, recipe=case.recipe)
    assert page.count("How sure is each prediction?") == 2  # contents and heading
    assert "as promised (90%)" in page
    assert 'aria-label="The measured value lay inside' in page
    assert "outside the training domain" in page
