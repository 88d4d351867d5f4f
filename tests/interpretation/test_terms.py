"""A model taken apart is the model."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import FeatureUnion, Pipeline

from seqexpr.features.composition import Composition
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.interpretation.terms import locate_features, score_words, terms_of
from seqexpr.models.blending import BlendedRegressor
from seqexpr.models.registry import make_model
from seqexpr.models.ridge import RidgePathRegressor


@pytest.mark.parametrize("name", ["ridge", "stack", "stack_positional", "ridge_pairs", "gc"])
def test_terms_and_constant_add_up_to_the_prediction(library, name):
    model = library.fit(name)
    some = library.sequences[-20:]
    constant, terms = terms_of(model)
    total = constant + sum(term.weight * term.model.predict(some) for term in terms)
    np.testing.assert_allclose(total, model.predict(some), atol=1e-9)


def test_a_blend_of_several_targets_is_taken_apart_by_target(library):
    members = [make_model("ridge_onehot"), make_model("tutorial")]
    y = np.column_stack([library.y, -2 * library.y])
    model = Pipeline(
        [("features", "passthrough"),
         ("regressor", BlendedRegressor(members, [[0.5, 0.4], [0.0, 1.0]]))]
    ).fit(library.sequences, y)  # fmt: skip
    some = library.sequences[:9]
    for target in range(2):
        constant, terms = terms_of(model, target)
        assert len(terms) == 2 - target
        total = constant + sum(t.weight * t.model.predict(some)[:, t.target] for t in terms)
        np.testing.assert_allclose(total, model.predict(some)[:, target], atol=1e-9)


def test_kinds():
    def kind(features, regressor):
        model = Pipeline([("features", features), ("regressor", regressor)])
        return terms_of(model.fit(["ACGT", "TTTT", "CCAA"] * 4, [1.0, 0.0, 2.0] * 4))[1][0].kind

    assert kind(KmerCounter(), RidgePathRegressor()) == "linear"
    assert kind(FeatureUnion([("a", KmerCounter()), ("b", OneHot())]), RidgePathRegressor()) == (
        "linear"
    )
    assert kind(Composition(), RidgePathRegressor()) == "other"
    assert kind(FeatureUnion([("a", KmerCounter()), ("b", Composition())]),
                RidgePathRegressor()) == "other"  # fmt: skip
    assert make_model("cnn")[-1] is not None


def test_a_union_is_located_and_scored_part_by_part():
    union = FeatureUnion([("words", KmerCounter(k=2)), ("places", OneHot(length=5))]).fit(["ACGTA"])
    sequences = ["ACGTA", "TTN"]
    wanted = union.transform(sequences).toarray()
    assert locate_features(union, sequences).to_matrix().toarray().tolist() == wanted.tolist()
    tables = score_words(union, np.arange(36.0))
    assert [table.k for table in tables] == [2, 1]
    assert tables[1].scores.ravel().tolist() == list(range(16, 36))
