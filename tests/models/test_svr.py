from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import SVR

from seqexpr.errors import InputError
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.models.kernels import KernelRidgeRegressor
from seqexpr.models.svr import GkmSVR

KERNEL = GkmKernel(5, 3)


@pytest.fixture
def library(random_dna):
    rows = random_dna(120, 30)
    y = np.array([3.0 * ("ACG" in row) - row.count("T") / 5 for row in rows])
    return rows, y + np.random.default_rng(1).normal(0, 0.1, 120)


def test_it_is_the_support_vector_machine_of_scikit_learn(library, random_dna):
    rows, y = library
    new = random_dna(20, 30, seed=5)
    weights = np.random.default_rng(2).gamma(2.0, size=120)
    model = GkmSVR(KERNEL, costs=[2.0], epsilon=0.1).fit(rows, y, sample_weight=weights)
    center = np.average(y, weights=weights)
    spread = np.sqrt(np.average((y - center) ** 2, weights=weights))
    oracle = SVR(kernel="precomputed", C=2.0, epsilon=0.1)
    oracle.fit(KERNEL(rows), (y - center) / spread, sample_weight=weights / weights.mean())
    wanted = center + spread * oracle.predict(KERNEL(new, rows))
    np.testing.assert_allclose(model.predict(new), wanted, rtol=1e-9)
    assert len(model.landmarks_[0]) == len(oracle.support_) < 120


def test_the_cost_is_chosen_out_of_fold(library):
    rows, y = library
    model = GkmSVR(KERNEL, costs=(0.001, 3.0)).fit(rows, y)
    assert model.cost_.tolist() == [3.0]
    assert model.cv_error_[0][1] < model.cv_error_[0][0] < 1.5 * y.var()  # the median's


def test_beyond_the_limit_it_is_linear_on_landmarks(library, random_dna):
    rows, y = library
    new = random_dna(200, 30, seed=5)
    exact = GkmSVR(KERNEL).fit(rows, y)
    near = GkmSVR(KERNEL, max_exact=100, n_landmarks=110).fit(rows, y)
    assert len(near.landmarks_[0]) == 110
    assert np.corrcoef(exact.predict(new), near.predict(new))[0, 1] > 0.9


def test_wild_measurements_pull_less_than_in_kernel_ridge(library, random_dna):
    rows, y = library
    new = random_dna(200, 30, seed=5)
    truth = np.array([3.0 * ("ACG" in row) - row.count("T") / 5 for row in new])
    wild = y.copy()
    wild[::12] += 30.0
    errors = [
        np.mean((model.fit(rows, wild).predict(new) - truth) ** 2)
        for model in (GkmSVR(KERNEL), KernelRidgeRegressor(KERNEL))
    ]
    assert errors[0] < errors[1]


def test_a_target_inside_the_tube_needs_no_support(library):
    model = GkmSVR(KERNEL, epsilon=100.0).fit(*library)
    assert np.ptp(model.predict(library[0])) == 0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"costs": []}, "costs must be positive numbers"),
        ({"costs": [1.0, -1.0]}, "costs must be positive numbers"),
        ({"epsilon": -0.1}, "epsilon must be at least 0"),
        ({"max_exact": 0}, "max_exact must be an int >= 1"),
        ({"n_folds": 1}, "n_folds must be an int >= 2"),
        ({"n_landmarks": 0}, "GkmSVR: n_landmarks must be an int >= 1"),
    ],
)
def test_parameters_out_of_range(library, parameters, message):
    with pytest.raises(InputError, match=message):
        GkmSVR(**parameters).fit(*library)
