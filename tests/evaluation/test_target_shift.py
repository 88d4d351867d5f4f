from __future__ import annotations

import numpy as np
import pytest

from seqexpr.evaluation.target_shift import measure_target_shift


def shift_of(train, test, units=None, seed=0):
    train, test = np.asarray(train, float), np.asarray(test, float)
    own = (np.arange(len(train)), np.arange(len(test))) if units is None else units
    return measure_target_shift(train, test, units=own, rng=np.random.default_rng(seed))


def test_by_hand():
    found = shift_of([0, 2, 4], [5, 9])  # mean 2, sd 2; mean 7, sd √8
    assert found.difference == pytest.approx(2.5)
    assert found.spread == pytest.approx(np.sqrt(2))
    assert (found.n_train, found.n_test) == (3, 2)


def test_missing_values_are_left_out():
    assert shift_of([0, 2, 4, np.nan], [5, 9, np.nan]).difference == pytest.approx(2.5)


def test_nothing_to_compare():
    assert shift_of([1, 1, 1], [1, 2]) is None
    assert shift_of([1, 2, 3], [np.nan, 2]) is None


@pytest.mark.parametrize("size", [1, 5])
def test_the_interval_holds_no_shift_where_there_is_none(size):
    """Rows alone, and units of five that share half of their variance."""
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        units = [np.arange(400) // size, np.arange(150) // size]
        values = [
            rng.normal(size=len(u)) + rng.normal(size=u.max() + 1)[u] for u in units
        ]  # fmt: skip
        found = shift_of(*values, units=tuple(units), seed=seed)
        held += found.low <= 0 <= found.high
    assert held / 200 > 0.95 - 3.3 * np.sqrt(0.95 * 0.05 / 200)
