from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from seqexpr.models import krylov
from seqexpr.models.krylov import Bidiagonalization, RowBlocks


def closed_form(X, y, w, scale, penalty):
    """Ridge on scaled columns by the normal equations, intercept left free."""
    keep = scale > 0
    mean, center = w @ X / w.sum(), w @ y / w.sum()
    Z = (X - mean)[:, keep] * scale[keep]
    inner = Z.T @ (w[:, None] * Z) + penalty * np.eye(keep.sum())
    coef = np.zeros(X.shape[1])
    coef[keep] = np.linalg.solve(inner, Z.T @ (w * (y - center))) * scale[keep]
    return coef, center - mean @ coef


def problems(counts, n=40, p=12):
    rng = np.random.default_rng(3)
    X, y = counts(n, p, seed=1), rng.normal(size=n)
    weights = rng.uniform(0.5, 2, size=(n, 3)) * (np.arange(n)[:, None] % 4 != [0, 1, 9])
    scale = rng.uniform(0.2, 2, size=p)
    scale[4] = 0
    return X, y, weights, scale


def test_every_problem_and_penalty_has_the_closed_solution(counts, container):
    X, y, weights, scale = problems(counts)
    spaces = Bidiagonalization(RowBlocks(container(X), n_jobs=1), scale, y, weights=weights)
    for _ in range(12):
        spaces.grow()
    penalties = np.array([1e-3, 1.0, 100.0])
    for problem in range(3):
        coordinates, residuals = spaces.solve(problem, penalties)
        assert (residuals < 1e-9).all()
        for column, penalty in enumerate(penalties):
            coef, intercept = spaces.coefficients(problem, coordinates[:, column])
            wanted = closed_form(X, y, weights[:, problem], scale, penalty)
            assert_allclose(coef, wanted[0], atol=1e-9)
            assert intercept == pytest.approx(wanted[1], abs=1e-9)


def test_the_residual_is_that_of_the_normal_equations(counts):
    X, y, weights, scale = problems(counts)
    spaces = Bidiagonalization(RowBlocks(X, n_jobs=1), scale, y, weights=weights)
    for _ in range(4):
        spaces.grow()
    coordinates, residuals = spaces.solve(1, np.array([2.0]))
    coef, _ = spaces.coefficients(1, coordinates[:, 0])
    w = weights[:, 1]
    Z = (X - w @ X / w.sum()) * scale
    b = y - w @ y / w.sum()
    scaled = np.divide(coef, scale, out=np.zeros_like(coef), where=scale > 0)
    found = Z.T @ (w * (b - Z @ scaled)) - 2.0 * scaled
    assert 1e-3 < residuals[0] < 1
    assert residuals[0] == pytest.approx(
        np.linalg.norm(found) / np.linalg.norm(Z.T @ (w * b)), rel=1e-8
    )


def test_what_grow_returns_predicts_the_rows_left_out(counts):
    X, y, weights, scale = problems(counts)
    spaces = Bidiagonalization(RowBlocks(X, n_jobs=1), scale, y, weights=weights)
    seen = np.stack([spaces.grow() for _ in range(6)], axis=2)  # (n, b, dimension)
    coordinates, _ = spaces.solve(0, np.array([0.5]))
    coef, intercept = spaces.coefficients(0, coordinates[:, 0])
    assert_allclose(spaces.centers[0] + seen[:, 0] @ coordinates[:, 0], X @ coef + intercept)


def test_an_exhausted_space_stays_finite_and_exact(counts):
    basis = counts(30, 2, seed=5)
    X = basis @ np.array([[1.0, 0, 1, 2, 1], [0, 1, 1, 1, 2]])  # rank 2
    y, w = np.random.default_rng(0).normal(size=30), np.ones((30, 2))
    w[:15, 0] = 0
    spaces = Bidiagonalization(RowBlocks(X, n_jobs=1), np.ones(5), y, weights=w)
    for _ in range(20):
        assert np.isfinite(spaces.grow()).all()
    coordinates, residuals = spaces.solve(1, np.array([1e-6]))
    assert residuals[0] < 1e-8
    coef, _ = spaces.coefficients(1, coordinates[:, 0])
    assert_allclose(coef, closed_form(X, y, w[:, 1], np.ones(5), 1e-6)[0], atol=1e-6)


def test_a_problem_with_nothing_to_explain_is_solved_by_zero(counts):
    X = counts(10, 3)
    y = np.where(np.arange(10) < 5, 2.0, np.arange(10.0))
    w = np.ones((10, 2))
    w[5:, 0] = 0  # y is constant on the rows of the first problem
    spaces = Bidiagonalization(RowBlocks(X, n_jobs=1), np.ones(3), y, weights=w)
    spaces.grow()
    coordinates, residuals = spaces.solve(0, np.array([1.0]))
    coef, intercept = spaces.coefficients(0, coordinates[:, 0])
    assert residuals.tolist() == [0]
    assert (coef.tolist(), intercept) == ([0, 0, 0], 2.0)


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_multiply_like_the_whole(counts, container, n_jobs, dtype, monkeypatch):
    monkeypatch.setattr(krylov, "_SMALL", 10)
    X = counts(57, 9).astype(dtype)
    X[20:40] = 0  # rows without entries, across the borders of blocks
    blocks = RowBlocks(container(X), n_jobs=n_jobs)
    v, u = counts(9, 4, seed=1).astype(dtype), counts(57, 4, seed=2).astype(dtype)
    assert_array_equal(blocks.times(v), X @ v)  # small whole numbers: exact
    assert_array_equal(blocks.transposed_times(u), X.T @ u)
    assert_array_equal(blocks.squares_times(u[:, 0]), (X**2).T @ u[:, 0])
    assert blocks.times(v).dtype == dtype


def test_sparse_blocks_share_the_memory_of_the_matrix(counts, monkeypatch):
    monkeypatch.setattr(krylov, "_SMALL", 10)
    X = sparse.csr_matrix(counts(50, 6))
    blocks = RowBlocks(X, n_jobs=2)
    assert len(blocks._parts) > 1
    assert all(np.shares_memory(part.data, X.data) for part in blocks._parts)


def test_a_problem_goes_on_alone_as_among_others(counts):
    X, y, weights, scale = problems(counts)
    spaces = [
        Bidiagonalization(RowBlocks(X, n_jobs=1), scale, y, weights=weights) for _ in range(2)
    ]
    for _ in range(3):
        for space in spaces:
            space.grow()
    spaces[1].drop_others(2)
    for _ in range(3):
        together, alone = (space.grow() for space in spaces)
    assert alone.shape == (40, 1)
    assert_allclose(alone[:, 0], together[:, 2], rtol=1e-9)
    wanted, found = (
        space.coefficients(problem, space.solve(problem, np.array([1.0]))[0][:, 0])
        for space, problem in zip(spaces, (2, 0), strict=True)
    )
    assert_allclose(found[0], wanted[0])
    assert found[1] == pytest.approx(wanted[1])
