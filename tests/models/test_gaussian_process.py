from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.group_kernel import GroupKernel
from seqexpr.models.gaussian_process import GaussianProcessRegressor
from seqexpr.models.kernel_pipelines import words_and_places
from seqexpr.sequences import as_strings


@pytest.fixture
def library(random_dna):
    rows = random_dna(150, 6)
    value = {"A": -1.0, "C": 0.0, "G": 1.5, "T": 0.5}
    truth = np.array([value[row[2]] * value[row[4]] + value[row[0]] for row in rows])
    return rows, truth + np.random.default_rng(1).normal(0, 0.1, 150)


def posterior(model, rows, y, new, *, weights):
    """Equations 2.25 and 2.26 of Rasmussen & Williams, with the parameters that were learnt."""
    kernel, signal = model.kernels_[0], model.signal_sd_[0] ** 2
    noise = model.noise_sd_[0] ** 2 / weights
    total = signal * kernel(rows) + np.diag(noise)
    across = signal * kernel(new, rows)
    center = np.average(y, weights=weights)
    mean = center + across @ np.linalg.solve(total, y - center)
    variance = signal - np.einsum("ij,ji->i", across, np.linalg.solve(total, across.T))
    return mean, np.sqrt(variance)


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_posterior(library, random_dna, weighted):
    rows, y = library
    weights = np.random.default_rng(2).gamma(3.0, size=150) if weighted else np.ones(150)
    weights /= weights.mean()
    new = random_dna(30, 6, seed=7)
    model = GaussianProcessRegressor().fit(rows, y, sample_weight=5 * weights)
    mean, sd = model.predict(new, return_std=True)
    wanted_mean, wanted_sd = posterior(model, rows, y, new, weights=weights)
    np.testing.assert_allclose(mean, wanted_mean, atol=1e-3)
    np.testing.assert_allclose(sd, wanted_sd, atol=5e-3)
    np.testing.assert_array_equal(model.predict(new), mean)


def test_fewer_landmarks_are_the_projected_process(library, random_dna):
    """Equation 8.14 of Rasmussen & Williams, by inverses."""
    rows, y = library
    new = random_dna(20, 6, seed=7)
    model = GaussianProcessRegressor(n_landmarks=40, max_exact=0).fit(rows, y)
    landmarks = [text.decode() for text in model.landmarks_[0]]
    kernel, signal = model.kernels_[0], model.signal_sd_[0] ** 2
    noise = model.noise_sd_[0] ** 2
    within, across, beside = kernel(landmarks), kernel(rows, landmarks), kernel(new, landmarks)
    inner = np.linalg.inv(across.T @ across + noise / signal * within)
    mean, sd = model.predict(new, return_std=True)
    np.testing.assert_allclose(
        mean, y.mean() + beside @ inner @ across.T @ (y - y.mean()), atol=2e-3
    )
    known = np.einsum("ij,jk,ik->i", beside, np.linalg.inv(within), beside)
    variance = signal * (1 - known) + noise * np.einsum("ij,jk,ik->i", beside, inner, beside)
    np.testing.assert_allclose(sd, np.sqrt(np.maximum(variance, 0)), atol=1e-2)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_is_exact_where_the_deviations_are_projected(library, random_dna, weighted):
    rows, y = [*library[0], *library[0][:20]], np.concatenate([library[1], library[1][:20] + 0.1])
    weights = np.random.default_rng(2).gamma(3.0, size=170) if weighted else np.ones(170)
    weights /= weights.mean()
    new = random_dna(20, 6, seed=7)
    model = GaussianProcessRegressor(n_landmarks=40).fit(rows, y, sample_weight=weights)
    mean, sd = model.predict(new, return_std=True)
    wanted, least = posterior(model, rows, y, new, weights=weights)
    np.testing.assert_allclose(mean, wanted, atol=2e-3)
    assert np.median(sd / least) > 1
    assert len(model.landmarks_[0]) == 170
    assert len(model.projected_on_[0]) == 40


def test_it_learns_what_acts_together_and_how_sure_it_is(library, random_dna):
    rows, y = library
    value = {"A": -1.0, "C": 0.0, "G": 1.5, "T": 0.5}
    new = random_dna(300, 6, seed=9)
    truth = np.array([value[row[2]] * value[row[4]] + value[row[0]] for row in new])
    model = GaussianProcessRegressor().fit(rows, y)
    mean, sd = model.predict(new, return_std=True)
    assert 1 - np.mean((mean - truth) ** 2) / truth.var() > 0.9
    assert set(np.argsort(model.relevance_[0])[-3:]) == {0, 2, 4}
    assert 0.85 < np.mean(np.abs(mean - truth) < 2 * sd) <= 1.0


@pytest.mark.real_data
def test_words_and_places_explain_shine_dalgarno_sites_better_than_positions_alone(real_data):
    data = pd.read_csv(real_data("ecoli_kuo2020_sd_dmsC.tsv.gz"), sep="\t")
    data = data.sample(3_000, random_state=0)
    train, new = data[:1_500], data[1_500:]
    found = []
    for kernel in (GroupKernel(), words_and_places()):
        model = GaussianProcessRegressor(kernel, n_learn=700, max_iter=20)
        model.fit(train["sequence"], train["expression"])
        error = np.mean((model.predict(new["sequence"]) - new["expression"]) ** 2)
        found.append(1 - error / new["expression"].var())
    assert found[1] > found[0] + 0.03
    assert found[1] > 0.5


def test_several_targets_have_deviations_of_their_own(library):
    rows, y = library
    targets = np.column_stack([y, 10 * y])
    mean, sd = (
        GaussianProcessRegressor(max_iter=5).fit(rows, targets).predict(rows, return_std=True)
    )
    assert mean.shape == sd.shape == (150, 2)
    np.testing.assert_allclose(sd[:, 1], 10 * sd[:, 0], rtol=1e-3)


def test_a_target_that_does_not_vary_is_certain(library):
    model = GaussianProcessRegressor().fit(library[0], np.full(150, 2.0))
    mean, sd = model.predict(["ACGTAC"], return_std=True)
    assert (mean.tolist(), sd.tolist()) == ([2.0], [0.0])


def test_the_parameters_given_are_not_changed(library):
    kernel = GroupKernel(strengths=[1.0] * 6)
    GaussianProcessRegressor(kernel, max_iter=2, n_learn=20).fit(*library)
    assert kernel.strengths == [1.0] * 6
    assert not hasattr(kernel, "spreads_")
    assert as_strings(library[0]) == library[0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_learn": 1}, "n_learn must be an int >= 2, got 1"),
        ({"max_iter": 0}, "max_iter must be an int >= 1"),
        ({"max_exact": -1}, "max_exact must be an int >= 0"),
        ({"n_landmarks": 2.5}, "n_landmarks must be an int >= 1"),
        ({"kernel": GkmKernel()}, "kernel must be a GroupKernel, .* got GkmKernel; KernelRidge"),
    ],
)
def test_parameters_out_of_range(library, parameters, message):
    with pytest.raises(InputError, match=message):
        GaussianProcessRegressor(**parameters).fit(*library)
