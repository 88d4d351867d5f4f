from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from seqexpr.errors import InputError
from seqexpr.models.global_epistasis import GlobalEpistasisRegressor
from seqexpr.models.registry import make_model
from seqexpr.models.ridge import RidgePathRegressor

QUICK = {"n_latent": 1, "n_units": 4, "n_members": 2, "max_iter": 60}


def variants(n=600, *, seed=0, noise=0.1):
    """One-hot bases at 8 positions, and a hidden sum over them."""
    rng = np.random.default_rng(seed)
    effects = np.random.default_rng(99).normal(size=(8, 4))
    bases = rng.integers(0, 4, size=(n, 8))
    X = np.eye(4)[bases].reshape(n, 32)
    hidden = effects[np.arange(8), bases].sum(axis=1)
    hidden = (hidden - effects.mean(axis=1).sum()) / 2
    return X, hidden, noise * rng.normal(size=n)


def r2(y, predicted):
    return 1 - np.mean((y - predicted) ** 2) / np.var(y)


def test_a_planted_bend_and_the_hidden_sum_beneath_it_are_found():
    X, hidden, noise = variants()
    new, truth, _ = variants(300, seed=1)
    response = lambda z: 1 / (1 + np.exp(-4 * z))  # noqa: E731 - short, used thrice
    model = GlobalEpistasisRegressor(**QUICK).fit(X, response(hidden) + noise)
    line = RidgePathRegressor().fit(X, response(hidden) + noise)
    assert r2(response(truth), model.predict(new)) > 0.98
    assert r2(response(truth), line.predict(new)) < 0.93
    for member in (0, 1):
        latent = model.latent(new, member=member)[:, 0]
        assert abs(np.corrcoef(latent, truth)[0, 1]) > 0.985


def test_two_hidden_sums_that_interact_need_two_latents():
    X, _, noise = variants(900)
    first, second = np.random.default_rng(5).normal(size=(2, 32))
    y = np.tanh(X @ first - np.mean(X @ first)) * np.tanh(X @ second - np.mean(X @ second)) + noise
    found = []
    for n_latent in (1, 2):
        model = GlobalEpistasisRegressor(n_latent=n_latent, n_units=6, n_members=2, alphas=[0.003])
        found.append(r2(y[700:], model.fit(X[:700], y[:700]).predict(X[700:])))
    assert found[0] + 0.2 < found[1]
    assert found[1] > 0.8


def test_where_everything_adds_up_it_does_as_ridge():
    X, hidden, noise = variants(400)
    new, truth, _ = variants(300, seed=1)
    model = GlobalEpistasisRegressor(max_iter=60).fit(X, hidden + noise)
    line = RidgePathRegressor().fit(X, hidden + noise)
    assert r2(truth, model.predict(new)) > r2(truth, line.predict(new)) - 0.02


def test_where_there_is_nothing_to_learn_it_predicts_about_the_mean():
    X, _, noise = variants(300)
    model = GlobalEpistasisRegressor(**QUICK).fit(X, noise)
    assert model.alpha_[0] == 0.1
    assert np.std(model.predict(X)) < 0.6 * np.std(noise)


def test_sparse_and_dense_and_every_number_of_threads_give_the_same():
    X, hidden, _ = variants(200)
    wanted = GlobalEpistasisRegressor(**QUICK).fit(X, hidden).predict(X)
    for matrix in (sparse.csr_matrix(X), X.astype(np.float32)):
        model = GlobalEpistasisRegressor(**QUICK, n_jobs=2).fit(matrix, hidden)
        assert_array_equal(model.predict(X), wanted)
    other = GlobalEpistasisRegressor(**QUICK, random_state=1).fit(X, hidden)
    assert np.abs(other.predict(X) - wanted).max() > 1e-6


def test_predictions_move_with_the_target_and_the_size_of_weights_does_not_matter():
    X, hidden, noise = variants(200)
    weights = np.random.default_rng(0).uniform(0.5, 2, size=200)
    model = GlobalEpistasisRegressor(**QUICK)
    wanted = model.fit(X, hidden + noise, weights).predict(X)
    for factor, shift in ((1024.0, 0.0), (2.0**-30, 0.0)):  # exact in binary
        moved = model.fit(X, factor * (hidden + noise) + shift, 1024 * weights).predict(X)
        assert_allclose((moved - shift) / factor, wanted, atol=1e-6)
    assert np.abs(model.fit(X, hidden + noise).predict(X) - wanted).max() > 1e-3


def test_a_constant_column_and_a_constant_target_teach_nothing():
    X, hidden, _ = variants(200)
    wider = np.column_stack([X, np.full(200, 7.0)])
    model = GlobalEpistasisRegressor(**QUICK).fit(wider, hidden)
    assert not model.networks_[0][0]["coef"][-1].any()
    assert_allclose(model.fit(X, np.full(200, 0.1)).predict(X), 0.1, rtol=1e-12)


def test_groups_are_kept_whole_where_the_penalty_is_chosen():
    # Each row four times, with its own error: relatives in the held-out rows ask for a weak penalty.
    X, hidden, _ = variants(40)
    errors = np.random.default_rng(0).normal(size=40)
    X, y = np.repeat(X, 4, axis=0), np.repeat(hidden + 2 * errors, 4)
    model = GlobalEpistasisRegressor(**QUICK)
    blind = model.fit(X, y).held_out_r2_[0].max()
    seeing = model.fit(X, y, groups=np.repeat(np.arange(40), 4)).held_out_r2_[0].max()
    assert seeing < blind - 0.2


def test_a_single_row_is_its_own_prediction():
    model = GlobalEpistasisRegressor(**QUICK).fit(np.eye(3)[:1], [2.0])
    assert model.predict(np.eye(3)).tolist() == [2.0, 2.0, 2.0]
    assert np.isnan(model.alpha_[0])
    assert len(model.held_out_r2_[0]) == 0


@pytest.mark.real_data
def test_it_explains_more_of_a_measured_promoter_than_a_line_and_trees(real_data):
    """Kinney 2010: a polymerase and a repressor bind, and expression bends with both."""
    data = pd.read_csv(real_data("ecoli_kinney2010_sortseq.tsv.gz"), sep="\t")
    data = data[data["split"] == "train"].sample(9000, random_state=0)
    fit, held = data.iloc[:6000], data.iloc[6000:]
    found = {}
    for name in ("ridge_onehot", "lightgbm_onehot", "global_epistasis"):
        model = make_model(name)
        if name == "global_epistasis":
            model.set_params(regressor__alphas=[0.05], regressor__n_members=2)
        model.fit(fit["sequence"], fit["expression"])
        found[name] = r2(held["expression"], model.predict(held["sequence"]))
    assert found["global_epistasis"] > found["lightgbm_onehot"] + 0.005
    assert found["global_epistasis"] > found["ridge_onehot"] + 0.05


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_latent": 0}, "n_latent = 0: must be at least 1"),
        ({"n_units": 0}, "n_units = 0: must be at least 1"),
        ({"n_members": 0}, "n_members = 0: must be at least 1"),
        ({"max_iter": 0}, "max_iter = 0: must be at least 1"),
        ({"n_jobs": 0}, "n_jobs = 0: must be at least 1"),
        ({"alphas": [0.1, -1.0]}, r"alphas = \[0.1, -1.0\]: expected positive numbers"),
        ({"alphas": []}, r"alphas = \[\]: expected positive numbers"),
        ({"column_scale": "sd"}, "column_scale = 'sd': must be one of 'none', 'sqrt_std', 'std'"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        GlobalEpistasisRegressor(**parameters).fit(np.eye(3), np.arange(3.0))
