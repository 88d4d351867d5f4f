"""Noise of measured values: by hand, against known noise, and weights that help."""

import numpy as np
import pytest

from seqexpr.data.dataset import Dataset
from seqexpr.errors import InputError
from seqexpr.evaluation.noise import measurement_noise, replicate_noise, weights_from_noise
from seqexpr.models.targets import TargetTransform


def dataset(y, **columns):
    sequences = np.full(len(y), "ACGT", dtype=object)
    return Dataset(sequences, np.asarray(y, float), target_names=("y",), **columns)


def scale(y, kind="none"):
    return TargetTransform.fit(np.asarray(y, float), kind)


def simulated(rng, n=400, r=3, *, missing=0.0, offset=0.0):
    x = rng.normal(size=(n, 1)) + rng.normal(0, 0.5, (n, r)) + offset * np.arange(r)
    x[rng.random((n, r)) < missing] = np.nan
    return x[np.isfinite(x).any(axis=1)]


def test_offsets_of_replicates_are_no_noise():
    x = np.arange(10.0)[:, None] + [0.0, 5.0]
    noise, _ = replicate_noise(x, x.mean(axis=1))
    np.testing.assert_allclose(noise.variances, 0, atol=1e-20)


def test_missing_replicates_make_a_mean_noisier():
    rng = np.random.default_rng(1)
    x = simulated(rng, 20_000, missing=0.3, offset=0.0)
    noise, _ = replicate_noise(x, np.nanmean(x, axis=1))
    r = np.isfinite(x).sum(axis=1)
    np.testing.assert_allclose(noise.variances, 0.25 / r, rtol=0.03)
    assert np.isnan(noise.own[r == 1]).all()
    assert np.isfinite(noise.own[r > 1]).all()


def test_noise_follows_the_scale_of_the_target():
    rng = np.random.default_rng(2)
    x = simulated(rng)
    one, _ = replicate_noise(x, x.mean(axis=1))
    other, _ = replicate_noise(x, 7 - 3 * x.mean(axis=1))
    np.testing.assert_allclose(other.own, 9 * one.own)


def test_replicates_on_another_scale_give_no_noise():
    rng = np.random.default_rng(3)
    x = simulated(rng)
    noise, why = replicate_noise(x, np.exp(3 * x.mean(axis=1)))
    assert noise is None
    assert why.startswith("the target is not the mean of its replicates")


def test_replicates_come_before_standard_errors():
    x = simulated(np.random.default_rng(4))
    data = dataset(x.mean(axis=1), replicates=x, standard_errors=np.ones(len(x)))
    noise, _ = measurement_noise(data, scale(data.targets))
    assert noise.source == "replicates"
    assert noise.n_replicates == 3


def test_standard_errors_go_to_the_scale_of_the_model():
    y, se = np.array([1.0, 2, 4, 9]), np.array([0.1, 0.2, np.nan, 0.9])
    data = dataset(y, standard_errors=se)
    plain, _ = measurement_noise(data, scale(y))
    log2, _ = measurement_noise(data, scale(y, "log2"))
    zscore, _ = measurement_noise(data, scale(y, "zscore"))
    np.testing.assert_allclose(plain.variances, se**2)
    np.testing.assert_allclose(log2.variances, (se / y / np.log(2)) ** 2)
    np.testing.assert_allclose(zscore.variances, (se / y.std()) ** 2)
    assert measurement_noise(data, scale(y, "rank")) == (
        None,
        "standard errors do not hold on ranks",
    )


def test_the_delta_method_holds_on_simulated_logarithms():
    rng = np.random.default_rng(5)
    draws = np.log2(8 + rng.normal(0, 0.4, 200_000))
    data = dataset([8.0, 4.0], standard_errors=np.array([0.4, 0.1]))
    noise, _ = measurement_noise(data, scale([8.0, 4.0], "log2"))
    assert noise.variances[0] == pytest.approx(draws.var(), rel=0.02)


def test_reads_tell_the_noise_of_a_logarithm_only():
    y, reads = np.array([100.0, 400.0]), np.array([100.0, 400.0])
    data = dataset(y, reads=reads)
    noise, _ = measurement_noise(data, scale(y, "log2"))
    counts = np.random.default_rng(6).poisson(400, 200_000)
    assert noise.variances[1] == pytest.approx(np.log2(counts).var(), rel=0.02)
    nothing, why = measurement_noise(data, scale(y))
    assert nothing is None
    assert "--transform log2" in why


def test_weights_by_hand():
    weights = weights_from_noise([0, 2, 4, 2], [0, 1, 1, np.nan])
    between = 4 - 2 / 3  # variance of 0, 2, 4 less the mean noise; the last noise is the median
    expected = 1 / (between + np.array([0, 1, 1, 1]))
    np.testing.assert_allclose(weights, expected / expected.mean())


def test_no_row_takes_all_the_weight():
    variances = np.full(1000, 5.0)
    variances[0] = 0
    weights = weights_from_noise(np.random.default_rng(7).normal(0, 0.1, 1000), variances)
    assert weights.max() < 11
    assert weights.mean() == pytest.approx(1)


def test_weights_without_noise_are_refused():
    with pytest.raises(InputError, match="rows of known noise"):
        weights_from_noise([1.0, 2.0], [np.nan, np.nan])


def test_weights_make_a_ridge_better_where_noise_is_unequal():
    rng = np.random.default_rng(8)
    gains = []
    for _ in range(50):
        x = rng.normal(size=(300, 30))
        beta = rng.normal(size=30) / 30**0.5
        errors = np.where(rng.random(300) < 0.5, 0.1, 3.0)
        y = x @ beta + rng.normal(size=300) * errors
        losses = []
        for w in (np.ones(300), weights_from_noise(y, errors**2)):
            fitted = np.linalg.solve((x.T * w) @ x + np.eye(30), (x.T * w) @ y)
            losses.append(((fitted - beta) ** 2).sum())
        gains.append(losses[1] / losses[0])
    assert np.mean(gains) < 0.6
