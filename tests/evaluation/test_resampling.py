from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.evaluation.metrics import METRICS, Metric
from seqexpr.evaluation.resampling import Bootstrap, score_intervals


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(5, 40), st.booleans())
def test_each_resample_is_the_score_of_the_rows_drawn(seed, n, grouped):
    """The fast sums and weighted ranks equal the plain metric on the repeated rows."""
    rng = np.random.default_rng(seed)
    y = 100 + rng.integers(0, 6, size=n).astype(float)  # ties on purpose
    p = np.round(y + rng.normal(size=n), 1)
    groups = rng.integers(0, 4, size=n) if grouped else None
    bootstrap = Bootstrap(n, groups, n_resamples=5, rng=np.random.default_rng(seed))
    fast = bootstrap.scores(y, p)
    for i, counts in enumerate(bootstrap._counts()):
        rows = np.repeat(np.arange(n), counts[bootstrap._group])
        for name in METRICS:
            plain = METRICS[name].compute(y[rows], p[rows])
            if np.isnan(plain):
                assert np.isnan(fast[name][i])
            else:
                assert fast[name][i] == pytest.approx(plain, rel=1e-7, abs=1e-9)


def test_groups_are_drawn_whole_and_rows_without_one_alone():
    groups = ["a"] * 5 + ["", None, float("nan")] + ["b"] * 2
    bootstrap = Bootstrap(10, groups, n_resamples=50, rng=np.random.default_rng(0))
    counts = np.array([c[bootstrap._group] for c in bootstrap._counts()])
    assert (counts[:, :5] == counts[:, :1]).all()
    assert (counts[:, 8] == counts[:, 9]).all()
    for one, other in [(5, 6), (6, 7), (0, 5)]:
        assert (counts[:, one] != counts[:, other]).any()
    # Five groups are drawn five at a time, whatever their sizes.
    assert (counts[:, [0, 5, 6, 7, 8]].sum(axis=1) == 5).all()


def test_models_are_scored_on_the_same_resamples():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(2, 50))
    bootstrap = Bootstrap(50, rng=rng)
    one, other = bootstrap.scores(y, p), bootstrap.scores(y, y + 2 * (p - y))
    # Twice the error everywhere is four times the mse on every resample, not just on average.
    np.testing.assert_allclose(other["mse"], 4 * one["mse"])
    np.testing.assert_allclose(other["mae"], 2 * one["mae"])


def test_seeds_differ_and_repeat():
    y, p = np.random.default_rng(0).normal(size=(2, 40))
    first, again, other = (
        score_intervals(y, p, rng=np.random.default_rng(seed))["mse"] for seed in (0, 0, 1)
    )
    assert first == again
    assert first.low != other.low


SIGMA = 1.0
RHO = 1 / np.sqrt(1 + SIGMA**2)
TRUTH = {  # of y ~ N(0, 1) and p = y + N(0, sigma²)
    "mse": SIGMA**2,
    "rmse": SIGMA,
    "mae": SIGMA * np.sqrt(2 / np.pi),
    "r2": 1 - SIGMA**2,
    "pearson": RHO,
    "spearman": 6 / np.pi * np.arcsin(RHO / 2),
}


def coverage(draw, *, n_seeds, grouped):
    covered = dict.fromkeys(TRUTH, 0)
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        y, p, groups = draw(rng)
        intervals = score_intervals(
            y, p, groups=groups if grouped else None, n_resamples=300, rng=rng
        )
        for name, truth in TRUTH.items():
            covered[name] += bool(intervals[name].low <= truth <= intervals[name].high)
    return {name: count / n_seeds for name, count in covered.items()}


def test_intervals_of_independent_rows_cover_at_the_stated_level():
    def draw(rng):
        y = rng.normal(size=300)
        return y, y + SIGMA * rng.normal(size=300), None

    # 250 seeds give a standard error of 1.4%; percentile intervals may run 1% short at 300 rows.
    for name, share in coverage(draw, n_seeds=250, grouped=False).items():
        assert 0.90 <= share <= 0.985, name


def test_only_resampling_groups_covers_when_rows_of_a_group_agree():
    def draw(rng):
        # 60 families of 8; four fifths of the variance of y and of the error are the family's
        y, error = (
            np.sqrt(0.8) * np.repeat(rng.normal(size=60), 8) + np.sqrt(0.2) * rng.normal(size=480)
            for _ in range(2)
        )
        return y, y + SIGMA * error, np.repeat(np.arange(60), 8)

    by_group = coverage(draw, n_seeds=200, grouped=True)
    by_row = coverage(draw, n_seeds=200, grouped=False)
    assert min(by_group.values()) >= 0.87
    assert max(by_row.values()) <= 0.70


def test_scores_that_are_undefined_have_no_interval():
    result = score_intervals([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], rng=np.random.default_rng(0))
    for name in ("pearson", "spearman"):
        assert np.isnan([result[name].value, result[name].low, result[name].high]).all()
    assert result["mse"].low <= result["mse"].value <= result["mse"].high


def test_constant_but_for_rounding_is_constant_in_every_resample():
    y = np.random.default_rng(0).normal(size=30)
    p = 1e5 + np.random.default_rng(1).normal(size=30) * 1e-11
    result = score_intervals(y, p, rng=np.random.default_rng(0))
    assert np.isnan(result["pearson"].value)
    assert np.isnan(result["spearman"].value)


def test_a_large_offset_takes_nothing_from_the_precision():
    rng = np.random.default_rng(0)
    y = rng.normal(size=100)
    near = Bootstrap(100, rng=np.random.default_rng(0)).scores(y, y + rng.normal(size=100))
    rng = np.random.default_rng(0)
    y = rng.normal(size=100)
    far = Bootstrap(100, rng=np.random.default_rng(0)).scores(y, 1e6 + y + rng.normal(size=100))
    for name in ("pearson", "spearman"):
        np.testing.assert_allclose(far[name], near[name], rtol=1e-6)


def test_missing_rows_are_left_out_and_counted():
    result = score_intervals(
        [1.0, np.nan, 3.0, 4.0], [1.0, 2.0, np.nan, 5.0],
        groups=["a", "b", "c", "d"], rng=np.random.default_rng(0),
    )  # fmt: skip
    assert result["mse"].n == 2
    assert result["mse"].value == pytest.approx(0.5)


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows_give_no_interval_and_no_warning(rows):
    result = score_intervals(np.ones(rows), np.zeros(rows), rng=np.random.default_rng(0))
    assert result["mse"].n == rows
    assert np.isnan(result["mse"].low)


def test_one_group_gives_a_value_without_an_interval():
    result = score_intervals(
        [1.0, 2.0], [1.0, 3.0], groups=["a", "a"], rng=np.random.default_rng(0)
    )
    assert result["mse"].value == 0.5
    assert np.isnan(result["mse"].low)


def test_very_many_rows_get_fewer_resamples_and_say_so():
    assert Bootstrap(50_000, rng=np.random.default_rng(0)).n_resamples == 1_000
    assert Bootstrap(100_000, rng=np.random.default_rng(0)).n_resamples == 500
    assert Bootstrap(10**6, rng=np.random.default_rng(0)).n_resamples == 200
    few = score_intervals([1.0, 2.0], [1.0, 3.0], n_resamples=20, rng=np.random.default_rng(0))
    assert few["mse"].n_resamples == 20


def test_the_level_is_that_of_the_quantiles():
    y, p = np.random.default_rng(0).normal(size=(2, 60))
    bootstrap = Bootstrap(60, level=0.8, rng=np.random.default_rng(0))
    interval = bootstrap.intervals(y, p)["mse"]
    resampled = bootstrap.scores(y, p)["mse"]
    assert (resampled < interval.low).mean() == pytest.approx(0.1, abs=0.002)
    assert (resampled > interval.high).mean() == pytest.approx(0.1, abs=0.002)


def test_a_metric_of_a_plugin_gets_an_interval_too(monkeypatch):
    def median_error(observed, predicted):
        return float(np.median(np.abs(observed - predicted)))

    plugin = Metric("medae", "median error", median_error, greater_is_better=False, unit="target")
    monkeypatch.setitem(METRICS._items, "medae", plugin)
    y, p = np.random.default_rng(0).normal(size=(2, 80))
    interval = score_intervals(y, p, n_resamples=100, rng=np.random.default_rng(0))["medae"]
    assert interval.low < interval.value == median_error(y, p) < interval.high


def test_wrong_arguments():
    with pytest.raises(InputError, match=r"level = 1\.0: must be in"):
        Bootstrap(3, level=1.0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="n_resamples = 0"):
        Bootstrap(3, n_resamples=0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="groups has 2 rows, expected 3"):
        Bootstrap(3, ["a", "b"], rng=np.random.default_rng(0))
