from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError, SequenceError
from seqexpr.features import _spans as module
from seqexpr.features.composition import Composition
from seqexpr.features.windows import WindowComposition

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=30)


def longest(text, letters):
    """The longest run of characters that are among the letters."""
    runs = (len(list(run)) for here, run in groupby(text, lambda base: base in letters) if here)
    return max(runs, default=0)


def described_by_hand(text):
    """The fourteen numbers of one stretch."""
    count = {base: text.count(base) for base in "ACGT"}
    known = sum(count.values()) or 1
    gc, at = count["G"] + count["C"], count["A"] + count["T"]
    return {
        **{base: n / known for base, n in count.items()},
        "gc": gc / known,
        "CpG": text.count("CG") / known,
        "gc_skew": (count["G"] - count["C"]) / (gc or 1),
        "at_skew": (count["A"] - count["T"]) / (at or 1),
        **{f"run_{base}": longest(text, base) for base in "ACGT"},
        "run_W": longest(text, "AT"),
        "run_S": longest(text, "CG"),
    }


@given(
    st.lists(MESSY, min_size=1, max_size=4).filter(any),
    st.integers(2, 9),
    st.sampled_from(["left", "right"]),
    st.none() | st.integers(1, 40),
)
def test_it_describes_as_one_does_by_hand(sequences, width, anchor, length):
    features = WindowComposition(width, anchor=anchor, length=length)
    found = features.fit_transform(sequences)
    names = features.get_feature_names_out()
    assert len(set(names)) == len(names) == found.shape[1]
    for sequence, row in zip(sequences, found, strict=True):
        text = sequence.upper().replace("U", "T")
        wanted = {}
        for name in names:
            stretch, (what, _, where) = text, name.partition("@")
            if where:
                start, end = map(int, where.split(".."))
                zero = 0 if anchor == "left" else len(text)
                stretch = text[max(start + zero, 0) : max(end + zero, 0)]
            wanted[name] = described_by_hand(stretch)[what]
        assert dict(zip(names, row.tolist(), strict=True)) == pytest.approx(wanted)


def test_windows_cut_the_sequence_from_the_anchored_end():
    def windows(**parameters):
        names = WindowComposition(10, **parameters).fit(["A" * 25]).get_feature_names_out()
        return [name.partition("@")[2] for name in names if name.startswith("gc@")]

    assert windows() == ["0..10", "10..20", "20..25"]
    assert windows(anchor="right") == ["-25..-20", "-20..-10", "-10..0"]
    assert windows(length=12) == ["0..10", "10..12"]
    assert len(WindowComposition(None).fit(["A" * 25]).get_feature_names_out()) == 14


def test_the_whole_agrees_with_composition(library):
    found = WindowComposition().fit_transform(library)
    np.testing.assert_allclose(found[:, 4], Composition().transform(library)[:, 0], rtol=1e-6)


def test_batches_change_nothing(monkeypatch, library):
    features = WindowComposition(anchor="right").fit(library)
    whole = features.transform(library)
    monkeypatch.setattr(module, "BATCH", 7)
    np.testing.assert_array_equal(features.transform(library), whole)
    assert features.transform([]).shape == (0, whole.shape[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"width": 1}, "WindowComposition: width must be None or an int >= 2, got 1"),
        ({"anchor": "rigth"}, "got 'rigth'; did you mean 'right'"),
        ({"length": 0}, "length must be None or an int >= 1, got 0"),
    ],
)
def test_parameters_are_checked_by_fit(parameters, message):
    with pytest.raises(InputError, match=message):
        WindowComposition(**parameters).fit(["ACGT"])


def test_a_length_cannot_be_learnt_from_empty_sequences():
    with pytest.raises(SequenceError, match=r"WindowComposition: .* pass length="):
        WindowComposition().fit(["", ""])
