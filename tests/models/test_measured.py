from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import NotFittedError

from seqexpr.errors import InputError
from seqexpr.models.baselines import LeastSquaresRegressor, MeanRegressor


def test_each_target_is_fitted_on_its_measured_rows(counts, container):
    X = counts(30, 3)
    Y = np.random.default_rng(0).normal(size=(30, 2))
    Y[:7, 0], Y[5:15, 1] = np.nan, np.nan
    w = np.random.default_rng(1).uniform(0, 2, size=30)
    w[25:] = 0
    both = LeastSquaresRegressor().fit(container(X), Y, sample_weight=w).predict(container(X))
    assert both.shape == (30, 2)
    for column in range(2):
        rows = ~np.isnan(Y[:, column]) & (w > 0)
        alone = LeastSquaresRegressor().fit(X[rows], Y[rows, column], sample_weight=w[rows])
        assert_allclose(both[:, column], alone.predict(X))


def test_predictions_have_the_shape_of_the_targets(counts, container):
    X, y = container(counts(6, 2)), np.arange(6.0)
    assert MeanRegressor().fit(X, y).predict(X).shape == (6,)
    assert MeanRegressor().fit(X, y[:, None]).predict(X).shape == (6, 1)
    assert MeanRegressor().fit(X, pd.Series(y)).predict(X[:0]).shape == (0,)
    assert MeanRegressor().fit(X, pd.DataFrame({"a": y, "b": y})).predict(X[:0]).shape == (0, 2)


def test_other_sparse_formats_are_taken(counts):
    X = counts(6, 2)
    model = LeastSquaresRegressor().fit(sparse.csc_matrix(X), np.arange(6.0))
    assert_allclose(model.predict(sparse.coo_matrix(X)), model.predict(X))


@pytest.mark.parametrize(
    ("y", "weights", "message"),
    [
        ([1.0, 2.0], None, r"X has 3 rows, y has shape \(2,\)"),
        (np.zeros((3, 1, 1)), None, "X has 3 rows, y has shape"),
        ([1.0, np.inf, 2.0], None, "a target is infinite; drop such rows, or mark them as NaN"),
        ([np.nan] * 3, None, "target 1 has no measured row with a positive weight; leave it out"),
        ([[1.0, np.nan]] * 3, None, "target 2 has no measured row"),
        ([1.0, 2.0, 3.0], [0.0] * 3, "target 1 has no measured row with a positive weight"),
        ([1.0, 2.0, 3.0], [1.0, -1.0, 1.0], "expected one finite, non-negative weight a row"),
        ([1.0, 2.0, 3.0], [1.0, np.nan, 1.0], "expected one finite, non-negative weight a row"),
        ([1.0, 2.0, 3.0], [1.0, 1.0], "expected one finite, non-negative weight a row"),
    ],
)
def test_what_cannot_be_fitted_is_refused(y, weights, message):
    with pytest.raises(InputError, match=message):
        MeanRegressor().fit(np.eye(3), y, sample_weight=weights)


def test_features_must_be_a_table_of_numbers():
    with pytest.raises(InputError, match=r"X: expected numbers, .* of shape"):
        MeanRegressor().fit(np.array([["a"], ["b"]]), [1.0, 2.0])
    with pytest.raises(InputError, match=r"X: expected numbers, .* float64 of shape \(2,\)"):
        MeanRegressor().fit(np.zeros(2), [1.0, 2.0])


def test_predict_needs_a_fit_and_the_same_features():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        MeanRegressor().predict(np.eye(2))
    with pytest.raises(InputError, match="X has 3 features, the model was fitted on 2"):
        MeanRegressor().fit(np.eye(2), [1.0, 2.0]).predict(np.eye(3))
