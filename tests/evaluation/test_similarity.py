from __future__ import annotations

import json

import numpy as np

from seqexpr.evaluation.similarity import score_by_similarity


def test_bins_are_scored_apart_and_hold_their_lower_border():
    y = np.array([1.0, 2, 3, 6, 1, 2, 3])
    p = np.array([2.0, 2, 2, 4, 1, 2, 3])
    near = np.array([np.nan] * 4 + [0.9, 0.9, 0.94])
    far, close = score_by_similarity(y, p, near, rng=np.random.default_rng(0))
    assert (far.low, far.high, far.n) == (None, None, 4)
    # By hand, as in docs/evaluation.md: 1 - 6 / 14.
    assert np.isclose(far.r2.value, 8 / 14)
    assert (close.low, close.high, close.n, close.r2.value) == (0.9, 0.95, 3, 1.0)


def test_a_model_that_copies_its_nearest_neighbour_falls_with_distance():
    rng = np.random.default_rng(1)
    near = rng.uniform(0.5, 1, size=4_000)
    y = rng.normal(size=4_000)
    p = np.where(rng.random(4_000) < near**4, y, rng.normal(size=4_000))
    rows = score_by_similarity(y, p, near, rng=rng)
    values = [row.pearson.value for row in rows]
    assert values == sorted(values)
    for row in rows:
        assert row.pearson.low < np.mean(near[(near >= row.low) & (near < row.high)] ** 4)
        assert row.pearson.high > np.mean(near[(near >= row.low) & (near < row.high)] ** 4)


def test_rows_that_are_not_measured_are_left_out_and_it_is_json():
    y, p = np.array([1.0, 1, 1, np.nan]), np.array([1.0, 2, 3, 4])
    (row,) = score_by_similarity(y, p, np.ones(4), rng=np.random.default_rng(0))
    assert row.n == 3
    assert json.loads(json.dumps(row.to_dict(), allow_nan=False))["r2"]["value"] is None
