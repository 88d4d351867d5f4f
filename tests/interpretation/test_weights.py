"""Weights laid back on bases: they add up, and lie where the words stand."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.features.kmers import KmerCounter
from seqexpr.interpretation.weights import lay_back_model
from seqexpr.models.registry import make_model

NAMES = ["tutorial", "ridge", "ridge_canonical", "ridge_positional", "ridge_pairs", "ridge_onehot",
         "lightgbm", "lightgbm_positional", "stack"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_contributions_and_the_rest_add_up_to_the_prediction(library, name):
    rows = slice(0, 300)
    model = make_model(name).fit(library.sequences[rows], library.y[rows])
    some = [*library.sequences[-5:], "ACGNNNACGT", "A"]
    found = lay_back_model(model, some)
    assert np.abs(found.deltas).max() < 1e-5
    assert found.method == ("trees" if name in {"lightgbm", "lightgbm_positional", "stack"} else
                            "weights")  # fmt: skip
    np.testing.assert_allclose(found.predictions, model.predict(some))


def test_a_base_gets_an_equal_share_of_every_word_it_is_part_of(ridge):
    word = "TGACTCA"
    coefficients = dict(zip(KmerCounter(k=(1, 6)).get_feature_names_out(), ridge[-1].coef_[0],
                            strict=True))  # fmt: skip
    wanted = np.zeros(len(word))
    for k in range(1, 7):
        for start in range(len(word) - k + 1):
            wanted[start : start + k] += coefficients[word[start : start + k]] / k
    found = lay_back_model(ridge, [word])
    np.testing.assert_allclose(found.contributions[0], wanted, atol=1e-9)
    assert found.rest[0] == pytest.approx(ridge[-1].intercept_[0])


def test_shapley_values_of_trees_are_those_of_every_coalition():
    # Two features: the value of each is its mean gain over the two orders.
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("AC"), size=6)) for _ in range(400)]
    y = np.array([row.count("A") ** 2 for row in rows], dtype=float)
    model = make_model("lightgbm").fit(rows, y)
    found = lay_back_model(model, rows[:3])
    np.testing.assert_allclose(
        found.rest + found.contributions.sum(axis=1), model.predict(rows[:3]), atol=1e-9
    )
    # What is absent (G and T) contributes nothing.
    assert not found.values[:, 2:].any()
