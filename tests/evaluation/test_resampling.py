from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.resampling import Bootstrap, score_intervals


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(5, 40), st.booleans())
def test_each_resample_is_the_score_of_the_rows_drawn(seed, n, grouped):
    """The fast sums and weighted ranks equal the plain metric on the repeated rows."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 6, size=n).astype(float)  # ties on purpose
    p = np.round(y + rng.normal(size=n), 1)
    groups = rng.integers(0, 4, size=n) if grouped else None
    bootstrap = Bootstrap(n, groups, n_resamples=5, rng=np.random.default_rng(seed))
    fast = bootstrap.scores(y, p)
    for i, counts in enumerate(bootstrap._counts()):
        rows = np.repeat(np.arange(n), counts[bootstrap._group])
        for name in METRICS:
            plain = METRICS[name].compute(y[rows], p[rows]) if len(rows) else np.nan
            if np.isnan(plain):
                assert not np.isfinite(fast[name][i])
            else:
                assert fast[name][i] == pytest.approx(plain, rel=1e-7, abs=1e-9)


def test_models_are_scored_on_the_same_resamples():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(2, 50))
    bootstrap = Bootstrap(50, rng=rng)
    np.testing.assert_array_equal(bootstrap.scores(y, p)["mse"], bootstrap.scores(y, p)["mse"])


def coverage(draw, truth, *, n_seeds, grouped):
    covered = 0
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        y, p, groups = draw(rng)
        interval = score_intervals(
            y, p, groups=groups if grouped else None, n_resamples=300, rng=rng
        )["mse"]
        covered += interval.low <= truth <= interval.high
    return covered / n_seeds


def test_intervals_of_independent_rows_cover_at_the_stated_level():
    def draw(rng):
        y = rng.normal(size=150)
        return y, y + rng.normal(size=150), None

    # Percentile intervals of a mean square run slightly short; 300 seeds give a standard error of 1.3%.
    assert 0.90 <= coverage(draw, 1.0, n_seeds=300, grouped=False) <= 0.98


def test_only_resampling_groups_covers_when_rows_of_a_group_agree():
    def draw(rng):
        groups = np.repeat(np.arange(60), 8)
        error = np.repeat(rng.normal(size=60), 8)
        y = rng.normal(size=480)
        return y, y + error, groups

    assert coverage(draw, 1.0, n_seeds=200, grouped=True) >= 0.88
    assert coverage(draw, 1.0, n_seeds=200, grouped=False) <= 0.70


def test_scores_that_are_undefined_have_no_interval():
    result = score_intervals([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], rng=np.random.default_rng(0))
    assert np.isnan(result["pearson"].value)
    assert np.isnan(result["pearson"].low)
    assert result["mse"].low <= result["mse"].value


def test_missing_rows_are_left_out_and_counted():
    result = score_intervals(
        [1.0, np.nan, 3.0, 4.0], [1.0, 2.0, np.nan, 5.0], rng=np.random.default_rng(0)
    )
    assert result["mse"].n == 2
    assert result["mse"].value == pytest.approx(0.5)


def test_one_group_gives_a_value_without_an_interval():
    result = score_intervals(
        [1.0, 2.0], [1.0, 3.0], groups=["a", "a"], rng=np.random.default_rng(0)
    )
    assert result["mse"].value == 0.5
    assert np.isnan(result["mse"].low)


def test_very_many_rows_get_fewer_resamples():
    assert Bootstrap(100_000, rng=np.random.default_rng(0)).n_resamples == 500
    assert Bootstrap(10**7, rng=np.random.default_rng(0)).n_resamples == 200


def test_wrong_arguments():
    with pytest.raises(InputError, match="level"):
        Bootstrap(3, level=1.0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="groups has 2 rows, expected 3"):
        Bootstrap(3, ["a", "b"], rng=np.random.default_rng(0))
