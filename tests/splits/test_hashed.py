"""Sets by hash: units whole, whatever the order; shares as asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import SplitError
from seqexpr.sequences import reverse_complement
from seqexpr.splits.hashed import LowestHashes, hash_units
from seqexpr.splits.units import find_units

DNA = st.text(alphabet="ACGTNRY", min_size=1, max_size=6)


@given(st.lists(DNA, min_size=1, max_size=30))
def test_rows_have_one_number_where_they_are_one_unit(rows):
    units = find_units(np.array(rows, dtype=object))
    numbers = hash_units(rows)
    for unit in np.unique(units):
        assert len(np.unique(numbers[units == unit])) == 1
    assert len(np.unique(numbers)) == len(np.unique(units))
    turned = [reverse_complement(row) for row in rows]
    assert hash_units(turned).tolist() == numbers.tolist()


def test_groups_count_before_sequences_and_the_seed_matters():
    groups = np.array(["a", "a", "", ""], dtype=object)
    rows = ["AAC", "CCC", "GTT", "AAC"]
    numbers = hash_units(rows, groups)
    assert numbers[0] == numbers[1]
    assert numbers[2] == numbers[3] != numbers[0]
    assert not set(hash_units(rows, seed=1).tolist()) & set(hash_units(rows, seed=2).tolist())


def test_numbers_are_as_if_drawn_uniformly():
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), 30)) for _ in range(20_000)]
    share = hash_units(rows) / 2**64
    # Kolmogorov-Smirnov: 1.63 / sqrt(n) is passed once in a hundred.
    steps = np.abs(np.sort(share) - np.arange(1, 20_001) / 20_000)
    assert steps.max() < 1.95 / np.sqrt(20_000)


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=200), st.integers(40, 60), st.integers(1, 50)
)
def test_the_lowest_are_kept_whole_and_as_many_as_may_be(values, most, step):
    hashes = np.array(values, dtype=np.uint64)
    if max(np.bincount(values)) > 20:
        return
    lowest = LowestHashes(most)
    for start in range(0, len(values), step):
        rows = slice(start, start + step)
        lowest.add(pd.DataFrame({"row": np.arange(len(values))[rows]}), hashes[rows])
    frame, kept = lowest.kept()
    ordered = sorted(values)
    limit = ordered[most] if len(ordered) > most else 99
    assert frame["row"].tolist() == [i for i, value in enumerate(values) if value < limit]
    assert kept.tolist() == [value for value in values if value < limit]


def test_a_group_of_too_many_rows_is_told():
    lowest = LowestHashes(3)
    lowest.add(pd.DataFrame({"x": range(4)}), np.zeros(4, dtype=np.uint64))
    with pytest.raises(SplitError, match="more than 3 rows are of one group"):
        lowest.kept()
