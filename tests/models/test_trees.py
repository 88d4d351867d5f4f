from __future__ import annotations

import pickle

import lightgbm
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from seqexpr.bundle.boosters import check_booster
from seqexpr.errors import InputError
from seqexpr.models.trees import LightGBMRegressor

QUICK = {"n_estimators": 20}


def library(n=300, p=8, *, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.poisson(1.0, size=(n, p)).astype(float)
    return X, (X[:, 0] > 0) * (X[:, 1] > 0) * 2.0 + 0.1 * rng.normal(size=n)


def test_it_learns_what_features_say_together():
    X, y = library(2000)
    new, truth = library(500, seed=1)
    error = LightGBMRegressor(colsample_bytree=1.0).fit(X, y).predict(new) - truth
    assert np.var(error) < 0.05 * np.var(truth)


def test_sparse_and_dense_and_every_number_of_threads_give_the_same():
    X, y = library()
    wanted = LightGBMRegressor(**QUICK).fit(X, y).predict(X)
    counts = X.astype(np.uint8)  # put into bins batch by batch
    for matrix in (sparse.csr_matrix(X), sparse.csr_matrix(X.astype(np.float32)), counts):
        for changes in ({}, {"n_jobs": 2}, {"enable_bundle": False}):
            model = LightGBMRegressor(**QUICK, **changes).fit(matrix, y)
            assert_array_equal(model.predict(matrix), wanted)


def test_another_seed_gives_other_trees():
    X, y = library()
    assert (
        LightGBMRegressor(**QUICK, random_state=1).fit(X, y).boosters_
        != LightGBMRegressor(**QUICK).fit(X, y).boosters_
    )


def test_predictions_move_with_the_target_however_large_or_small():
    X, y = library()
    wanted = LightGBMRegressor(**QUICK).fit(X, y).predict(X)
    for factor, shift in ((1e-12, 0.0), (1e12, 0.0), (1.0, 1e6)):
        moved = LightGBMRegressor(**QUICK).fit(X, factor * y + shift).predict(X)
        assert_allclose((moved - shift) / factor, wanted, atol=1e-4)


def test_the_size_of_all_weights_does_not_matter():
    X, y = library()
    w = np.random.default_rng(0).uniform(0.5, 2, size=300)
    one = LightGBMRegressor(**QUICK).fit(X, y, sample_weight=w)
    other = LightGBMRegressor(**QUICK).fit(X, y, sample_weight=1e6 * w)
    assert_allclose(other.predict(X), one.predict(X), atol=1e-4)
    assert np.abs(one.predict(X) - LightGBMRegressor(**QUICK).fit(X, y).predict(X)).max() > 1e-3


@pytest.mark.parametrize("n", [1, 2, 9])
def test_a_handful_of_rows_gives_about_the_mean(n):
    X, y = library(n)
    predicted = LightGBMRegressor(**QUICK).fit(X, y).predict(X)
    assert np.isfinite(predicted).all()
    assert predicted.mean() == pytest.approx(y.mean(), abs=y.std() + 1e-12)


def test_a_constant_target_is_predicted_exactly():
    X, _ = library()
    assert_array_equal(LightGBMRegressor(**QUICK).fit(X, np.full(300, 0.1)).predict(X), 0.1)


def test_the_text_of_the_trees_is_all_that_is_kept():
    X, y = library()
    model = LightGBMRegressor(**QUICK).fit(X, np.column_stack([y, -y]))
    wanted = model.predict(X)
    assert [type(text) for text in model.boosters_] == [str, str]
    assert lightgbm.Booster(model_str=model.boosters_[0]).num_trees() == 20
    assert "_opened" not in model.__getstate__()
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), wanted)
    # a second fit forgets the first, also the trees that were opened
    assert_array_equal(model.fit(X, y).predict(X), clone(model).fit(X, y).predict(X))


def skewed(n, *, seed):
    """Rows whose spread, not only their middle, depends on the features."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, size=(n, 3)).astype(float)
    return X, X[:, 0] + (0.5 + X[:, 1]) * rng.exponential(size=n)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_the_share_of_new_rows_below_a_quantile_is_its_level(alpha):
    X, y = skewed(2000, seed=0)
    new, truth = skewed(4000, seed=1)
    model = LightGBMRegressor(
        objective="quantile", alpha=alpha, colsample_bytree=1.0, n_estimators=100
    )
    level = model.fit(X, y).predict(new)
    # Everywhere, and where the spread is narrow or wide.
    for rows in (slice(None), new[:, 1] == 0, new[:, 1] == 1):
        assert np.mean(truth[rows] <= level[rows]) == pytest.approx(alpha, abs=0.035)


def test_what_is_predicted_is_what_the_objective_asks_for():
    # An exponential variable: mean 1, median log 2; no feature says anything.
    y = np.random.default_rng(0).exponential(size=4000)
    X = np.zeros((4000, 1))
    X[:2000] = 1
    found = {
        objective: LightGBMRegressor(objective=objective).fit(X, y).predict([[0.0]])[0]
        for objective in ("regression", "l1", "huber")
    }
    assert found["regression"] == pytest.approx(1, abs=0.05)
    assert found["l1"] == pytest.approx(np.log(2), abs=0.05)
    assert found["l1"] < found["huber"] < found["regression"]


def test_early_stopping_takes_few_trees_for_noise_and_many_for_signal():
    X, y = library(1000)
    noise = np.random.default_rng(0).normal(size=1000)
    model = LightGBMRegressor(early_stopping=True, patience=20, n_estimators=150)
    few, many = model.fit(X, np.column_stack([noise, y])).n_trees_
    assert few < 15 < 40 < many <= 150
    for target, count in ((noise, few), (y, many)):
        alone = LightGBMRegressor(n_estimators=int(count)).fit(X, target)
        assert_array_equal(model.fit(X, target).predict(X), alone.predict(X))


def test_early_stopping_keeps_groups_whole():
    # Ten copies of each row: blind folds see the very error that they are to predict.
    X, y = library(60)
    X, y = np.repeat(X + 0.01 * np.arange(60)[:, None], 10, axis=0), np.repeat(y, 10)
    y = y + np.repeat(np.random.default_rng(0).normal(size=60), 10)
    model = LightGBMRegressor(early_stopping=True, patience=10, min_child_samples=5)
    seeing = model.fit(X, y, groups=np.repeat(np.arange(60), 10)).n_trees_[0]
    assert seeing < model.fit(X, y).n_trees_[0] / 2


@pytest.mark.parametrize(
    "changes",
    [
        {"subsample": 0.5},
        {"extra_trees": True},
        {"path_smooth": 5.0},
        {"max_bin": 2},
        {"objective": "quantile", "alpha": 0.8},
        {"early_stopping": True, "n_folds": 2, "subsample": 0.3},
    ],
    ids=",".join,
)
def test_further_parameters_change_the_trees_but_not_with_threads(changes):
    X, y = library()
    plain = LightGBMRegressor(**QUICK).fit(X, y)
    first = LightGBMRegressor(**QUICK, **changes).fit(X, y)
    again = LightGBMRegressor(**QUICK, **changes, n_jobs=2).fit(X, y)
    assert np.abs(first.predict(X) - plain.predict(X)).max() > 1e-3
    assert_array_equal(again.predict(X), first.predict(X))
    assert check_booster(first.boosters_[0]) == ""
    for n in (1, 2, 3):
        few = LightGBMRegressor(**QUICK, **changes).fit(X[:n], y[:n])
        assert np.isfinite(few.predict(X)).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_estimators": 0}, "n_estimators = 0: must be at least 1"),
        ({"num_leaves": 1}, "num_leaves = 1: must be at least 2"),
        ({"min_child_samples": 0}, "min_child_samples = 0: must be at least 1"),
        ({"learning_rate": 0.0}, r"learning_rate = 0.0: must be in \(0, 1\]"),
        ({"colsample_bytree": 1.1}, r"colsample_bytree = 1.1: must be in \(0, 1\]"),
        ({"reg_lambda": -1.0}, "reg_lambda = -1.0: must be at least 0"),
        ({"path_smooth": -1.0}, "path_smooth = -1.0: must be at least 0"),
        ({"subsample": 0.0}, r"subsample = 0.0: must be in \(0, 1\]"),
        ({"alpha": 1.0}, r"alpha = 1.0: must be in \(0, 1\)"),
        ({"patience": 0}, "patience = 0: must be at least 1"),
        ({"objective": "quantil"}, "must be one of .*; did you mean 'quantile'"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        LightGBMRegressor(**parameters).fit(np.eye(3), np.arange(3.0))
