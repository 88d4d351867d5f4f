from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.optimize import check_grad

from seqexpr.models.latents import LatentNetwork, LatentProblem, _without_usual_values


def library(n=200, p=6, *, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.7, size=(n, p)).astype(float)
    hidden = X @ rng.normal(size=p)
    return X, np.tanh(hidden - hidden.mean()) + 0.1 * rng.normal(size=n)


@settings(max_examples=10)
@given(
    seed=st.integers(0, 1000),
    n_latent=st.integers(1, 3),
    n_units=st.integers(1, 4),
    alpha=st.sampled_from([0.0, 0.1, 1.0]),
    is_weighted=st.booleans(),
)
def test_the_gradient_is_that_of_finite_differences(seed, n_latent, n_units, alpha, is_weighted):
    X, y = library(30, 4, seed=seed)
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 3, size=30) if is_weighted else None
    problem = LatentProblem(X, y, weights=weights, n_latent=n_latent, n_units=n_units)
    w = problem.start(rng) + 0.1 * rng.normal(size=problem.ends[-1])
    error = check_grad(
        lambda at: problem.loss(at, alpha)[0], lambda at: problem.loss(at, alpha)[1], w
    )
    assert error < 1e-5 * max(1.0, float(np.linalg.norm(problem.loss(w, alpha)[1])))


def test_the_loss_is_half_the_weighted_squared_error_and_the_penalty():
    X, y = library(50)
    weights = np.arange(50) + 1.0
    problem = LatentProblem(X, y, weights=weights, column_scale="none")
    w = problem.start(np.random.default_rng(1))
    network = problem._network(w)
    error = np.average(((network.predict(X) - y) / problem.deviation) ** 2, weights=weights)
    assert problem.loss(w, 0.0)[0] == pytest.approx(error / 2)
    penalised = np.concatenate(
        [
            network.coef.ravel(),  # the columns are not scaled
            network.mixing.ravel(),
            network.slope / problem.deviation,
            network.height / problem.deviation,
        ]
    )
    added = problem.loss(w, 0.3)[0] - problem.loss(w, 0.0)[0]
    assert added == pytest.approx(0.15 * penalised @ penalised)


def test_latents_are_zero_on_average_over_the_training_rows():
    X, y = library()
    weights = np.arange(200) % 3 + 1.0
    problem = LatentProblem(X, y, weights=weights)
    network, _ = problem.solve(0.01, rng=np.random.default_rng(0), max_iter=50)
    assert_allclose(np.average(network.latent(X), axis=0, weights=weights), 0, atol=1e-10)


def test_from_the_largest_penalty_on_only_the_mean_is_predicted():
    X, y = library()
    problem = LatentProblem(X, y)
    centred = (X - X.mean(axis=0)) / X.std(axis=0) ** 0.5
    by_hand = np.linalg.norm(centred.T @ (y - y.mean()) / y.std() / len(y))
    assert problem.largest == pytest.approx(by_hand)
    spread = []
    for share in (1.1, 0.5):
        rng = np.random.default_rng(0)
        network, _ = problem.solve(share, rng=rng, max_iter=500)
        spread.append(np.std(network.predict(X)) / np.std(y))
    assert spread[0] < 0.02 < 0.1 < spread[1]


def test_a_monotone_network_rises_with_every_latent():
    X, y = library()
    problem = LatentProblem(X, -y, n_latent=2, is_monotone=True)
    network, _ = problem.solve(0.001, rng=np.random.default_rng(0), max_iter=100)
    grid = np.linspace(-3, 3, 30)
    for latent in (0, 1):
        at = np.zeros((30, 2))
        at[:, latent] = grid
        assert (np.diff(network.respond(at)) >= -1e-12).all()
    assert np.corrcoef(network.predict(X), -y)[0, 1] > 0.9


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), n=st.integers(1, 30), p=st.integers(1, 8))
def test_usual_values_are_what_over_half_of_the_rows_have(seed, n, p):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, size=(n, p)) * 1.0
    X[: n // 2 + 1, ::2] = rng.integers(0, 3)
    matrix, usual = _without_usual_values(sparse.csr_matrix(X))
    assert_allclose(matrix.toarray() + usual, X)
    assert matrix.nnz <= np.count_nonzero(X)
    for column, value in zip(X.T, usual, strict=True):
        assert value == 0 or np.mean(column == value) > 0.5


def test_the_wild_type_costs_no_time():
    # 90% of the rows have the wild type's base at each of 10 positions.
    rng = np.random.default_rng(0)
    bases = np.where(rng.random((500, 10)) < 0.9, 0, rng.integers(1, 4, size=(500, 10)))
    X = sparse.csr_matrix(np.eye(4)[bases].reshape(500, 40))
    assert LatentProblem(X, rng.normal(size=500)).X.nnz < 0.3 * X.nnz


def test_a_constant_network_has_one_answer():
    network = LatentNetwork.constant(-1.5, n_features=2)
    assert network.predict(sparse.csr_matrix(np.eye(2))).tolist() == [-1.5, -1.5]
