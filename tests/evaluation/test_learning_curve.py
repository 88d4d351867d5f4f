from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.evaluation import learning_curve as module
from seqexpr.evaluation.learning_curve import measure_learning_curve, power_law


def folds_of(n, k=5, seed=0):
    fold = np.random.default_rng(seed).permutation(n) % k
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def linear_world(seed, n, *, features=20):
    rng = np.random.default_rng(seed)
    weights = np.random.default_rng(99).normal(size=features) / np.sqrt(features)
    x = rng.normal(size=(n, features))
    return x, x @ weights + rng.normal(size=n)


def fit_line(x, y):
    gram = x.T @ x + 5 * np.eye(x.shape[1])
    return np.linalg.solve(gram, x.T @ (y - y.mean())), y.mean()


def curve_of(x, y, *, seed=0, units=None, cv=None, full=None):
    def predict(fit, held):
        weights, mean = fit_line(x[fit], y[fit])
        return x[held] @ weights + mean

    return measure_learning_curve(
        predict, y, cv=folds_of(len(y), seed=seed) if cv is None else cv,
        units=np.arange(len(y)) if units is None else units, rng=np.random.default_rng(seed),
        full=full,
    )  # fmt: skip


def test_the_law_by_hand():
    # R² = .5 - .1 (1/x - 1): at twice the rows .5 + .1 / 2
    gain, exponent = power_law([0.25, 0.5, 1.0], [[0.2], [0.4], [0.5]])
    assert gain[0] == pytest.approx(0.05, abs=1e-3)
    assert exponent[0] == pytest.approx(1.0, abs=0.02)


def test_a_logarithm_gains_as_much_again():
    gain, exponent = power_law([0.25, 0.5, 1.0], [[0.3], [0.4], [0.5]])
    assert gain[0] == pytest.approx(0.1, abs=2e-3)
    assert exponent[0] == pytest.approx(0.02)


@given(
    st.lists(st.floats(-1, 1), min_size=4, max_size=4),
    st.floats(-2, 2),
    st.floats(0.1, 3),
)
def test_laws_of_the_law(r2, shift, scale):
    x = np.array([0.125, 0.25, 0.5, 1.0])
    curve = np.array(r2)[:, None]
    gain = power_law(x, curve)[0][0]
    assert gain >= 0
    assert power_law(x, scale * curve + shift)[0][0] == pytest.approx(scale * gain, abs=1e-6)
    assert power_law(x, np.sort(curve, axis=0)[::-1])[0][0] == pytest.approx(0, abs=1e-9)


def test_parts_are_nested_and_units_stay_whole():
    n = 400
    units = np.random.default_rng(3).integers(0, 120, size=n)
    fold_of = units % 4
    cv = [(np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)) for k in range(4)]
    seen = []
    y = np.random.default_rng(0).normal(size=n)

    def predict(fit, held):
        seen.append((frozenset(fit), tuple(held)))
        return np.zeros(len(held))

    curve = measure_learning_curve(predict, y, cv=cv, units=units, rng=np.random.default_rng(1))
    assert curve is not None
    for k, (fit, held) in enumerate(cv):
        parts = [rows for rows, of in seen if of == tuple(held)]
        assert len(parts) == len(curve.points), k
        assert all(a < b for a, b in itertools.pairwise(parts))
        assert parts[-1] == frozenset(fit)
        for rows in parts:
            outside = set(fit) - rows
            assert not set(units[list(rows)]) & set(units[list(outside)])


def test_the_largest_part_is_not_fitted_again():
    x, y = linear_world(0, 400)
    once = curve_of(x, y)
    full = np.full(400, np.nan)
    for fit, held in folds_of(400):
        weights, mean = fit_line(x[fit], y[fit])
        full[held] = x[held] @ weights + mean
    assert curve_of(x, y, full=full) == once


def test_few_rows_have_no_curve():
    x, y = linear_world(0, 100)
    assert curve_of(x, y) is None
    assert curve_of(*linear_world(0, 160)) is not None


def test_a_constant_target_has_no_curve():
    x, _ = linear_world(0, 400)
    assert curve_of(x, np.ones(400)) is None


def test_missing_targets_are_left_out():
    x, y = linear_world(0, 500)
    y[::5] = np.nan
    assert curve_of(x, y).n == 400


def test_many_rows_use_two_folds():
    x, y = linear_world(0, 16_000, features=4)
    curve = curve_of(x, y)
    assert curve.n == 2 * 3_200
    assert module.ENOUGH_HELD_OUT == 3_000


def test_the_gain_is_that_of_twice_the_rows():
    """95% intervals of the gain hold what fits on twice the rows really add."""
    n = 500
    fitted = int(0.8 * n)
    x_new, y_new = linear_world(10**6, 50_000)

    def truth(rows):
        scores = []
        for seed in range(60):
            weights, mean = fit_line(*linear_world(5_000 + seed, rows))
            left = y_new - x_new @ weights - mean
            scores.append(1 - np.mean(left**2) / np.var(y_new))
        return np.mean(scores)

    gain = truth(2 * fitted) - truth(fitted)
    curves = [curve_of(*linear_world(seed, n), seed=seed) for seed in range(150)]
    held = np.mean([curve.low <= gain <= curve.high for curve in curves])
    assert held > 0.95 - 3.3 * np.sqrt(0.95 * 0.05 / 150)
    assert np.mean([curve.gain for curve in curves]) == pytest.approx(gain, abs=0.01)
