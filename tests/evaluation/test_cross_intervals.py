from __future__ import annotations

import numpy as np
import pytest

from seqexpr.evaluation.cross_intervals import cross_intervals

LEVEL = 0.9


@pytest.mark.parametrize("folds", [np.arange(600) % 5, np.zeros(600, int)])
def test_intervals_of_train_rows_do_not_use_their_own_fold(folds):
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=600), np.zeros(600)
    lower, upper = cross_intervals(y, p, folds=folds, rng=np.random.default_rng(1))
    assert abs(np.mean((lower <= y) & (y <= upper)) - LEVEL) < 0.04
    changed = y.copy()
    changed[0] = 1e6  # cannot move its own interval, and others only by a rank
    again, _ = cross_intervals(changed, p, folds=folds, rng=np.random.default_rng(1))
    assert again[0] == lower[0]


def test_rows_that_are_never_validated_have_no_interval():
    folds = np.where(np.arange(100) < 40, -1, np.arange(100) % 3)
    y = np.random.default_rng(0).normal(size=100)
    lower, upper = cross_intervals(y, np.zeros(100), folds=folds, rng=np.random.default_rng(1))
    assert np.isnan(lower[:40]).all()
    assert np.isfinite(upper[40:]).all()
    few = cross_intervals(
        y[:10], np.zeros(10), folds=np.arange(10) % 2, rng=np.random.default_rng(1)
    )
    assert np.isnan(few).all()  # five rows beside each fold, nine are needed
