from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from seqexpr.features.group_kernel import GroupKernel
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.models.relevance import MarginalLikelihood, learn_relevance


@pytest.fixture
def target(random_dna):
    rows = random_dna(25, 4)
    features = [("site", OneHot()), ("words", KmerCounter((1, 2)))]
    kernel = GroupKernel(features).fit(rows)
    rng = np.random.default_rng(0)
    return kernel, rows, rng.normal(size=25), rng.gamma(3.0, size=25)


def test_it_is_the_density_of_the_targets(target):
    kernel, rows, y, weights = target
    strengths = np.array([0.5, 1.0, 0.1, 2.0, 0.7])
    kernel.set_params(strengths=strengths)
    covariance = 1.5 * kernel(rows) + np.diag(0.2 / weights)
    wanted = multivariate_normal.logpdf(y, cov=covariance) + 25 / 2 * np.log(2 * np.pi)
    likelihood = MarginalLikelihood(kernel, rows, y, weights)
    found, _ = likelihood(np.log([*strengths, 1.5, 0.2]))
    assert -25 * found == pytest.approx(wanted)


def test_the_gradient_is_that_of_small_steps(target):
    likelihood = MarginalLikelihood(*target)
    logs = np.log([0.5, 1.0, 0.1, 2.0, 0.7, 1.5, 0.2])
    found = likelihood(logs)[1]
    wanted = approx_fprime(logs, lambda x: likelihood(x)[0], 1e-6)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_the_position_that_matters_is_found(random_dna):
    rows = random_dna(200, 6)
    rng = np.random.default_rng(1)
    y = np.array([{"A": -1.0, "C": 0.0, "G": 1.5, "T": 0.5}[row[2]] for row in rows])
    y = (y - y.mean()) / y.std() + rng.normal(0, 0.2, 200)
    kernel = GroupKernel().fit(rows)
    found = learn_relevance(kernel, rows, y, weights=np.ones(200), max_iter=60)
    assert found.strengths.argmax() == 2
    assert np.delete(found.strengths, 2).max() < found.strengths[2] / 20
    assert np.sqrt(found.noise) == pytest.approx(0.2, rel=0.15)
