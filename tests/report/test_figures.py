from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqexpr.report import figures
from seqexpr.report.facts import TargetFacts
from seqexpr.report.leaderboard import leaderboard_figure

DRAWERS = (
    figures.predicted_observed_figure,
    figures.residual_figure,
    figures.residual_quantile_figure,
    figures.target_figure,
    leaderboard_figure,
)


def _points(axes) -> np.ndarray:
    lines = [line for line in axes.lines if line.get_linestyle() == "None"]
    return np.column_stack([lines[0].get_xdata(), lines[0].get_ydata()])


@pytest.mark.parametrize("draw", DRAWERS)
@pytest.mark.parametrize("name", ["constant", "nasty", "unscored"])
def test_every_figure_of_every_run_can_be_saved(shown, draw, name, tmp_path):
    before = dict(mpl.rcParams)
    figure = draw(shown(name).evaluation)
    assert dict(mpl.rcParams) == before
    with figures.styled():  # the names of one run have characters without a glyph
        figure.savefig(tmp_path / "figure.pdf")
    assert (tmp_path / "figure.pdf").stat().st_size > 1_000


def test_few_rows_are_drawn_as_points(shown):
    evaluation = shown("plain").evaluation
    observed, predicted = TargetFacts(evaluation, "expression").pairs("test")
    axes = figures.predicted_observed_figure(evaluation).axes[0]
    assert np.array_equal(_points(axes), np.column_stack([observed, predicted]))
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlabel() == "measured expression (log2)"
    axes = figures.residual_figure(evaluation).axes[0]
    assert np.allclose(_points(axes), np.column_stack([predicted, observed - predicted]))


def test_many_rows_are_counted_in_hexagons(shown):
    evaluation = shown("large").evaluation
    n = len(TargetFacts(evaluation, "expression").pairs("test")[0])
    axes = figures.predicted_observed_figure(evaluation).axes[0]
    counts = axes.collections[0].get_array()
    assert 50 < len(counts) < 2_000
    # A hundredth of a percent or so may lie beyond the axes.
    assert 0.99 * n < counts.sum() <= n


@pytest.mark.parametrize("layout", ["wide", "narrow"])
def test_leaderboard_dots_are_the_scores(shown, layout):
    evaluation = shown("plain").evaluation
    facts = TargetFacts(evaluation, "expression")
    figure = leaderboard_figure(evaluation, layout=layout)
    lines = figure.axes[0].lines
    dots = [line.get_xdata()[0] for line in lines if line.get_marker() == "o"]
    left = figure.axes[0].get_xlim()[0]
    wanted = [
        facts.value("r2", model=model.name, set=set_name)
        for model in facts.ranking
        for set_name in ("test", "validation")
    ]
    assert dots == [value for value in wanted if value >= left]
    texts = [text.get_text() for text in figure.axes[0].texts]
    titles = [f"{m.title} (baseline)" if m.is_baseline else m.title for m in facts.ranking]
    titles = [
        t + " (selected)" * (m is facts.selected)
        for t, m in zip(titles, facts.ranking, strict=True)
    ]
    assert [text for text in texts if text in titles] == titles


def test_very_bad_scores_are_cut_and_named(evaluate):
    evaluation = evaluate(20)  # eight weights fitted to 12 rows
    facts = TargetFacts(evaluation, "expression")
    figure = leaderboard_figure(evaluation)
    left, _ = figure.axes[0].get_xlim()
    cut = [
        s.value
        for s in evaluation.rows
        if s.metric == "r2" and s.value is not None and s.value < left
    ]
    named = [t.get_text() for t in figure.axes[0].texts]
    assert cut
    assert all(f"{value:.2f}".replace("-", "−") in named for value in cut if value > -1000)
    assert facts.ranking


@pytest.mark.parametrize("metric", ["mse", "pearson", "mae"])
def test_leaderboard_of_other_metrics(shown, metric):
    figure = leaderboard_figure(shown("plain").evaluation, metric=metric)
    values = [s.value for s in shown("plain").evaluation.rows if s.metric == metric and s.value]
    left, right = figure.axes[0].get_xlim()
    assert right > max(values)
    assert metric == "pearson" or left < min(values)


def test_groups_by_prediction_hold_the_middle_of_the_errors(shown):
    evaluation = shown("plain").evaluation
    observed, predicted = TargetFacts(evaluation, "expression").pairs("test")
    axes = figures.residual_quantile_figure(evaluation, n_bins=4).axes[0]
    order = np.argsort(predicted)
    for bar, rows in zip(axes.patches, np.array_split(order, 4), strict=True):
        ends = np.quantile((observed - predicted)[rows], [0.25, 0.75])
        assert [bar.get_y(), bar.get_y() + bar.get_height()] == pytest.approx(list(ends))
    assert len(axes.get_xticklabels()) == 4


def test_floor_is_marked_and_its_bar_cut(shown):
    evaluation = shown("floor").evaluation
    axes = figures.target_figure(evaluation).axes[0]
    observed = evaluation.predictions["observed"].to_numpy()
    share = 100 * np.mean(observed == observed.min())
    (text,) = [t.get_text() for t in axes.texts]
    at = f"{observed.min():.4g}".replace("-", "−")
    assert text == f"{share:.0f}% of the rows\nare at the floor, {at}\n(bar cut)"
    assert axes.get_ylim()[1] < share
    assert len(figures.target_figure(shown("plain").evaluation).axes[0].texts) == 0


def test_bars_of_a_short_scale_stand_on_its_values(evaluate):
    evaluation = evaluate(300)
    frame = evaluation.predictions
    frame["observed"] = frame["observed"].round().clip(-3, 6)
    bars = figures.target_figure(evaluation).axes[0].patches[:-1]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in bars]
    assert centres == pytest.approx(sorted(frame["observed"].unique()))


@given(hnp.arrays(float, st.integers(1, 50), elements=st.floats(-1e6, 1e6)))
def test_shown_range_holds_all_of_a_few_values(values):
    low, high = figures.shown_range(values)
    assert low < values.min()
    assert high > values.max()


def test_shown_range_of_nothing():
    assert figures.shown_range(np.zeros(0)) == (0.0, 1.0)
