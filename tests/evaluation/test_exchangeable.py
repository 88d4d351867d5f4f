"""Conformal ranks with groups: by hand, and crepes as oracle without groups."""

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.exchangeable import equal_weight_scores, groups_needed


def test_without_groups_scores_are_left_alone_and_crepes_agrees():
    from crepes import ConformalRegressor

    rng = np.random.default_rng(0)
    scores = rng.exponential(size=123)
    kept = equal_weight_scores(scores, np.ones(123))
    np.testing.assert_array_equal(kept, np.sort(scores))
    regressor = ConformalRegressor().fit(scores)
    for level in (0.5, 0.83, 0.95):
        bound = regressor.predict_int(np.zeros(1), confidence=level)[0, 1]
        assert bound == kept[int(np.ceil(level * 124)) - 1]


def test_equal_weight_scores_have_the_quantiles_of_the_weighted_ones():
    # Groups {1, 2}, {3}, {4, 5, 6}: weight up to 3 is 2, up to 4 is 2 1/3, up to 6 is 3;
    # one group weight lies below 2.
    scores = np.array([1.0, 2, 3, 4, 5, 6])
    weights = np.array([1 / 2, 1 / 2, 1, 1 / 3, 1 / 3, 1 / 3])
    assert equal_weight_scores(scores, weights).tolist() == [2.0, 3.0, 6.0]


def test_thinning_keeps_the_quantiles_and_never_narrows():
    scores = np.random.default_rng(0).exponential(size=30_011)
    kept = equal_weight_scores(scores, np.ones(30_011), at_most=200)
    assert len(kept) == 200
    for k in (1, 100, 180, 200):
        exact = np.quantile(scores, k / 201)
        assert exact * 0.98 <= kept[k - 1] <= exact * 1.02
        # At least the share k / 201 of n + 1 lies at or below.
        assert (scores <= kept[k - 1]).sum() >= k / 201 * 30_012


def test_groups_needed_by_hand():
    # The largest of n scores has rank n; ceil(0.9 (n + 1)) <= n from n = 9 on.
    assert [groups_needed(level) for level in (0.5, 0.8, 0.9, 0.99)] == [1, 4, 9, 99]
    for level in (0.0, 1.0, -1.0, 2.0):
        with pytest.raises(InputError, match="must be between 0 and 1"):
            groups_needed(level)
