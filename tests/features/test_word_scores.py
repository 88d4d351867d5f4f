"""The change by one base, from words: equal to counting anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.features.positional import PositionalKmers
from seqexpr.features.word_scores import WordScores, change_each_base
from seqexpr.sequences import BASES, encode

LIBRARIES = st.lists(st.text(alphabet="ACGTN", max_size=14), min_size=1, max_size=4).filter(any)
FEATURES = [
    KmerCounter(k=(1, 3)),
    KmerCounter(k=3, strands="canonical"),
    KmerCounter(k=2, mode="presence"),
    KmerCounter(k=(1, 2), mode="presence", strands="canonical"),
    KmerCounter(k=(1, 2), mode="frequency"),
    KmerCounter(k=(2, 3), n_features=20),
    GappedKmers(4, 2),
    PositionalKmers(k=(1, 2), width=3),
    PositionalKmers(k=2, width=4, anchor="right", site=2, smooth=False, length=9),
    OneHot(),
    OneHot(length=6, anchor="right"),
]


@pytest.mark.parametrize("features", FEATURES, ids=repr)
@given(sequences=LIBRARIES, seed=st.integers(0, 99))
def test_changes_are_those_of_counting_anew(features, sequences, seed):
    fitted = features.fit(sequences)
    before = fitted.transform(sequences).toarray()
    weights = np.random.default_rng(seed).normal(size=before.shape[1])
    changes = change_each_base(encode(sequences), fitted.word_scores(weights))
    for row, sequence in enumerate(sequences):
        for place in range(len(sequence)):
            changed = [sequence[:place] + base + sequence[place + 1 :] for base in BASES]
            wanted = (fitted.transform(changed).toarray() - before[row]) @ weights
            np.testing.assert_allclose(changes[row, :, place], wanted, atol=1e-5)
        assert not changes[row, :, len(sequence) :].any()


def test_tables_that_would_be_too_large_are_not_made():
    weights = np.zeros(2**20)
    assert KmerCounter(k=13).word_scores(weights) is None
    assert KmerCounter(k=(3, 4), n_features=50, mode="presence").word_scores(weights) is None
    assert GappedKmers(13, 4).word_scores(weights) is None
    assert PositionalKmers(k=8, length=500).fit([]).word_scores(weights) is None


def test_a_hand_computed_change():
    # AC scores 2, CA 3, everything else 0: ACA -> AAA loses both, ACA -> ACC loses CA.
    scores = np.zeros((1, 16))
    scores[0, [1, 4]] = 2, 3
    changes = change_each_base(encode(["ACA"]), [WordScores(2, scores)])
    assert changes[0, 0].tolist() == [0, -5, 0]
    assert changes[0, 1].tolist() == [-2, 0, -3]
