from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seqexpr.data.shuffling import shuffle_dinucleotides, shuffle_each
from seqexpr.errors import SequenceError


def dinucleotides(text):
    return Counter("".join(pair) for pair in pairwise(text))


@given(st.lists(st.text(alphabet="ACGTNR", max_size=40), max_size=5), st.integers(0, 2**32))
def test_dinucleotides_and_ends_are_kept(sequences, seed):
    shuffled = shuffle_dinucleotides(sequences, rng=np.random.default_rng(seed))
    for before, after in zip(sequences, shuffled, strict=True):
        assert dinucleotides(before) == dinucleotides(after)
        assert (before[:1], before[-1:]) == (after[:1], after[-1:])
        assert len(before) == len(after)


@pytest.mark.parametrize("text", ["ACATAGAC", "AACAACAA", "ACCACAAC"])
def test_every_distinct_order_is_equally_likely(text):
    wanted = {
        "".join(order)
        for order in permutations(text)
        if order[0] == text[0] and dinucleotides(order) == dinucleotides(text)
    }
    draws = 4_000
    found = Counter(shuffle_dinucleotides([text] * draws, rng=np.random.default_rng(7)))
    assert set(found) == wanted
    assert len(wanted) > 3
    assert stats.chisquare([found[order] for order in sorted(wanted)]).pvalue > 1e-3


def test_a_seed_repeats_the_shuffle_and_another_gives_another():
    rows = ["ACGTTGCAACGGATTACAGATTACAGGC"] * 3
    first, again, other = (
        shuffle_dinucleotides(rows, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert len(set(first)) > 1  # one sequence is shuffled anew each time it occurs


def test_one_string_is_refused():
    with pytest.raises(SequenceError, match="wrap it"):
        shuffle_dinucleotides("ACGT", rng=np.random.default_rng(0))


def test_a_sequence_of_its_own_seed_is_shuffled_alike_in_any_company():
    rng = np.random.default_rng(3)
    rows = ["".join(rng.choice(list("ACGT"), 30)) for _ in range(20)] + ["ACNNGTACNGTA", "", "AC"]
    together = shuffle_each(rows, seed=(42, 1))
    assert [shuffle_each([row], seed=(42, 1))[0] for row in rows] == together
    assert shuffle_each(rows[::-1], seed=(42, 1)) == together[::-1]
    assert shuffle_each(rows, seed=(42, 2))[:20] != together[:20]
    for row, shuffled in zip(rows, together, strict=True):
        steps = (sorted(map("".join, pairwise(text))) for text in (row, shuffled))
        assert next(steps) == next(steps)


def test_shuffles_of_its_own_seed_are_as_often_each_order():
    counts = Counter(shuffle_each(["ACAGATA"], seed=(7, i))[0] for i in range(6_000))
    assert len(counts) == 6  # the orders of three steps away from A and back
    assert min(counts.values()) > 850
