from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import MultiLabelBinarizer

from seqexpr.errors import InputError
from seqexpr.features.kmers import KmerCounter
from seqexpr.models import baselines
from seqexpr.models.baselines import LeastSquaresRegressor, MeanRegressor, NearestNeighborRegressor


def test_the_mean_is_weighted():
    model = MeanRegressor().fit(np.zeros((3, 1)), [1.0, 2.0, 5.0], sample_weight=[1, 1, 2])
    assert model.predict(np.zeros((2, 1))).tolist() == [3.25, 3.25]


@settings(max_examples=40)
@given(
    n=st.integers(2, 150),
    length=st.integers(3, 60),
    seed=st.integers(0, 10_000),
    is_weighted=st.booleans(),
)
def test_least_squares_is_the_tutorial_also_when_rows_are_few(n, length, seed, is_weighted):
    """Columns that are all zero, which the tutorial does not have, change nothing."""
    rng = np.random.default_rng(seed)
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]
    new = ["".join(row) for row in rng.choice(list("ACGT"), size=(30, length))]
    y = 10 ** rng.uniform(-3, 4) * rng.normal(size=n)
    w = rng.uniform(0.1, 2, size=n) if is_weighted else None
    encoder = MultiLabelBinarizer()
    every = encoder.fit_transform(
        [[s[i : i + 3] for i in range(len(s) - 2)] for s in sequences + new]
    )
    wanted = LinearRegression().fit(every[:n], y, sample_weight=w).predict(every[n:])
    counter = KmerCounter(k=3, mode="presence")
    model = LeastSquaresRegressor().fit(counter.transform(sequences), y, sample_weight=w)
    found = model.predict(counter.transform(new))
    assert_allclose(found, wanted, rtol=1e-6, atol=1e-7 * np.abs(wanted).max())


@pytest.mark.parametrize("block", [1, 500, 4_000_000])
def test_neighbours_are_those_of_scikit_learn(counts, container, block, monkeypatch):
    monkeypatch.setattr(baselines, "_BLOCK", block)
    noise = np.random.default_rng(3).uniform(size=(80, 12))  # so that there are no ties
    X, new = counts(80, 12, seed=1) + noise, counts(25, 12, seed=2) + noise[:25]
    y = np.random.default_rng(0).normal(size=80)
    oracle = NearestNeighbors(n_neighbors=4, metric="cosine", algorithm="brute").fit(X)
    nearest = oracle.kneighbors(new, return_distance=False)
    model = NearestNeighborRegressor(n_neighbors=4).fit(container(X), y)
    assert_allclose(model.predict(container(new)), y[nearest].mean(axis=1))
    w = np.random.default_rng(1).uniform(0.5, 2, size=80)
    weighted = NearestNeighborRegressor(n_neighbors=4).fit(container(X), y, sample_weight=w)
    wanted = (y * w)[nearest].sum(axis=1) / w[nearest].sum(axis=1)
    assert_allclose(weighted.predict(container(new)), wanted)


def test_the_length_of_a_row_does_not_matter(counts):
    X = counts(30, 8)
    model = NearestNeighborRegressor(n_neighbors=1).fit(X, np.arange(30.0))
    assert_array_equal(model.predict(5 * X), model.predict(X))


def test_a_row_of_zeros_gets_the_mean_of_all(counts):
    X = counts(30, 4) + 1
    model = NearestNeighborRegressor().fit(X, np.arange(30.0))
    assert model.predict(np.zeros((2, 4))).tolist() == [14.5, 14.5]


def test_fewer_rows_than_neighbours_are_all_averaged():
    model = NearestNeighborRegressor().fit(np.eye(3), [1.0, 2.0, 6.0])
    assert model.predict(np.ones((1, 3))).tolist() == [3.0]


def test_many_rows_are_drawn_from_and_their_number_is_shown(counts):
    X, y = counts(200, 6), np.arange(200.0)
    model = NearestNeighborRegressor(n_neighbors=1, max_reference=50).fit(X, y)
    assert model.n_reference_.tolist() == [50]
    assert model.references_[0].shape == (50, 6)
    assert model.means_.tolist() == [99.5]  # of all rows, not of those drawn
    again = NearestNeighborRegressor(n_neighbors=1, max_reference=50).fit(X, y)
    other = NearestNeighborRegressor(n_neighbors=1, max_reference=50, random_state=0).fit(X, y)
    assert_array_equal(again.values_[0], model.values_[0])
    assert (other.values_[0] != model.values_[0]).any()


@pytest.mark.parametrize("name", ["n_neighbors", "max_reference"])
def test_parameters_out_of_range_are_refused(name):
    with pytest.raises(InputError, match=f"{name} = 0: must be at least 1"):
        NearestNeighborRegressor(**{name: 0}).fit(np.eye(2), [1.0, 2.0])
