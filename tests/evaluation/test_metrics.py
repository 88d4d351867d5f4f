from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from seqexpr.evaluation.metrics import METRICS, is_constant

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=30).filter(
    lambda rows: len({r[0] for r in rows}) > 1 and len({r[1] for r in rows}) > 1
)
any_numbers = st.floats(-1e300, 1e300)


@given(pairs)
def test_scores_equal_scikit_learn_and_scipy(rows):
    y, p = np.array(rows).T
    expected = {
        "mse": sk.mean_squared_error(y, p),
        "rmse": sk.root_mean_squared_error(y, p),
        "mae": sk.mean_absolute_error(y, p),
        "r2": sk.r2_score(y, p),
        "pearson": stats.pearsonr(y, p).statistic,
        "spearman": stats.spearmanr(y, p).statistic,
    }
    for name, value in expected.items():
        assert METRICS[name].compute(y, p) == pytest.approx(value, rel=1e-6, abs=1e-7)


def test_values_computed_by_hand():
    # y = 1, 2, 3, 6 and p = 2, 2, 2, 4: errors -1, 0, 1, 2; mean of y 3.
    y, p = np.array([1.0, 2, 3, 6]), np.array([2.0, 2, 2, 4])
    by_hand = {
        "mse": 6 / 4,
        "rmse": 1.5**0.5,
        "mae": 4 / 4,
        "r2": 1 - 6 / 14,  # squares about the mean: 4 + 1 + 0 + 9
        "pearson": 6 / (14 * 3) ** 0.5,  # p about its mean 2.5: -.5, -.5, -.5, 1.5
        "spearman": 3 / (5 * 3) ** 0.5,  # ranks 1, 2, 3, 4 and 2, 2, 2, 4
    }
    for name, value in by_hand.items():
        assert METRICS[name].compute(y, p) == pytest.approx(value)
    assert set(by_hand) == set(METRICS)


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman"])
def test_what_is_undefined_is_nan(name):
    constant, varied = np.ones(4), np.arange(4.0)
    assert np.isnan(METRICS[name].compute(constant, varied))
    for n in (0, 1):
        assert np.isnan(METRICS[name].compute(np.ones(n), np.ones(n)))
    if name != "r2":
        assert np.isnan(METRICS[name].compute(varied, constant))


@pytest.mark.parametrize("name", ["pearson", "spearman", "r2"])
def test_rounding_is_no_variance(name):
    varied = np.arange(3.0)
    rounded = np.array([0.1 + 0.2, 0.3, 0.3])
    assert len(set(rounded.tolist())) == 2
    assert np.isnan(METRICS[name].compute(rounded, varied))
    assert is_constant(rounded)


@pytest.mark.parametrize("name", ["mse", "rmse", "mae"])
def test_no_rows_no_error(name):
    assert np.isnan(METRICS[name].compute(np.zeros(0), np.zeros(0)))


@given(st.lists(st.tuples(any_numbers, any_numbers), min_size=0, max_size=8))
def test_no_numbers_however_large_give_a_warning_or_leave_the_range(rows):
    y, p = np.array(rows).reshape(-1, 2).T
    for metric in (METRICS[name] for name in METRICS):
        value = metric.compute(y, p)
        low, high = metric.range
        assert np.isnan(value) or low <= value <= high


@given(pairs, st.sampled_from([1e-3, 0.5, 7.0]))
def test_units_are_as_stated(rows, factor):
    """Another unit of the target: errors scale with it, the others stay."""
    y, p = np.array(rows).T
    power = {"target": 1, "target squared": 2, "none": 0}
    for metric in (METRICS[name] for name in METRICS):
        expected = metric.compute(y, p) * factor ** power[metric.unit]
        assert metric.compute(factor * y, factor * p) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(pairs)
def test_a_perfect_prediction_has_the_best_score(rows):
    y, p = np.array(rows).T
    assume(np.abs(y - p).max() > 1e-3)
    for metric in (METRICS[name] for name in METRICS):
        best, other = metric.compute(y, y), metric.compute(y, p)
        assert best == pytest.approx(metric.range[1] if metric.greater_is_better else 0)
        assert other <= best + 1e-9 if metric.greater_is_better else other >= best


def test_every_metric_says_what_it_is():
    for name in METRICS:
        assert METRICS[name].name == name
        assert METRICS[name].formula
        assert METRICS[name].compute.__doc__
