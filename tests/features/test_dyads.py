from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.features import dyads as module
from seqexpr.features.dyads import SpacedDyads
from seqexpr.features.kmers import KmerCounter
from seqexpr.sequences import reverse_complement

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=24)
GAPS = st.tuples(st.integers(0, 4), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair)))


def counted_by_hand(sequence, features):
    """Every two windows of known bases at each gap, as the names of the columns."""
    text, k = sequence.upper().replace("U", "T"), features.k
    low, high = features.gaps
    counts = Counter()
    for gap in range(low, high + 1):
        start = low + (gap - low) // features.gap_width * features.gap_width
        end = min(start + features.gap_width - 1, high)
        spelled = f"n{start}" if start == end else f"n{{{start}..{end}}}"
        for i in range(len(text) - 2 * k - gap + 1):
            one, other = text[i : i + k], text[i + k + gap : i + 2 * k + gap]
            pair = one + other
            if set(pair) <= set("ACGT"):
                if features.strands == "canonical":
                    pair = min(pair, reverse_complement(pair))
                counts[f"{pair[:k]} {spelled} {pair[k:]}"] += 1
    return counts


@given(
    st.lists(MESSY, min_size=1, max_size=4),
    st.integers(1, 2),
    GAPS,
    st.integers(1, 4),
    st.sampled_from(["single", "canonical"]),
)
def test_it_counts_as_one_counts_by_hand(sequences, k, gaps, gap_width, strands):
    features = SpacedDyads(k, gaps=gaps, gap_width=gap_width, strands=strands)
    found = features.fit_transform(sequences)
    names = features.get_feature_names_out()
    assert len(set(names)) == len(names) == found.shape[1]
    assert found.has_sorted_indices
    for sequence, row in zip(sequences, found.toarray(), strict=True):
        here = {name: value for name, value in zip(names, row, strict=True) if value}
        assert here == counted_by_hand(sequence, features)


@given(st.text("ACGTN", max_size=30), GAPS)
def test_both_strands_are_one(sequence, gaps):
    features = SpacedDyads(2, gaps=gaps, strands="canonical")
    found = features.transform([sequence, reverse_complement(sequence)]).toarray()
    np.testing.assert_array_equal(found[0], found[1])
    assert features.is_strand_symmetric


def test_without_a_gap_they_are_kmers(library):
    dyads, kmers = SpacedDyads(2, gaps=(0, 0)), KmerCounter(4)
    assert (dyads.transform(library) != kmers.transform(library)).nnz == 0


def test_a_promoter_is_a_dyad_at_seventeen_bases():
    """TTGACA, 17 bases, TATAAT: between TTG and TAT lie 3 + 17 = 20."""
    promoter = "TTGACA" + "N" * 17 + "TATAAT"
    features = SpacedDyads(3, gaps=(18, 22), gap_width=1)
    row = features.transform([promoter]).toarray()[0]
    names = features.get_feature_names_out()
    found = {name for name, value in zip(names, row, strict=True) if value}
    assert {"TTG n20 TAT", "ACA n20 AAT", "TGA n20 ATA", "TTG n21 ATA"} <= found
    assert sum("TTG n2" in name for name in found) == 3  # TAT, ATA, TAA after 20, 21, 22


def test_bins_add_up_single_gaps(library):
    fine = SpacedDyads(2, gaps=(0, 6), gap_width=1).transform(library).toarray()
    coarse = SpacedDyads(2, gaps=(0, 6), gap_width=3).transform(library).toarray()
    fine = fine.reshape(len(library), 7, 256)
    wanted = np.stack([fine[:, :3].sum(1), fine[:, 3:6].sum(1), fine[:, 6:].sum(1)], axis=1)
    np.testing.assert_array_equal(coarse, wanted.reshape(len(library), -1))


def test_batches_change_nothing(monkeypatch, library):
    features = SpacedDyads()
    whole = features.transform(library)
    monkeypatch.setattr(module, "BATCH", 7)
    assert (features.transform(library) != whole).nnz == 0
    assert features.transform([]).shape == (0, whole.shape[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 5}, r"k must be an int in \[1, 4\], got 5"),
        ({"gaps": (3, 2)}, r"gaps must be \(smallest, largest\), two ints of at least 0"),
        ({"gaps": 3}, r"gaps must be \(smallest, largest\)"),
        ({"gaps": (0, 101)}, "gaps must not be longer than 100"),
        ({"gap_width": 0}, "gap_width must be an int >= 1, got 0"),
        ({"strands": "both"}, "strands must be 'single' or 'canonical', got 'both'"),
        (
            {"k": 4, "gaps": (0, 100), "gap_width": 0.5},
            "gap_width must be an int >= 1, got 0.5",
        ),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        SpacedDyads(**parameters).fit(["ACGT"])


def test_too_many_columns_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_COLUMNS", 1000)
    with pytest.raises(InputError, match="makes 28,672 columns, at most 1,000 are allowed; take"):
        SpacedDyads().fit(["ACGT"])
