from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, HuberRegressor
from sklearn.metrics import r2_score

from seqexpr.errors import InputError
from seqexpr.models.folds import assign_folds
from seqexpr.models.linear import ElasticNetPathRegressor, HuberKmerRegressor
from seqexpr.models.ridge import RidgePathRegressor


def library(n, p, *, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.poisson(2.0, size=(n, p)).astype(float)
    effects = np.where(np.arange(p) % 5 == 0, rng.normal(size=p), 0)
    return X, X @ effects + 3 + noise * rng.normal(size=n)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_elastic_net_agrees_with_scikit_learn_in_path_and_choice(container, l1_ratio):
    X, y = library(200, 20, noise=4.0)
    model = ElasticNetPathRegressor(l1_ratio=l1_ratio, n_alphas=15).fit(container(X), y)
    folds = assign_folds(200, n_folds=5)
    predicted = np.empty((len(model.alphas_[0]), 200))
    for fold in range(5):
        fit = folds != fold
        mean, std = X[fit].mean(axis=0), X[fit].std(axis=0)
        for i, alpha in enumerate(model.alphas_[0]):
            other = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-7, max_iter=10_000)
            other.fit((X[fit] - mean) / std, y[fit])
            predicted[i, ~fit] = other.predict((X[~fit] - mean) / std)
    wanted = [r2_score(y, row) for row in predicted]
    assert_allclose(model.cv_r2_[0], wanted, atol=4e-3)  # solved to a duality gap
    assert np.argmax(wanted) > 2
    assert wanted[int(np.argmax(model.cv_r2_[0]))] == pytest.approx(max(wanted), abs=2e-3)
    assert model.alpha_[0] == model.alphas_[0][np.argmax(model.cv_r2_[0])]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    best = ElasticNet(alpha=model.alpha_[0], l1_ratio=l1_ratio, tol=1e-8, max_iter=10_000).fit(Z, y)
    assert_allclose(model.predict(container(X)), best.predict(Z), atol=0.03 * y.std())


def test_the_path_ends_where_smaller_penalties_no_longer_help():
    X, y = library(150, 40, noise=8.0)
    model = ElasticNetPathRegressor().fit(X, y)
    assert len(model.alphas_[0]) == len(model.cv_r2_[0]) < 30
    assert 0 < np.argmax(model.cv_r2_[0]) < len(model.cv_r2_[0]) - 5


def test_lasso_leaves_most_features_out():
    X, y = library(400, 50, noise=0.5)
    coef = ElasticNetPathRegressor(l1_ratio=1.0).fit(X, y).coef_[0]
    assert (np.abs(coef[::5]) > 0.02).sum() >= 9
    assert np.abs(coef[np.arange(50) % 5 != 0]).max() < 0.05


def test_weights_act_like_repeated_rows_for_elastic_net():
    X, y = library(60, 6, noise=0.2)
    w = np.random.default_rng(0).integers(1, 4, size=60)
    weighted = ElasticNetPathRegressor(n_alphas=5).fit(X, y, sample_weight=w)
    assert np.isfinite(weighted.predict(X)).all()
    uniform = ElasticNetPathRegressor().fit(X, y, sample_weight=np.full(60, 2.0))
    assert_allclose(uniform.predict(X), ElasticNetPathRegressor().fit(X, y).predict(X))


def test_groups_stay_whole_in_the_choice_of_the_penalty():
    rng = np.random.default_rng(0)
    family = np.repeat(np.arange(40), 5)
    X = rng.poisson(2.0, size=(40, 100)).astype(float)[family] + rng.poisson(0.05, size=(200, 100))
    y = rng.normal(size=40)[family] + 0.1 * rng.normal(size=200)
    for model in (ElasticNetPathRegressor(), HuberKmerRegressor()):
        blind = type(model)().fit(X, y).alpha_[0]
        assert type(model)().fit(X, y, groups=family).alpha_[0] > 3 * blind


@pytest.mark.parametrize("model", [ElasticNetPathRegressor(), HuberKmerRegressor()])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_handful_of_rows_is_enough(model, n):
    X, y = library(n, 3)
    assert np.isfinite(model.fit(X, y).predict(X)).all()


@pytest.mark.parametrize("model", [ElasticNetPathRegressor(), HuberKmerRegressor()])
def test_nothing_to_learn_gives_the_mean(model):
    X, y = library(20, 3)
    assert_allclose(model.fit(X, np.full(20, 2.5)).predict(X), 2.5)
    assert_allclose(model.fit(np.ones((20, 3)), y).predict(np.ones((1, 3))), y.mean(), atol=y.std())


def test_huber_is_scikit_learns_on_standardised_features(container):
    X, y = library(150, 5)
    y[:10] += 100
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    other = HuberRegressor(alpha=2.0, max_iter=1000, tol=1e-4).fit(Z, (y - y.mean()) / y.std())
    wanted = other.predict(Z) * y.std() + y.mean()
    model = HuberKmerRegressor(alpha=2.0).fit(container(X), y)
    assert_allclose(model.predict(container(X)), wanted, rtol=1e-6)


def test_outliers_pull_huber_less_than_ridge():
    X, y = library(300, 10, noise=0.3)
    dirty = y.copy()
    dirty[:15] += 60
    errors = [
        np.mean((model.fit(X, dirty).predict(X) - y)[15:] ** 2)
        for model in (HuberKmerRegressor(), RidgePathRegressor())
    ]
    assert errors[0] < 0.1 * errors[1]


def test_huber_takes_a_stronger_penalty_where_there_is_less_to_learn():
    X, y = library(200, 60, noise=0.3)
    noise = np.random.default_rng(1).normal(size=200)
    clear, unclear = HuberKmerRegressor().fit(X, y), HuberKmerRegressor().fit(X, noise)
    assert unclear.alpha_[0] > 10 * clear.alpha_[0]


def test_too_few_steps_are_said():
    X, y = library(100, 10)
    with pytest.warns(ConvergenceWarning, match="huber: not converged in 2 steps; raise max_iter"):
        HuberKmerRegressor(max_iter=2).fit(X, y)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (ElasticNetPathRegressor(l1_ratio=0.0), r"l1_ratio = 0.0: must be in \(0, 1\]"),
        (ElasticNetPathRegressor(n_alphas=1), "n_alphas = 1 and n_folds = 5 must be at least 2"),
        (ElasticNetPathRegressor(n_folds=1), "n_folds = 1 must be at least 2"),
        (HuberKmerRegressor(epsilon=0.9), "epsilon = 0.9 and max_iter = 1000 must be at least 1"),
        (HuberKmerRegressor(alpha=-1.0), "alpha = -1.0: must be None or at least 0"),
    ],
)
def test_parameters_out_of_range_are_refused(model, message):
    with pytest.raises(InputError, match=message):
        model.fit(np.eye(4), np.arange(4.0))
