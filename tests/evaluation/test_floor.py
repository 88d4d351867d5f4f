from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from seqexpr.evaluation import floor as module
from seqexpr.evaluation.floor import find_floor, floor_scores


def scored(y, p, *, floor=0.0, seed=0, **options):
    found = floor_scores(y, p, floor=floor, rng=np.random.default_rng(seed), **options)
    return {score.metric: score for score in found.scores}


def test_scores_by_hand():
    # Twenty at the floor predicted 0, but one of them 5; twenty active ones predicted 1..20.
    y = np.array([0.0] * 20 + list(range(20, 0, -1)))
    p = np.array([0.0] * 19 + [5.0] + list(range(1, 21)))
    found = scored(y, p)
    # Of 400 pairs, 4 are the wrong way round (1..4 below 5) and one is tied.
    assert found["auroc"].value == pytest.approx((400 - 4 - 0.5) / 400)
    assert found["spearman_active"].value == pytest.approx(-1.0)
    # Precision is 1 down to 6; at 5 there are 16 of 17, then 17 of 18 up to 20 of 21.
    precision = [1.0] * 15 + [16 / 17, 17 / 18, 18 / 19, 19 / 20, 20 / 21]
    assert found["average_precision"].value == pytest.approx(np.mean(precision))


def test_auroc_is_that_of_mann_whitney():
    rng = np.random.default_rng(1)
    y = np.where(rng.random(300) < 0.4, 0.0, rng.gamma(2, size=300))
    p = y + rng.normal(size=300)
    u = stats.mannwhitneyu(p[y > 0], p[y == 0]).statistic
    assert scored(y, p)["auroc"].value == pytest.approx(u / (y > 0).sum() / (y == 0).sum())
    wanted = stats.spearmanr(y[y > 0], p[y > 0]).statistic
    assert scored(y, p)["spearman_active"].value == pytest.approx(wanted)


def test_average_precision_is_scikit_learns_with_ties_and_weights():
    rng = np.random.default_rng(4)
    active = rng.random(200) < 0.3
    p = np.round(active + rng.normal(size=200), 1)
    counts = rng.integers(0, 4, size=200)
    auroc, precision = module._Telling(p, active).scores(counts)
    rows = np.repeat(np.arange(200), counts)
    assert auroc == pytest.approx(roc_auc_score(active[rows], p[rows]))
    assert precision == pytest.approx(average_precision_score(active[rows], p[rows]))


def test_intervals_cover_the_truth():
    # Two normal distributions a unit apart: AUROC = Φ(1/√2).
    truth, hits = stats.norm.cdf(1 / np.sqrt(2)), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        active = np.arange(200) % 2 == 1
        y = np.where(active, 1 + rng.random(200), 0.0)
        p = active + rng.normal(size=200)
        score = scored(y, p, seed=seed, n_resamples=60)["auroc"]
        hits += score.low <= truth <= score.high
    assert hits >= stats.binom.ppf(0.0005, 200, 0.92)  # 60 resamples are a few too few


def test_groups_widen_the_interval():
    rng = np.random.default_rng(2)
    family = np.repeat(np.arange(40), 5)
    y = np.where(family % 2 == 0, 0.0, 1 + rng.random(200))
    p = (y > 0) * 0.5 + rng.normal(size=40)[family]
    alone, together = scored(y, p)["auroc"], scored(y, p, groups=family)["auroc"]
    assert alone.value == together.value
    assert together.high - together.low > 1.3 * (alone.high - alone.low)


def test_a_floor_is_a_pile_at_the_lowest_value():
    rng = np.random.default_rng(3)
    values = rng.normal(size=1000)
    assert find_floor(values) is None
    assert find_floor(np.maximum(values, -1.0)) == -1.0  # 16% of a normal distribution
    assert find_floor(np.maximum(values, -2.0)) is None  # 2%
    assert find_floor(np.repeat(np.arange(10.0), 50)) is None  # levels
    assert find_floor([np.nan, *np.maximum(values, -1.0)]) == -1.0


def test_too_few_rows_have_no_scores():
    y = np.array([0.0] * 19 + [1.0] * 60)
    assert floor_scores(y, y, floor=0.0, rng=np.random.default_rng(0)) is None


def test_a_constant_prediction_orders_nothing():
    y = np.array([0.0] * 30 + list(range(1, 31)))
    found = scored(y, np.zeros(60))
    assert found["auroc"].value == 0.5
    assert found["spearman_active"].value is None
