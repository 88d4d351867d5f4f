from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from seqexpr.errors import InputError
from seqexpr.models.folds import assign_folds
from seqexpr.models.ridge import RidgePathRegressor

EXACT = {"tol": 1e-12, "max_iter": 300}


def library(n, p, *, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.poisson(rng.uniform(0.2, 3, size=p), size=(n, p)).astype(float)
    return X, X @ rng.normal(size=p) + noise * rng.normal(size=n)


@settings(max_examples=20)
@given(
    n=st.integers(2, 60),
    p=st.integers(1, 60),
    alpha=st.sampled_from([0.01, 1.0, 30.0, 1e4]),
    is_sparse=st.booleans(),
    is_weighted=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_one_penalty_gives_scikit_learns_ridge(n, p, alpha, is_sparse, is_weighted, seed):
    X, y = library(n, p, seed=seed)
    w = np.random.default_rng(seed).uniform(0.1, 3, size=n) if is_weighted else None
    wanted = Ridge(alpha=alpha, solver="cholesky").fit(X, y, sample_weight=w)
    model = RidgePathRegressor(alphas=(alpha,), column_scale="none", **EXACT)
    model.fit(sparse.csr_matrix(X) if is_sparse else X, y, sample_weight=w)
    size = np.abs(y).max()
    assert_allclose(model.predict(X), wanted.predict(X), atol=1e-6 * size)
    assert_allclose(model.coef_[0], wanted.coef_, atol=1e-6 * size)


@pytest.mark.parametrize(("column_scale", "power"), [("std", 1.0), ("sqrt_std", 0.5)])
def test_columns_are_scaled_as_named(column_scale, power):
    X, y = library(80, 6)
    scaled = X / X.std(axis=0) ** power
    wanted = Ridge(alpha=5.0).fit(scaled, y).predict(scaled)
    model = RidgePathRegressor(alphas=(5.0,), column_scale=column_scale, **EXACT).fit(X, y)
    assert_allclose(model.predict(X), wanted, rtol=1e-8)


def test_the_path_agrees_with_a_fit_for_each_penalty_and_fold(container):
    X, y = library(120, 30, noise=6.0)
    Z = StandardScaler().fit_transform(X)
    alphas = np.geomspace(0.1, 1000, 9)
    folds = assign_folds(120, n_folds=5, random_state=7)
    predicted = np.empty((9, 120))
    for i, alpha in enumerate(alphas):
        for fold in range(5):
            other = Ridge(alpha=alpha).fit(Z[folds != fold], y[folds != fold])
            predicted[i, folds == fold] = other.predict(Z[folds == fold])
    wanted = [r2_score(y, row) for row in predicted]
    model = RidgePathRegressor(alphas=alphas, column_scale="std", random_state=7, **EXACT)
    model.fit(container(X), y)
    best = int(np.argmax(wanted))
    assert 0 < best < 8
    assert model.alpha_[0] == alphas[best]
    assert_allclose(model.cv_r2_[0][best - 1 :], wanted[best - 1 :], rtol=1e-7)


def test_the_choice_is_that_of_ridge_cv():
    X, y = library(300, 40, noise=8.0)
    alphas = np.geomspace(0.1, 1e4, 8)
    folds = assign_folds(300, n_folds=5, random_state=42)
    cv = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(5)]
    peer = RidgeCV(alphas=alphas, cv=cv).fit(X, y)
    model = RidgePathRegressor(alphas=alphas, column_scale="none").fit(sparse.csr_matrix(X), y)
    assert model.alpha_[0] == peer.alpha_
    assert_allclose(model.predict(X), peer.predict(X), atol=0.02 * y.std())


def test_single_precision_changes_nothing_that_matters():
    X, y = library(400, 200, noise=5.0)
    wide = RidgePathRegressor(tol=1e-4).fit(X, y)
    narrow = RidgePathRegressor(tol=1e-4).fit(sparse.csr_matrix(X.astype(np.float32)), y)
    assert narrow.alpha_[0] == pytest.approx(wide.alpha_[0], rel=1e-5)
    assert_allclose(narrow.predict(X), wide.predict(X), atol=1e-3 * y.std())


def test_the_number_of_threads_changes_nothing(monkeypatch):
    monkeypatch.setattr("seqexpr.models.krylov._SMALL", 10)
    X, y = library(200, 50)
    X32 = sparse.csr_matrix(X.astype(np.float32))
    one, two = (RidgePathRegressor(n_jobs=jobs).fit(X32, y) for jobs in (1, 2))
    assert (one.coef_ == two.coef_).all()


@settings(max_examples=20)
@given(shift=st.floats(-1e3, 1e3), factor=st.floats(0.01, 100), seed=st.integers(0, 100))
def test_predictions_move_with_the_target(shift, factor, seed):
    X, y = library(50, 10, seed=seed)
    plain, moved = RidgePathRegressor(), RidgePathRegressor()
    plain.fit(X, y), moved.fit(X, factor * y + shift)
    assert moved.alpha_[0] == pytest.approx(plain.alpha_[0])
    atol = 1e-6 * (abs(shift) + factor * np.abs(y).max())
    assert_allclose(moved.predict(X), factor * plain.predict(X) + shift, atol=atol)


def test_the_path_is_lengthened_towards_the_best():
    X, y = library(500, 10, noise=1e-4)
    sharp = RidgePathRegressor().fit(X, y)
    assert len(sharp.alphas_[0]) > 10
    assert sharp.alpha_[0] < sharp.alphas_[0][-10] * 1.001
    noise = np.random.default_rng(0).normal(size=500)
    flat = RidgePathRegressor().fit(X, noise)
    assert len(flat.alphas_[0]) > 10
    assert np.abs(flat.predict(X) - noise.mean()).max() < 0.05
    given = RidgePathRegressor(alphas=(1e5, 1e6)).fit(X, y)
    assert given.alphas_[0].tolist() == [1e5, 1e6]  # the user's own are not added to


def test_groups_keep_relatives_out_of_the_validation_rows():
    # 60 families of 5 near copies whose level is the family's own: nothing to generalise.
    rng = np.random.default_rng(0)
    parents = rng.poisson(2.0, size=(60, 200)).astype(float)
    family = np.repeat(np.arange(60), 5)
    X = parents[family] + rng.poisson(0.05, size=(300, 200))
    y = rng.normal(size=60)[family] + 0.1 * rng.normal(size=300)
    blind = RidgePathRegressor().fit(X, y)
    careful = RidgePathRegressor().fit(X, y, groups=family)
    assert blind.cv_r2_[0].max() > 0.8
    assert careful.cv_r2_[0].max() < 0.1
    assert careful.alpha_[0] > 10 * blind.alpha_[0]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_rows_is_enough(n, container):
    X, y = library(n, 4)
    predicted = RidgePathRegressor().fit(container(X), y).predict(container(X))
    assert np.isfinite(predicted).all()
    assert predicted.mean() == pytest.approx(y.mean())


def test_constant_features_or_targets_give_the_mean(counts):
    X = counts(20, 3)
    assert RidgePathRegressor().fit(X, np.full(20, 2.5)).predict(X).tolist() == [2.5] * 20
    flat = RidgePathRegressor().fit(np.full((4, 3), 7.0), [1.0, 2.0, 3.0, 6.0])
    assert flat.predict(np.zeros((1, 3))).tolist() == [3.0]
    assert flat.n_iter_.tolist() == [0]
    X[:, 1] = 0.1  # constant up to rounding: not to be blown up
    assert RidgePathRegressor().fit(X, X[:, 0]).coef_[0, 1] == 0


def test_rows_of_weight_zero_are_as_if_they_were_not_there(container):
    X, y = library(60, 8)
    w = np.ones(60)
    w[40:] = 0
    found = RidgePathRegressor().fit(container(X), np.where(w > 0, y, 1e6), sample_weight=w)
    wanted = RidgePathRegressor().fit(container(X[:40]), y[:40])
    assert_allclose(found.predict(X), wanted.predict(X))


def test_folds_without_weight_elsewhere_do_not_break_it():
    X, y = library(10, 3)
    w = np.full(10, 1e-300)
    w[0] = 1.0
    assert np.isfinite(RidgePathRegressor().fit(X, y, sample_weight=w).predict(X)).all()


def test_too_few_steps_are_said():
    X, y = library(200, 80)
    with pytest.warns(ConvergenceWarning, match="not converged in 1 steps; raise max_iter or tol"):
        RidgePathRegressor(alphas=(1e-3,), max_iter=1, tol=1e-9).fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"column_scale": "stdd"},
            "column_scale = 'stdd': must be one of 'none', .*did you mean 'std'",
        ),
        ({"n_folds": 1}, "n_folds = 1: must be at least 2"),
        ({"tol": 0.0}, "tol = 0.0 positive"),
        ({"max_iter": 0}, "max_iter = 0 must be at least 1"),
        ({"alphas": ()}, r"alphas = \(\): expected positive numbers"),
        ({"alphas": (1.0, -1.0)}, "alphas = .*: expected positive numbers"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        RidgePathRegressor(**parameters).fit(np.eye(3), [1.0, 2.0, 3.0])
