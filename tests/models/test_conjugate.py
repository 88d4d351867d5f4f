from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import cho_factor
from sklearn.exceptions import ConvergenceWarning

from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.nystroem import NystroemKernel
from seqexpr.models import conjugate
from seqexpr.models.conjugate import projected_inverse, solve_dual

KERNEL = GkmKernel(4, 3)


@pytest.fixture
def problem(random_dna):
    rng = np.random.default_rng(0)
    return random_dna(80, 20), rng.normal(size=80), rng.gamma(3.0, size=80)


def test_it_solves_the_linear_equations(problem):
    rows, y, weights = problem
    noise = 0.2 / weights
    found = solve_dual(KERNEL, rows, y, noise=noise, precondition=lambda v: v)
    wanted = np.linalg.solve(KERNEL(rows) + np.diag(noise), y)
    np.testing.assert_allclose(found, wanted, atol=1e-3 * np.abs(wanted).max())


def test_the_projected_inverse_is_the_inverse(problem):
    rows, y, weights = problem
    features = NystroemKernel(KERNEL, n_landmarks=30).fit_transform(rows)
    factor = cho_factor(features.T @ (features * weights[:, None]) + 0.2 * np.eye(30), lower=True)
    found = projected_inverse(features, factor, weights=weights, ratio=0.2)(y)
    whole = features.astype(float) @ features.T + np.diag(0.2 / weights)
    np.testing.assert_allclose(found, np.linalg.solve(whole, y), atol=1e-3)


def test_too_few_steps_are_told(problem, monkeypatch):
    monkeypatch.setattr(conjugate, "MOST_STEPS", 2)
    rows, y, weights = problem
    with pytest.warns(ConvergenceWarning, match="kernel matrix of 80 rows: not solved in 2 steps"):
        solve_dual(KERNEL, rows, y, noise=1e-3 / weights, precondition=lambda v: v)
