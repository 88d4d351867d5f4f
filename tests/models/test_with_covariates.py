from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

from seqexpr.data.covariates import type_covariates
from seqexpr.errors import InputError
from seqexpr.features.covariates import WithCovariates
from seqexpr.features.kmers import KmerCounter
from seqexpr.models.baselines import LeastSquaresRegressor
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.with_covariates import MOST_INTERACTING, add_covariates, build_model
from seqexpr.testing import models as suite


def planted(n, seed):
    """A motif that acts in YPD only, and a difference between the conditions."""
    rng = np.random.default_rng(seed)
    bases = rng.choice(list("ACGT"), size=(n, 30))
    has = rng.random(n) < 0.5
    bases[has, 10:16] = list("TGACTC")
    condition = rng.choice(["SC-Ura", "YPD"], n)
    y = 2.0 * (has & (condition == "YPD")) + 0.5 * (condition == "SC-Ura")
    frame = pd.DataFrame({"sequence": ["".join(row) for row in bases], "condition": condition})
    return frame, y + 0.2 * rng.standard_normal(n)


def built(name, frame):
    beside = type_covariates(frame, {"condition": None})
    return build_model(MODELS[name], beside, random_state=0, n_jobs=1)


def r2(model, new, truth):
    return 1 - np.mean((model.predict(new) - truth) ** 2) / np.var(truth)


@pytest.mark.parametrize("name", ["ridge", "lightgbm"])
def test_a_motif_that_acts_in_one_condition_is_learnt(name):
    frame, y = planted(500, 0)
    new, truth = planted(300, 1)
    # Without the condition, half of the motif's effect is the best there is: variance of
    # 2 × motif × YPD that stays is .25 of it. With it, noise of .04 stays, of .7.
    assert r2(built(name, frame).fit(frame, y), new, truth) > 0.75
    blind = build_model(MODELS[name], None, random_state=0, n_jobs=1)
    blind.fit(list(frame["sequence"]), y)
    assert r2(blind, list(new["sequence"]), truth) < 0.4


def test_without_products_a_line_cannot_learn_it():
    frame, y = planted(500, 0)
    new, truth = planted(300, 1)
    additive = add_covariates(make_model("ridge"), categorical=["condition"], interact=False)
    assert r2(additive.fit(frame, y), new, truth) < 0.6


def test_a_stack_hands_covariates_to_its_members():
    frame, y = planted(300, 0)
    stack = make_model("stack").set_params(
        regressor__members=[make_model("tutorial"), make_model("ridge_onehot")]
    )
    wide = add_covariates(stack, categorical=["condition"])
    members = wide["regressor"].members
    assert all(isinstance(member["features"], WithCovariates) for member in members)
    assert not isinstance(stack["regressor"].members[0]["features"], WithCovariates)
    new, truth = planted(300, 1)
    both = np.column_stack([y, np.where(np.arange(300) % 3, y, np.nan)])
    assert r2(wide.fit(frame, y), new, truth) > 0.7
    assert wide.fit(frame, both).predict(new).shape == (300, 2)


def test_the_baseline_of_covariates_is_least_squares_on_them():
    frame, y = planted(100, 0)
    dose = np.random.default_rng(0).random(100)
    beside = type_covariates(frame.assign(dose=dose), {"condition": None, "dose": None})
    model = build_model(MODELS["covariates"], beside, random_state=0, n_jobs=1)
    model.fit(frame.assign(dose=dose), y)
    hot = np.column_stack([frame["condition"] == "YPD", dose])
    wanted = LinearRegression().fit(hot, y).predict(hot)
    np.testing.assert_allclose(model.predict(frame.assign(dose=dose)), wanted, atol=1e-5)


def test_other_baselines_do_not_look_at_covariates():
    frame, y = planted(60, 0)
    for name in ("mean", "gc", "nearest_neighbor"):
        found = built(name, frame).fit(frame, y).predict(frame)
        plain = make_model(name, random_state=0).fit(list(frame["sequence"]), y)
        np.testing.assert_array_equal(found, plain.predict(list(frame["sequence"])))


def test_only_lines_get_products_and_not_of_many_categories():
    frame = planted(60, 0)[0]
    assert built("ridge", frame)["features"].interact
    assert not built("lightgbm", frame)["features"].interact
    assert not built("covariates", frame)["features"].interact
    many = pd.DataFrame({"condition": [f"c{i}" for i in range(MOST_INTERACTING + 1)]})
    assert not built("ridge", many)["features"].interact


def test_a_fold_without_a_category_is_modelled_as_the_others():
    frame, y = planted(60, 0)
    typed = frame.assign(**type_covariates(frame, {"condition": None}))
    ypd = (frame["condition"] == "YPD").to_numpy()
    model = built("tutorial", frame).fit(typed[ypd], y[ypd])
    assert np.isfinite(model.predict(typed[~ypd])).all()


def test_models_without_features_are_refused():
    with pytest.raises(InputError, match="DummyRegressor takes no covariates: it is no Pipeline"):
        add_covariates(DummyRegressor(), numeric=["dose"])
    model = make_model("stack").set_params(regressor=LeastSquaresRegressor())
    with pytest.raises(InputError, match="it reads sequences itself"):
        add_covariates(model, numeric=["dose"])


def test_a_model_that_mixes_rows_is_caught():
    class Mixes(LeastSquaresRegressor):
        def _predict_target(self, X, target):
            predicted = super()._predict_target(X, target)
            return predicted - predicted.mean()

    model = make_model("tutorial").set_params(features=KmerCounter(k=2), regressor=Mixes())
    with pytest.raises(AssertionError, match="must follow the rows of a DataFrame"):
        suite.check_covariates(model)
