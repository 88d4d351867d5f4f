from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from seqexpr.features._plan import KmerPlan, column_of_code
from seqexpr.sequences import reverse_complement


@pytest.mark.parametrize("k", range(1, 7))
def test_canonical_numbers_are_those_of_the_smaller_strand(k):
    kmers = ["".join(letters) for letters in product("ACGT", repeat=k)]
    wanted = [i for i, kmer in enumerate(kmers) if kmer <= reverse_complement(kmer)]
    plan = KmerPlan(k, k, canonical=True, n_features=0)
    assert plan.numbers_of(k).tolist() == wanted
    assert plan.n_columns == len(wanted)
    assert column_of_code(k, k)[wanted].tolist() == list(range(len(wanted)))


def test_blocks_follow_one_another():
    plan = KmerPlan(2, 4, canonical=False, n_features=0)
    assert plan.starts.tolist() == [0, 16, 16 + 64]
    assert plan.n_columns == plan.n_codes == 16 + 64 + 256
    assert plan.numbers_of(2).tolist() == list(range(16))
    both = KmerPlan(2, 3, canonical=True, n_features=0)
    assert both.n_columns == 10 + 32
    assert column_of_code(2, 3)[16 + both.numbers_of(3)].tolist() == list(range(10, 42))


def test_hashed_codes_do_not_depend_on_the_range():
    assert KmerPlan(13, 14, canonical=False, n_features=9).starts.tolist() == [4**13, 4**14]
    assert KmerPlan(14, 14, canonical=False, n_features=9).starts.tolist() == [4**14]
    assert KmerPlan(14, 14, canonical=False, n_features=9).n_columns == 9


def test_no_row_can_have_more_features_than_windows_or_columns():
    plan = KmerPlan(1, 2, canonical=False, n_features=0)
    assert plan.row_bounds(np.array([0, 1, 2, 100])).tolist() == [0, 1, 2 + 1, 4 + 16]
    hashed = KmerPlan(1, 2, canonical=False, n_features=5)
    assert hashed.row_bounds(np.array([0, 1, 100])).tolist() == [0, 1, 100 + 99]
