from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from seqexpr.evaluation.metrics import METRICS

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=30).filter(
    lambda rows: len({r[0] for r in rows}) > 1 and len({r[1] for r in rows}) > 1
)


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


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman"])
def test_what_is_undefined_is_nan(name):
    constant, varied = np.ones(4), np.arange(4.0)
    assert np.isnan(METRICS[name].compute(constant, varied))
    assert np.isnan(METRICS[name].compute(np.ones(1), np.ones(1)))
    if name != "r2":
        assert np.isnan(METRICS[name].compute(varied, constant))


@pytest.mark.parametrize("name", ["mse", "rmse", "mae"])
def test_no_rows_no_error(name):
    assert np.isnan(METRICS[name].compute(np.zeros(0), np.zeros(0)))
