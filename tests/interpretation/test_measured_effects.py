"""Regression with intervals that hold whatever the errors."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.interpretation.measured_effects import regress_each, regress_robustly


def test_by_hand():
    # Two groups of two: the difference of means is 4; residuals are 1, leverages 1/2, so that
    # HC3 squares residuals over 1/2: 4 each; the variance of the difference is 4 * 4 / 2**2.
    # Two rows have it: one degree of freedom.
    x = np.array([[0.0], [0.0], [1.0], [1.0]])
    (found,) = regress_robustly(x, np.array([0.0, 2.0, 4.0, 6.0]), names=1)
    assert found.value == pytest.approx(4.0)
    assert (found.high - found.low) / 2 == pytest.approx(12.706204736432095 * 2.0)


def test_least_squares_is_that_of_numpy():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    weights = rng.uniform(0.5, 2, size=50)
    found = regress_robustly(x, y, names=3, weights=weights)
    root = np.sqrt(weights)[:, None]
    wanted = np.linalg.lstsq(np.column_stack([np.ones(50), x]) * root, y * root[:, 0], rcond=None)[
        0
    ]
    np.testing.assert_allclose([item.value for item in found], wanted[1:])


def test_one_at_a_time_is_each_beside_the_others():
    rng = np.random.default_rng(2)
    columns = (rng.random((60, 3)) < 0.3).astype(float)
    beside = np.column_stack([rng.normal(size=(60, 2)), columns[:, 2]])  # the third is no news
    y, weights = rng.normal(size=60), rng.uniform(0.5, 2, size=60)
    found = regress_each(columns, beside, y, weights=weights)
    for column, one in zip(columns.T[:2], found, strict=False):
        (wanted,) = regress_robustly(np.column_stack([column, beside]), y, names=1, weights=weights)
        assert [one.value, one.low, one.high, one.p_value] == pytest.approx(
            [wanted.value, wanted.low, wanted.high, wanted.p_value]
        )
        assert one.n_with == wanted.n_with
    assert np.isnan(found[2].value)


def test_what_cannot_be_told_is_nan():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, size=40).astype(float)
    design = np.column_stack([x, 1 - x, np.ones(40), rng.normal(size=40)])
    found = regress_robustly(design, rng.normal(size=40), names=4)
    assert [np.isnan(item.value) for item in found] == [True, True, True, False]
    assert found[0].p_value == 1.0
    assert np.isnan(regress_robustly(np.eye(3), np.ones(3), names=1)[0].low)


def test_intervals_cover_and_p_values_are_uniform_with_unequal_errors():
    rng = np.random.default_rng(1)
    covered, low_p = [], []
    for _ in range(400):
        x = (rng.random(150) < 0.2).astype(float)
        other = rng.normal(size=150)
        y = 0.7 * x + other + rng.normal(size=150) * np.where(x > 0, 2.0, 0.5)
        effect, none = regress_robustly(
            np.column_stack([x, rng.normal(size=150), other]), y, names=2
        )
        covered.append(effect.low <= 0.7 <= effect.high)
        low_p.append(none.p_value < 0.05)
    assert 0.92 <= np.mean(covered) <= 0.98  # 95% within two standard errors
    assert 0.025 <= np.mean(low_p) <= 0.08
