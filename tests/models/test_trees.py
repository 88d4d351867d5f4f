from __future__ import annotations

import pickle

import lightgbm
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

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
    for matrix in (sparse.csr_matrix(X), sparse.csr_matrix(X.astype(np.float32))):
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


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_estimators": 0}, "n_estimators = 0: must be at least 1"),
        ({"num_leaves": 1}, "num_leaves = 1: must be at least 2"),
        ({"min_child_samples": 0}, "min_child_samples = 0: must be at least 1"),
        ({"learning_rate": 0.0}, r"learning_rate = 0.0: must be in \(0, 1\]"),
        ({"colsample_bytree": 1.1}, r"colsample_bytree = 1.1: must be in \(0, 1\]"),
        ({"reg_lambda": -1.0}, "reg_lambda = -1.0: must be at least 0"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        LightGBMRegressor(**parameters).fit(np.eye(3), np.arange(3.0))
