"""Where features stand: laws over every featurizer that knows, and sums that are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.features.dyads import SpacedDyads
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.occurrences import LocatedFeatures, Occurrences, windows_of
from seqexpr.features.onehot import OneHot
from seqexpr.features.positional import PositionalKmers
from seqexpr.sequences import BASES, encode

LIBRARIES = st.lists(st.text(alphabet="ACGTN", max_size=25), min_size=1, max_size=6).filter(any)
LOCATED = [
    KmerCounter(k=(1, 3)),
    KmerCounter(k=(2, 3), mode="presence", strands="canonical"),
    KmerCounter(k=(1, 2), mode="frequency"),
    KmerCounter(k=(2, 4), n_features=20, mode="presence"),
    KmerCounter(k=14, n_features=500),  # hashed
    GappedKmers(4, 2),
    GappedKmers(4, 3, strands="canonical"),
    PositionalKmers(k=(1, 2), width=3),
    PositionalKmers(k=2, width=4, anchor="right", smooth=False),
    OneHot(),
    OneHot(length=6, anchor="right"),
    SpacedDyads(k=2, gaps=(1, 4), gap_width=2),
]


@pytest.mark.parametrize("features", LOCATED, ids=repr)
@given(sequences=LIBRARIES)
def test_the_places_of_a_feature_add_up_to_its_value(features, sequences):
    fitted = features.fit(sequences)
    assert isinstance(fitted, LocatedFeatures)
    places = fitted.locate(sequences)
    wanted = fitted.transform(sequences).toarray()
    assert places.shape == wanted.shape
    np.testing.assert_allclose(places.to_matrix().toarray(), wanted, atol=1e-6)


@given(sequences=LIBRARIES, k=st.integers(1, 6))
def test_windows_are_those_of_known_bases(sequences, k):
    wanted = [
        (row, start, sum(BASES.index(base) * 4 ** (k - 1 - i) for i, base in enumerate(window)))
        for row, sequence in enumerate(sequences)
        for start in range(len(sequence) - k + 1)
        if "N" not in (window := sequence[start : start + k])
    ]
    found = zip(*(part.tolist() for part in windows_of(encode(sequences), k)), strict=True)
    assert list(found) == wanted


@given(sequences=LIBRARIES, seed=st.integers(0, 99))
def test_what_is_laid_back_is_what_there_was(sequences, seed):
    places = GappedKmers(4, 2).locate(sequences)
    amounts = np.random.default_rng(seed).normal(size=len(places.rows))
    laid = places.lay_back(amounts, width=max(map(len, sequences)))
    np.testing.assert_allclose(
        laid.sum(axis=1), np.bincount(places.rows, amounts, minlength=len(sequences)), atol=1e-12
    )
    known = [[base != "N" for base in s.ljust(laid.shape[1], "N")] for s in sequences]
    assert not laid[~np.array(known)].any()


def test_a_gapped_word_lies_on_the_bases_that_it_fixes():
    places = GappedKmers(3, 2).locate(["ACG"])
    wanted = {"ACN": [0.5, 0.5, 0], "ANG": [0.5, 0, 0.5], "NCG": [0, 0.5, 0.5]}
    names = GappedKmers(3, 2).get_feature_names_out()
    for place in range(3):
        amounts = np.eye(3)[place]
        laid = places.lay_back(amounts, width=3)[0].tolist()
        assert laid == wanted[names[places.columns[place]]]


def test_occurrences_of_several_featurizers_stand_side_by_side():
    sequences = ["ACGT", "TTN"]
    one, other = KmerCounter(k=1), OneHot(4).fit([])
    joined = Occurrences.join([one.locate(sequences), other.locate(sequences)])
    wanted = np.hstack([f.transform(sequences).toarray() for f in (one, other)])
    assert joined.to_matrix().toarray().tolist() == wanted.tolist()
