from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.sequences import reverse_complement
from seqexpr.splits.units import find_units, label_codes

short = st.text(alphabet="ACGT", min_size=1, max_size=3)


def brute_force_units(sequences, labels):
    """Join rows pair by pair until nothing changes."""
    unit = list(range(len(sequences)))
    changed = True
    while changed:
        changed = False
        for i, a in enumerate(sequences):
            for j, b in enumerate(sequences):
                same = (
                    a == b or a == reverse_complement(b) or (labels[i] and labels[i] == labels[j])
                )
                if same and unit[i] != unit[j]:
                    unit[j] = unit[i] = min(unit[i], unit[j])
                    changed = True
    return unit


@given(
    st.lists(
        st.tuples(short, st.sampled_from(["", None, np.nan, pd.NA, "a", "b", "c"])),
        min_size=1,
        max_size=12,
    )
)
def test_units_are_the_connected_components(rows):
    sequences = np.array([r[0] for r in rows], dtype=object)
    labels = np.empty(len(rows), dtype=object)
    labels[:] = [r[1] for r in rows]
    found = find_units(sequences, labels)
    known = ["" if pd.isna(label) else label for label in labels]
    expected = brute_force_units(sequences.tolist(), known)
    np.testing.assert_array_equal(
        found[:, None] == found[None, :], np.equal.outer(expected, expected)
    )
    assert sorted(set(found.tolist())) == list(range(found.max() + 1))


def test_several_kinds_of_labels_join_through_each_other():
    rows = np.array(["AAA", "CCA", "GGA", "TCA"], dtype=object)
    group = np.array(["x", "x", "", ""], dtype=object)
    chromosome = np.array(["", "1", "1", "2"], dtype=object)
    assert find_units(rows, group, None, chromosome).tolist() == [0, 0, 0, 1]


def test_labels_are_numbered_by_first_appearance_and_empty_ones_are_not():
    labels = np.array(["b", "", "a", "b", None, float("nan"), pd.NA], dtype=object)
    assert label_codes(labels).tolist() == [0, -1, 1, 0, -1, -1, -1]
