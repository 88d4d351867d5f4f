"""In-silico mutagenesis: every fast way equals predicting every changed sequence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.interpretation.mutagenesis import (
    member_effects,
    mutagenesis,
    mutate_by_predicting,
    mutation_effects,
)
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.with_covariates import build_model

NAMES = [
    "tutorial", "ridge", "ridge_canonical", "ridge_positional", "ridge_onehot", "ridge_pairs",
    "lasso", "lightgbm", "gc", "kernel_ridge", "global_epistasis", "stack",
]  # fmt: skip


@pytest.fixture(scope="module")
def fitted(library):
    rows = slice(0, 150)
    return {name: make_model(name).fit(library.sequences[rows], library.y[rows]) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_effects_are_those_of_predicting_every_change(library, fitted, name):
    some = [library.sequences[-1], "ACGNNTAC" * 3, "TTT", library.sequences[-2][:40]]
    found = mutation_effects(fitted[name], some)
    wanted = mutate_by_predicting(fitted[name], some)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.abs(found).max() > 0


@given(text=st.text(alphabet="ACGTN", min_size=1, max_size=30))
def test_each_change_is_that_of_the_two_predictions(ridge, text):
    found = mutation_effects(ridge, [text])[0]
    before = ridge.predict([text])[0]
    place = len(text) // 2
    for number, base in enumerate("ACGT"):
        after = ridge.predict([text[:place] + base + text[place + 1 :]])[0]
        assert found[number, place] == pytest.approx(after - before, abs=1e-9)


def test_values_are_centred_and_name_what_they_explain(ridge, library):
    some = library.sequences[:3]
    found = mutagenesis(ridge, some, ids=["a", "b", "c"], target_name="activity")
    np.testing.assert_allclose(found.values.sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(found.effects, mutation_effects(ridge, some), atol=1e-9)
    np.testing.assert_allclose(found.predictions, ridge.predict(some))
    assert (found.target, found.ids, found.method) == ("activity", ("a", "b", "c"), "mutagenesis")


def test_covariates_stay_as_they_are(library):
    frame = pd.DataFrame({"sequence": library.sequences[:200], "dose": np.arange(200) % 3 * 1.0})
    y = library.y[:200] + frame["dose"]
    beside = frame[["dose"]]
    model = build_model(MODELS["ridge"], beside, random_state=0, n_jobs=1).fit(frame, y)
    some = library.sequences[:2]
    found = mutagenesis(model, some, covariates=beside.iloc[1:3].reset_index(drop=True))
    np.testing.assert_allclose(found.predictions, model.predict(frame.iloc[:2].assign(
        dose=[1.0, 2.0])))  # fmt: skip
    assert np.abs(found.effects).max() > 0.05


def test_progress_is_told(library, fitted):
    told = []
    mutation_effects(fitted["stack"], library.sequences[:90], on_done=told.append)
    assert told == sorted(told)
    assert told[-1] == 90


def test_members_of_a_stack_are_told_apart(library, fitted):
    some = library.sequences[:2]
    each = member_effects(fitted["stack"], some)
    assert each.shape == (2, 2, 4, 80)
    assert member_effects(fitted["ridge"], some) is None


def test_the_spread_is_that_of_the_members_by_their_weights(library, fitted):
    some = library.sequences[:2]
    each = member_effects(fitted["stack"], some)
    each = each - each.mean(axis=2, keepdims=True)
    weights = np.abs(fitted["stack"][-1].coef_[0])
    mean = np.average(each, axis=0, weights=weights)
    wanted = np.sqrt(np.average((each - mean) ** 2, axis=0, weights=weights))
    found = mutagenesis(fitted["stack"], some)
    np.testing.assert_allclose(found.spread, wanted, atol=1e-7)
    assert found.spread.max() > 0.01
    assert mutagenesis(fitted["ridge"], some).spread is None


def test_nothing_to_explain(ridge):
    assert mutation_effects(ridge, []).shape == (0, 4, 0)
