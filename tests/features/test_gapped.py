from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.sequences import reverse_complement

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=14)
PARAMETERS = st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, min(n, 4))))


def windows(sequence, length):
    text = sequence.upper().replace("U", "T")
    parts = (text[i : i + length] for i in range(len(text) - length + 1))
    return [part for part in parts if set(part) <= set("ACGT")]


def counted_by_hand(sequence, length, k):
    counts = Counter()
    for window in windows(sequence, length):
        for places in combinations(range(length), k):
            counts["".join(b if i in places else "N" for i, b in enumerate(window))] += 1
    return counts


@given(st.lists(MESSY, min_size=1, max_size=4), PARAMETERS)
def test_it_counts_as_one_counts_by_hand(sequences, parameters):
    features = GappedKmers(*parameters)
    found = features.fit_transform(sequences)
    names = features.get_feature_names_out()
    assert found.shape == (len(sequences), len(names))
    assert len(set(names)) == len(names)
    for sequence, row in zip(sequences, found.toarray(), strict=True):
        assert {n: v for n, v in zip(names, row, strict=True) if v} == counted_by_hand(
            sequence, *parameters
        )


@given(st.text("ACGT", max_size=20), st.text("ACGT", max_size=20), PARAMETERS)
def test_the_dot_product_is_the_gapped_kmer_kernel(one, other, parameters):
    """Equation 3 of Ghandi et al. 2014, by brute force over pairs of windows."""
    length, k = parameters
    kernel = 0
    for a in windows(one, length):
        for b in windows(other, length):
            mismatches = sum(x != y for x, y in zip(a, b, strict=True))
            kernel += comb(length - mismatches, k)
    rows = GappedKmers(length, k).transform([one, other]).toarray().astype(float)
    assert rows[0] @ rows[1] == kernel


@given(st.text("ACGT", max_size=20), PARAMETERS)
def test_both_strands_are_one(sequence, parameters):
    features = GappedKmers(*parameters, strands="canonical")
    found = features.transform([sequence, reverse_complement(sequence)]).toarray()
    np.testing.assert_array_equal(found[0], found[1])
    single = GappedKmers(*parameters).transform([sequence])
    assert found[0].sum() == single.sum()
    names = features.get_feature_names_out()
    assert not set(names) & {reverse_complement(n) for n in names if n != reverse_complement(n)}


def test_without_gaps_they_are_kmers():
    rows = ["ACGTTGCANACG", "", "TTTTTTTT"]
    gapped, plain = GappedKmers(3, 3), KmerCounter(3)
    np.testing.assert_array_equal(gapped.transform(rows).toarray(), plain.transform(rows).toarray())
    assert gapped.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()


def test_many_rows_are_counted_in_batches():
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), 12)) for _ in range(9_000)]
    found = GappedKmers(4, 3).transform(rows)
    np.testing.assert_array_equal(
        found[8_990:].toarray(), GappedKmers(4, 3).transform(rows[8_990:]).toarray()
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"l": 0}, "l must be"),
        ({"l": 4, "k": 5}, "k one in"),
        ({"l": 4.0}, "l must be"),
        ({"l": 20, "k": 8}, "at most 16,777,216"),
        ({"strands": "both"}, "strands must be"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        GappedKmers(**parameters).fit(["ACGT"])
