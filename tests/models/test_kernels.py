from __future__ import annotations

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.group_kernel import GroupKernel
from seqexpr.models.kernels import KernelRidgeRegressor, with_jobs
from seqexpr.sequences import reverse_complement

KERNEL = GkmKernel(5, 3)


@pytest.fixture
def library(random_dna):
    rows = random_dna(120, 30)
    y = np.array([3.0 * ("ACG" in row) - row.count("T") / 5 for row in rows])
    return rows, y + np.random.default_rng(1).normal(0, 0.1, 120)


def solved(kernel, rows, y, *, alpha, weights, new):
    """Kernel ridge with a free intercept, by the linear equations of its dual."""
    n = len(rows)
    left = np.block(
        [[kernel(rows) + alpha * np.diag(1 / weights), np.ones((n, 1))], [np.ones((1, n)), 0]]
    )
    found = np.linalg.solve(left, [*y, 0.0])
    return kernel(new, rows) @ found[:n] + found[n]


@pytest.mark.parametrize("weighted", [False, True])
def test_with_all_landmarks_it_is_kernel_ridge(library, random_dna, weighted):
    rows, y = library
    weights = np.random.default_rng(2).gamma(2.0, size=len(y)) if weighted else np.ones(len(y))
    new = random_dna(20, 30, seed=5)
    model = KernelRidgeRegressor(KERNEL, alphas=[0.3]).fit(rows, y, sample_weight=weights)
    wanted = solved(KERNEL, rows, y, alpha=0.3, weights=weights, new=new)
    np.testing.assert_allclose(model.predict(new), wanted, atol=5e-3 * y.std())


def test_fewer_landmarks_come_near(library, random_dna):
    rows, y = library
    new = random_dna(200, 30, seed=5)
    exact, near = (KernelRidgeRegressor(KERNEL, n_landmarks=m).fit(rows, y) for m in (4_000, 60))
    assert len(near.landmarks_[0]) == len(near.coef_[0]) == 60
    assert np.corrcoef(exact.predict(new), near.predict(new))[0, 1] > 0.9


def test_groups_stay_together_where_the_penalty_is_chosen(random_dna):
    """Copies of noise predict each other: only folds that keep them together see that."""
    rows = [row[:i] + "A" + row[i + 1 :] for row in random_dna(40) for i in (3, 20, 30)]
    y = np.repeat(np.random.default_rng(0).normal(size=40), 3)
    groups = np.repeat(np.arange(40), 3)
    apart = KernelRidgeRegressor(KERNEL).fit(rows, y)
    together = KernelRidgeRegressor(KERNEL).fit(rows, y, groups=groups)
    assert max(apart.cv_r2_[0]) > 0.5 > max(together.cv_r2_[0])
    assert together.alpha_[0] > apart.alpha_[0]


def test_the_strand_does_not_matter_where_it_should_not(library):
    rows, y = library
    model = KernelRidgeRegressor(GkmKernel(5, 3, strands="both")).fit(rows, y)
    turned = [reverse_complement(row) for row in rows]
    np.testing.assert_allclose(model.predict(turned), model.predict(rows), rtol=1e-8)


def test_any_kernel_will_do_and_threads_change_nothing(library):
    rows, y = library
    model = KernelRidgeRegressor(GroupKernel(), n_jobs=2).fit(rows, y)
    assert np.corrcoef(model.predict(rows), y)[0, 1] > 0.5
    one, two = (KernelRidgeRegressor(KERNEL, n_jobs=n).fit(rows, y).predict(rows) for n in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert with_jobs(GroupKernel(), 2).get_params()["features"] is None


def test_parameters_out_of_range(library):
    with pytest.raises(InputError, match="KernelRidgeRegressor: n_landmarks must be an int >= 1"):
        KernelRidgeRegressor(n_landmarks=0).fit(*library)
    with pytest.raises(InputError, match="k one in"):
        KernelRidgeRegressor(GkmKernel(3, 4)).fit(*library)
