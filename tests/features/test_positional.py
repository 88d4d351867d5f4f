from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError, SequenceError
from seqexpr.features import positional as module
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.features.positional import PositionalKmers

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=14)


def counted_by_hand(sequence, features):
    """Find every k-mer of one sequence, and share it between the places beside its middle."""
    text = sequence.upper().replace("U", "T")
    length, width = features.length_, features.width
    shift = 0 if features.anchor == "left" else length - len(text)
    zero = features.site if features.anchor == "left" else length - features.site
    row = {}
    low, high = features.k
    for k in range(low, high + 1):
        for start in range(len(text) - k + 1):
            kmer, place = text[start : start + k], start + shift
            if place < 0 or place + k > length or set(kmer) - set("ACGT"):
                continue
            left, over = divmod(place + k / 2, width)
            left = int(left) * width
            if not features.smooth:
                end = min(left + width, length)
                name = f"{kmer}@{left - zero}..{end - zero}"
                row[name] = row.get(name, 0) + 1
                continue
            for base, share in ((left, 1 - over / width), (left + width, over / width)):
                if share:
                    name = f"{kmer}~{base - zero}"
                    row[name] = row.get(name, 0) + share
    return row


@given(
    st.lists(MESSY, min_size=1, max_size=4).filter(any),
    st.tuples(st.integers(1, 2), st.integers(0, 2)),
    st.integers(1, 6),
    st.sampled_from(["left", "right"]),
    st.integers(-3, 5),
    st.booleans(),
    st.none() | st.integers(1, 16),
)
def test_it_counts_as_one_counts_by_hand(sequences, ks, width, anchor, site, smooth, length):
    features = PositionalKmers(
        (ks[0], ks[0] + ks[1]), width=width, anchor=anchor, site=site, smooth=smooth, length=length
    )
    found = features.fit_transform(sequences)
    names = features.get_feature_names_out()
    assert found.shape == (len(sequences), len(names))
    assert len(set(names)) == len(names)
    assert found.has_sorted_indices
    assert (found.data > 0).all()
    for sequence, row in zip(sequences, found.toarray(), strict=True):
        here = {name: value for name, value in zip(names, row, strict=True) if value}
        assert here == pytest.approx(counted_by_hand(sequence, features))


@pytest.mark.parametrize("smooth", [True, False])
def test_summed_over_places_it_is_the_kmer_counter(clean_library, smooth):
    features = PositionalKmers((1, 3), smooth=smooth)
    found = features.fit_transform(clean_library).toarray()
    kmers = np.array([name.replace("@", "~").split("~")[0] for name in
                      features.get_feature_names_out()])  # fmt: skip
    counter = KmerCounter((1, 3), dense=True)
    for kmer, counts in zip(
        counter.get_feature_names_out(), counter.transform(clean_library).T, strict=True
    ):
        np.testing.assert_allclose(found[:, kmers == kmer].sum(axis=1), counts, rtol=1e-5)


def test_windows_of_one_base_are_one_hot(clean_library):
    features = PositionalKmers(1, width=1, smooth=False)
    assert (features.fit_transform(clean_library) != OneHot().fit_transform(clean_library)).nnz == 0


def test_a_shift_of_one_base_changes_little_where_it_is_smooth():
    at, shifted = "A" * 20 + "CG" + "A" * 20, "A" * 21 + "CG" + "A" * 19
    for smooth, least, most in ((True, 0.3, 0.5), (False, 1.0, 1.0)):
        features = PositionalKmers(2, width=5, smooth=smooth).fit([at])
        columns = np.char.startswith(features.get_feature_names_out().astype(str), "CG")
        at_row, shifted_row = features.transform([at, shifted]).toarray()[:, columns]
        changed = np.abs(at_row - shifted_row).sum() / 2
        assert changed in (0.0, 1.0) if not smooth else least / 2 < changed < most


def test_places_count_from_the_site():
    features = PositionalKmers(1, width=10, anchor="right", site=10).fit(["A" * 30])
    places = [name for name in features.get_feature_names_out() if name.startswith("A")]
    assert places == ["A~-20", "A~-10", "A~0", "A~10"]


@pytest.mark.parametrize("anchor", ["left", "right"])
def test_batches_change_nothing(monkeypatch, library, anchor):
    features = PositionalKmers(anchor=anchor).fit(library)
    whole = features.transform(library)
    monkeypatch.setattr(module, "BATCH", 7)
    assert (features.transform(library) != whole).nnz == 0
    assert features.transform([]).shape == (0, whole.shape[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 0}, r"k must be an int in \[1, 8\] or a pair"),
        ({"k": (3, 2)}, r"k must be an int in \[1, 8\] or a pair"),
        ({"k": (1, 2, 3)}, r"k must be an int in \[1, 8\] or a pair"),
        ({"width": 0}, "width must be an int >= 1, got 0"),
        ({"anchor": "rigth"}, "got 'rigth'; did you mean 'right'"),
        ({"site": 0.5}, "site must be an int, got 0.5"),
        ({"length": 0}, "length must be None or an int >= 1, got 0"),
    ],
)
def test_parameters_are_checked_by_fit(parameters, message):
    with pytest.raises(InputError, match=message):
        PositionalKmers(**parameters).fit(["ACGT"])


def test_a_length_cannot_be_learnt_from_empty_sequences():
    with pytest.raises(SequenceError, match="pass length="):
        PositionalKmers().fit(["", ""])
    assert PositionalKmers(1, length=3, width=3).fit([""]).transform(["", "A"]).sum() == 1
