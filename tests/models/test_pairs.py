from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.models.pairs import PairedRidgeRegressor
from seqexpr.models.registry import make_model


def library(n, *, seed):
    """Bases add up, and the pairs (2, 9) and (5, 6) have a part of their own."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, size=(n, 12))
    base = np.random.default_rng(99).normal(size=(12, 4))
    y = base[np.arange(12), codes].sum(axis=1)
    y += 3.0 * ((codes[:, 2] == 1) & (codes[:, 9] == 3))
    y -= 3.0 * ((codes[:, 5] == 0) & (codes[:, 6] == 0))
    rows = ["".join(row) for row in np.array(list("ACGT"))[codes]]
    return rows, y + rng.normal(scale=0.5, size=n)


def error(model, rows, y):
    return float(np.mean((model.predict(rows) - y) ** 2))


def test_planted_pairs_are_worth_more_than_bases_alone():
    """Noise of variance .25 is all that should be left; the additive fit leaves the pairs too."""
    (rows, y), (new, truth) = library(1_500, seed=0), library(800, seed=1)
    model = PairedRidgeRegressor().fit(rows, y)
    kept = {tuple(pair) for pair in model.features_[0].pairs_.tolist()}
    assert {(2, 9), (5, 6)} <= kept
    assert len(kept) <= 4
    additive = make_model("ridge_onehot").fit(rows, y)
    assert error(model, new, truth) < 0.35 < 0.6 < error(additive, new, truth)


def test_each_target_has_its_own_pairs():
    rows, y = library(600, seed=0)
    other = np.random.default_rng(5).normal(size=600)
    model = PairedRidgeRegressor().fit(rows, np.column_stack([y, other]))
    assert len(model.features_[0].pairs_) >= 2
    assert len(model.features_[1].pairs_) <= 1
    alone = PairedRidgeRegressor().fit(rows, y)
    np.testing.assert_array_equal(model.predict(rows)[:, 0], alone.predict(rows))


def test_rows_without_weight_do_not_choose_pairs():
    rows, y = library(1_200, seed=0)
    wrong = y.copy()
    planted = np.array([row[0] == row[3] for row in rows])
    wrong[600:] += 5.0 * planted[600:]
    weight = np.repeat([1.0, 0.0], 600)
    model = PairedRidgeRegressor().fit(rows, wrong, weight)
    assert [0, 3] not in model.features_[0].pairs_.tolist()
    assert [0, 3] in PairedRidgeRegressor().fit(rows, wrong).features_[0].pairs_.tolist()


def test_without_pairs_it_is_ridge_on_bases():
    rows, y = library(300, seed=0)
    none = PairedRidgeRegressor(0).fit(rows, y).predict(rows)
    ridge = make_model("ridge_onehot").set_params(regressor__column_scale="none").fit(rows, y)
    np.testing.assert_allclose(none, ridge.predict(rows), rtol=1e-6)


def test_groups_and_threads():
    rows, y = library(300, seed=0)
    groups = np.arange(300) // 100
    one = PairedRidgeRegressor().fit(rows, y, groups=groups)
    two = PairedRidgeRegressor(n_jobs=2).fit(rows, y, groups=groups)
    np.testing.assert_array_equal(one.predict(rows), two.predict(rows))
    blind = PairedRidgeRegressor().fit(rows, y)
    assert not np.array_equal(one.ridges_[0].cv_r2_[0], blind.ridges_[0].cv_r2_[0])


def test_its_parameters_are_those_of_its_parts():
    with pytest.raises(InputError, match="PairedOneHot: n_pairs must be an int >= 0, got -3"):
        PairedRidgeRegressor(-3).fit(["ACGT"] * 4, np.arange(4.0))
    model = make_model("ridge_pairs", random_state=7, n_jobs=2)[-1]
    assert (model.random_state, model.n_jobs) == (7, 2)


@pytest.mark.real_data
def test_the_lac_promoter_is_more_than_the_sum_of_its_bases(real_data):
    """Kinney 2010, folds inside train: R² .293 for bases alone, .334 with pairs."""
    data = pd.read_csv(real_data("ecoli_kinney2010_sortseq.tsv.gz"), sep="\t")
    data = data[data["split"] == "train"].head(15_000)
    rows, y = data["sequence"].tolist(), data["expression"].to_numpy(dtype=float)
    single = make_model("ridge_onehot").fit(rows[:12_000], y[:12_000])
    pairs = make_model("ridge_pairs").fit(rows[:12_000], y[:12_000])
    assert error(pairs, rows[12_000:], y[12_000:]) < 0.98 * error(single, rows[12_000:], y[12_000:])
