from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import ElasticNet

from seqexpr.models import moments as module
from seqexpr.models.moments import ElasticNetPath, Moments, dense_blocks


def test_blocks_cover_the_rows_in_order(counts, container, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 7)
    X = counts(30, 3)
    for rows in (None, np.array([5, 2, 29, 3, 3, 8, 9, 10])):
        parts = list(dense_blocks(container(X), rows))
        wanted = np.arange(30) if rows is None else rows
        assert np.concatenate([block for block, _ in parts]).tolist() == wanted.tolist()
        assert_allclose(np.vstack([dense for _, dense in parts]), X[wanted])
        assert max(len(block) for block, _ in parts) == 7


def test_moments_of_parts_add_up_to_those_of_the_whole(counts, container, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 7)
    X, y = counts(40, 5), np.random.default_rng(0).normal(size=40)
    v = np.random.default_rng(1).uniform(0, 2, size=40)
    parts = [Moments.of(container(X), y, v, rows=np.arange(i, 40, 3)) for i in range(3)]
    whole = Moments.of(container(X), y, v)
    assert_allclose(Moments.sum_of(parts).products, whole.products)
    assert whole.weight == pytest.approx(v.sum())
    assert whole.center == pytest.approx(np.average(y, weights=v))


def test_squared_errors_are_those_of_the_rows(counts):
    X, y = counts(40, 5), np.random.default_rng(0).normal(size=40)
    v = np.random.default_rng(1).uniform(0, 2, size=40)
    coef, intercept = np.random.default_rng(2).normal(size=(5, 3)), np.array([0.0, 1.0, -2.0])
    wanted = v @ (y[:, None] - X @ coef - intercept) ** 2
    assert_allclose(Moments.of(X, y, v).squared_error(coef, intercept), wanted)


@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
@pytest.mark.parametrize("n", [60, 8])
def test_paths_are_those_of_scikit_learn(counts, l1_ratio, n):
    X = counts(n, 12)
    y = X[:, 0] - X[:, 1] + 0.3 * np.random.default_rng(0).normal(size=n)
    moments = Moments.of(X, y, np.ones(n))
    alphas = moments.largest_penalty() / l1_ratio * np.array([0.5, 0.2, 0.05])
    path = ElasticNetPath(moments, l1_ratio=l1_ratio)
    first, second = path.advance(alphas[:1]), path.advance(alphas[1:])
    coef, intercept = np.hstack([first[0], second[0]]), np.concatenate([first[1], second[1]])
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    for column, alpha in enumerate(alphas):
        other = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-8, max_iter=100_000).fit(Z, y)
        assert_allclose(
            X @ coef[:, column] + intercept[column], other.predict(Z), atol=0.03 * y.std()
        )


def test_the_largest_penalty_is_where_the_path_begins(counts):
    X = counts(50, 6)
    y = X[:, 2] + 0.1 * np.random.default_rng(0).normal(size=50)
    moments = Moments.of(X, y, np.ones(50))
    largest = moments.largest_penalty()
    assert (
        ElasticNetPath(moments, l1_ratio=1.0).advance(np.array([1.001 * largest]))[0] == 0
    ).all()
    coef, _ = ElasticNetPath(moments, l1_ratio=1.0).advance(np.array([0.9 * largest]))
    assert np.flatnonzero(coef[:, 0]).tolist() == [2]


def test_constant_columns_get_no_coefficient(counts):
    X = counts(50, 3)
    X[:, 1] = 0.1
    moments = Moments.of(X, X[:, 0], np.ones(50))
    coef, _ = ElasticNetPath(moments, l1_ratio=1.0).advance(np.array([1e-3]))
    assert coef[1, 0] == 0
    flat = Moments.of(np.ones((4, 2)), np.arange(4.0), np.ones(4))
    assert flat.largest_penalty() == 0
