from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from seqexpr.errors import InputError
from seqexpr.features import covariates
from seqexpr.features.composition import Composition
from seqexpr.features.covariates import NoSequence, WithCovariates
from seqexpr.features.kmers import KmerCounter
from seqexpr.testing.featurizers import check_featurizer

ROWS = st.lists(
    st.tuples(
        st.text("ACGT", max_size=6), st.sampled_from(["YPD", "SC", "Gal"]), st.floats(-9, 9, width=32)
    ),
    min_size=1, max_size=12,
)  # fmt: skip


def dense(matrix):
    return matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)


def as_frame(rows):
    sequences, conditions, doses = zip(*rows, strict=True)
    return pd.DataFrame({"sequence": sequences, "condition": conditions, "dose": doses})


@settings(max_examples=25)
@given(ROWS)
def test_columns_are_those_of_scikit_learn(rows):
    frame = as_frame(rows)
    both = WithCovariates(KmerCounter(k=2), numeric=["dose"], categorical=["condition"])
    found = both.fit_transform(frame)
    assert found.format == "csr"
    assert found.dtype == np.float32
    wanted = np.hstack(
        [
            KmerCounter(k=2).fit_transform(frame["sequence"]).toarray(),
            OneHotEncoder(sparse_output=False).fit_transform(frame[["condition"]]),
            StandardScaler().fit_transform(frame[["dose"]].to_numpy(np.float64)),
        ]
    )
    np.testing.assert_allclose(found.toarray()[:, :-1], wanted[:, :-1], atol=1e-6)
    if np.std(frame["dose"]) > 1e-6:
        np.testing.assert_allclose(found.toarray()[:, -1], wanted[:, -1], atol=1e-4)
    assert found.shape[1] == len(both.get_feature_names_out())


@settings(max_examples=25)
@given(ROWS)
def test_products_of_each_category_add_up_to_the_features(rows):
    frame = as_frame(rows)
    both = WithCovariates(KmerCounter(k=2), categorical=["condition"], interact=True).fit(frame)
    found, names = both.transform(frame).toarray(), both.get_feature_names_out().tolist()
    own, categories = found[:, :16], sorted(set(frame["condition"]))
    products = found[:, 16 : 16 * (1 + len(categories))].reshape(len(frame), len(categories), 16)
    np.testing.assert_array_equal(products.sum(axis=1), own)
    for place, category in enumerate(categories):
        outside = (frame["condition"] != category).to_numpy()
        assert not products[outside, place].any()
        assert names[16 * (1 + place)] == f"AA × condition={category}"


def test_a_missing_number_is_the_mean_and_says_so():
    frame = pd.DataFrame({"sequence": ["A", "C", "G"], "dose": [1.0, np.nan, 3.0]})
    both = WithCovariates(NoSequence(), numeric=["dose"]).fit(frame)
    assert both.get_feature_names_out().tolist() == ["no sequence", "dose", "dose missing"]
    assert both.transform(frame).toarray().tolist() == [[0, -1, 0], [0, 0, 1], [0, 1, 0]]
    nothing = frame.assign(dose=np.nan)
    assert WithCovariates(NoSequence(), numeric=["dose"]).fit_transform(nothing).toarray().any()


def test_an_empty_cell_is_a_category():
    frame = pd.DataFrame({"sequence": ["A", "C"], "cell": ["", "K562"]})
    both = WithCovariates(NoSequence(), categorical=["cell"]).fit(frame)
    assert both.get_feature_names_out().tolist()[1:] == ["cell=(empty)", "cell=K562"]


def test_an_unknown_category_is_refused_with_the_known_ones():
    frame = pd.DataFrame({"sequence": ["A", "C"], "cell": ["HepG2", "K562"]})
    both = WithCovariates(NoSequence(), categorical=["cell"]).fit(frame)
    message = (
        r"covariate 'cell': 1 of 2 rows have a category that training did not have "
        r"\(first: row 2, 'K526'\); did you mean 'K562'\? known are 'HepG2', 'K562'"
    )
    with pytest.raises(InputError, match=message):
        both.transform(frame.assign(cell=["K562", "K526"]))


def test_a_fold_that_lacks_a_category_knows_it_from_the_type():
    cell = pd.Categorical(["a", "a"], categories=["a", "b"])
    both = WithCovariates(NoSequence(), categorical=["cell"])
    both.fit(pd.DataFrame({"sequence": ["A", "C"], "cell": cell}))
    assert both.transform(pd.DataFrame({"sequence": ["A"], "cell": ["b"]})).toarray().tolist() == [
        [0, 0, 1]
    ]


def test_other_mistakes_are_told(monkeypatch):
    frame = pd.DataFrame({"sequence": ["A", "C"], "dose": ["1", "x"], "cell": ["a", "b"]})
    with pytest.raises(InputError, match=r"covariate 'dose': 1 of 2 values .* row 2, 'x'"):
        WithCovariates(NoSequence(), numeric=["dose"]).fit(frame)
    with pytest.raises(InputError, match=r"no covariate 'doze'; did you mean 'dose'\?"):
        WithCovariates(NoSequence(), numeric=["doze"]).fit(frame)
    with pytest.raises(InputError, match="pass a DataFrame with the columns 'sequence', 'dose'"):
        WithCovariates(NoSequence(), numeric=["dose"]).fit(["A", "C"])
    monkeypatch.setattr(covariates, "MAX_WIDTH", 100)
    with pytest.raises(InputError, match="64 features of the sequence times 2 categories are over"):
        WithCovariates(KmerCounter(k=3), categorical=["cell"], interact=True).fit(frame)


@pytest.mark.parametrize(
    "features",
    [
        KmerCounter(k=2),
        Composition(),
        FeatureUnion([("a", KmerCounter(k=1)), ("b", Composition())]),
    ],
    ids=lambda features: type(features).__name__,
)
def test_without_covariates_features_are_handed_through(features):
    rows = ["ACGT", "TTGA", ""]
    plain = clone(features).fit(rows).transform(rows)
    for given_rows in (rows, pd.DataFrame({"sequence": rows})):
        wrapped = WithCovariates(features).fit(given_rows).transform(given_rows)
        np.testing.assert_array_equal(dense(wrapped), dense(plain))


def test_no_sequence_is_a_featurizer():
    check_featurizer(NoSequence())
