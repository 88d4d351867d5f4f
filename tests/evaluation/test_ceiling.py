"""Ceilings: by hand, against published formulas, and against truths that are known."""

import json

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation import ceiling as module
from seqexpr.evaluation.ceiling import noise_ceiling
from seqexpr.evaluation.noise import MeasurementNoise, replicate_noise


def known(variances):
    return MeasurementNoise("standard errors", "known", variances, variances)


def ceiling_of(y, noise, seed=0, **options):
    return noise_ceiling(y, noise, target="y", rng=np.random.default_rng(seed), **options)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "_SIMULATED", 300)


def test_by_hand(quick):
    y = np.repeat([0.0, 2.0], 10)  # variance 20/19
    found = ceiling_of(y, known(np.full(20, 0.5)))
    assert found.r2.value == pytest.approx(1 - 0.5 * 19 / 20)
    assert found.pearson.value == pytest.approx(found.r2.value**0.5)
    assert found.noise_variance == pytest.approx(0.5)


def test_with_all_replicates_it_is_the_consistency_of_their_mean(quick):
    """Cronbach's alpha, which is ICC(C,k) and for equal variances Spearman-Brown."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 1)) + rng.normal(0, 0.8, (200, 3)) + [0, 1, 3]
    covariance = np.cov(x.T)
    alpha = 3 / 2 * (1 - np.trace(covariance) / covariance.sum())
    noise, _ = replicate_noise(x, x.mean(axis=1))
    assert ceiling_of(x.mean(axis=1), noise).r2.value == pytest.approx(alpha)


def test_spearman_of_normal_values_has_a_closed_form():
    y = np.random.default_rng(2).normal(size=4000)
    for rho in (0.3, 0.6, 0.9):
        found = ceiling_of(y, known(np.full(4000, (1 - rho) * y.var(ddof=1))), n_resamples=1)
        expected = 6 / np.pi * np.arcsin(np.sqrt(rho) / 2)
        assert found.spearman.value == pytest.approx(expected, abs=0.015)


def test_a_perfect_model_reaches_the_ceiling_and_no_more():
    rng = np.random.default_rng(3)
    truth = rng.gamma(2.0, size=20_000)
    v = rng.uniform(0, 2, 20_000)
    y = truth + rng.normal(size=20_000) * np.sqrt(v)
    found = ceiling_of(y, known(v), predictions={"perfect": truth}, n_resamples=200)
    for share in found.shares:
        # Spearman's is approximate: noise also blurs the shape that stands for the truth.
        assert share.value == pytest.approx(1, abs=0.04 if share.metric == "spearman" else 0.02)
    r2 = found.shares[0]
    assert r2.low < 1 < r2.high


def test_no_noise_no_ceiling_below_one(quick):
    y = np.random.default_rng(4).normal(size=50)
    found = ceiling_of(y, known(np.zeros(50)))
    assert (found.r2.value, found.pearson.value, found.spearman.value) == (1, 1, 1)


def test_more_noise_than_variance_leaves_nothing_to_share(quick):
    y = np.random.default_rng(5).normal(size=50)
    found = ceiling_of(y, known(np.full(50, 9.0)), predictions={"m": y})
    assert found.r2.value == 0
    assert {share.value for share in found.shares} == {None}


def test_what_is_not_known_stays_out(quick):
    rng = np.random.default_rng(6)
    y, v = rng.normal(size=60), np.full(60, 0.2)
    v[:30] = np.nan
    y[59] = np.nan
    assert ceiling_of(y, known(v)).n == 29
    v[:45] = np.nan
    assert ceiling_of(y, known(v)) is None
    assert ceiling_of(np.ones(60), known(np.ones(60))) is None
    with pytest.raises(InputError, match="noise has shape"):
        ceiling_of(y[:10], known(v))


def test_one_group_has_no_interval(quick):
    y = np.random.default_rng(7).normal(size=50)
    found = ceiling_of(y, known(np.full(50, 0.2)), groups=np.full(50, "a"), predictions={"m": y})
    assert found.r2.low is None
    assert found.shares[0].low is None


def test_it_fits_json(quick):
    y = np.random.default_rng(8).normal(size=50)
    shown = ceiling_of(y, known(np.full(50, 0.2)), predictions={"m": y, "c": y * 0}).to_dict()
    document = json.loads(json.dumps(shown, allow_nan=False))
    assert document["r2"].keys() == {"value", "low", "high"}
    assert document["shares"][0].keys() == {"model", "metric", "value", "low", "high"}
    assert [s["value"] for s in document["shares"] if s["model"] == "c"][1] is None


def covered(make, true, *, seeds=200):
    """Share of the 95% intervals of R² that hold the true ceiling, and the mean of its values."""
    hits, values = 0, []
    for seed in range(seeds):
        y, noise, groups = make(np.random.default_rng(seed))
        bound = ceiling_of(y, noise, seed, groups=groups, n_resamples=100).r2
        hits += bound.low <= true <= bound.high
        values.append(bound.value)
    return hits / seeds, np.mean(values)


def with_replicates(r, missing):
    def make(rng):
        x = rng.normal(size=(300, 1)) + rng.normal(0, 0.7, (300, r))
        x[rng.random(x.shape) < missing] = np.nan
        x = x[np.isfinite(x).any(axis=1)]
        y = np.nanmean(x, axis=1)
        return y, replicate_noise(x, y)[0], None

    return make


def expected_share(r, missing):
    from math import comb

    odds = np.array([comb(r, k) * (1 - missing) ** k * missing ** (r - k) for k in range(r + 1)])
    odds = odds[1:] / odds[1:].sum()
    return 1 / (1 + 0.49 * (odds / np.arange(1, r + 1)).sum())


@pytest.mark.parametrize(("r", "missing"), [(2, 0.0), (3, 0.0), (3, 0.25)])
def test_intervals_hold_the_true_ceiling_with_replicates(quick, r, missing):
    share, mean = covered(with_replicates(r, missing), expected_share(r, missing))
    assert share >= 0.93
    assert mean == pytest.approx(expected_share(r, missing), abs=0.01)


def test_intervals_hold_the_true_ceiling_with_unequal_errors(quick):
    def make(rng):
        v = rng.gamma(1.0, 0.5, 300)
        return rng.normal(size=300) + rng.normal(size=300) * np.sqrt(v), known(v), None

    share, mean = covered(make, 1 / 1.5)
    assert share >= 0.93
    assert mean == pytest.approx(1 / 1.5, abs=0.01)


def test_intervals_hold_the_true_ceiling_with_families(quick):
    family = np.repeat(np.arange(100), 4)

    def make(rng):
        truth = rng.normal(size=100)[family] * 0.8**0.5 + rng.normal(size=400) * 0.2**0.5
        x = truth[:, None] + rng.normal(0, 0.7, (400, 2))
        y = x.mean(axis=1)
        return y, replicate_noise(x, y)[0], family.astype(str).astype(object)

    share, _ = covered(make, 1 / 1.245, seeds=600)
    assert share >= 0.93
