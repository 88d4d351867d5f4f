from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from Bio.Seq import reverse_complement as biopython_reverse_complement
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import SequenceError
from seqexpr.sequences import (
    BASES,
    CODES,
    IUPAC,
    UNKNOWN,
    as_strings,
    encode,
    join_ascii,
    normalize,
    reverse_complement,
)

LETTERS = IUPAC + IUPAC.lower() + "Uu-. ?"


@given(st.lists(st.text(max_size=20)))
def test_every_character_becomes_one_code(texts):
    encoded = encode(texts)
    folded = str.maketrans("acgtUu", "ACGTTT")
    for text, start, stop in zip(texts, encoded.offsets, encoded.offsets[1:], strict=False):
        codes = encoded.codes[start:stop].tolist()
        wanted = [BASES.find(letter) for letter in text.translate(folded)]
        assert codes == [UNKNOWN if code < 0 else code for code in wanted]
    assert len(encoded) == len(texts)
    assert encoded.lengths.tolist() == [len(text) for text in texts]


def test_encoding_does_not_change_and_cannot_be_changed():
    encoded = encode(["ACGT"])
    assert encoded.codes.dtype == np.uint8
    assert encoded.offsets.dtype == np.int64
    for array in (encoded.codes, CODES):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_no_sequences():
    encoded = encode([])
    assert len(encoded) == 0
    assert encoded.codes.tolist() == []
    assert encoded.offsets.tolist() == [0]


def test_characters_outside_ascii_keep_their_length():
    assert join_ascii(["Aé", "中T", "\ud800"]).tobytes() == b"A??T?"


@given(st.text(alphabet=LETTERS))
def test_reverse_complement_twice_is_the_sequence(text):
    assert reverse_complement(reverse_complement(text)) == text.replace("U", "T").replace("u", "t")


@given(st.text(alphabet=IUPAC + IUPAC.lower()))
def test_reverse_complement_is_biopythons(text):
    assert reverse_complement(text) == biopython_reverse_complement(text)


@given(st.text(alphabet=LETTERS + "\n\t"))
def test_normalized_is_upper_case_without_u_and_white_space(text):
    found = normalize(text)
    assert found == normalize(found)
    kept = [c.upper() if c.isascii() else c for c in text if not c.isspace()]
    assert found == "".join(kept).replace("U", "T")
    assert normalize("aß") == "Aß"  # str.upper would make it SS, two letters


SEQUENCES = ["ACGT", "", "nn"]


@pytest.mark.parametrize(
    "given_as",
    [
        SEQUENCES,
        tuple(SEQUENCES),
        np.array(SEQUENCES, dtype=object),
        np.array(SEQUENCES),
        np.array(SEQUENCES, dtype=object)[:, None],
        pd.Series(SEQUENCES),
        pd.Series(SEQUENCES, dtype=object, index=[3, 3, 1]),
        pd.DataFrame({"sequence": SEQUENCES}),
    ],
    ids=["list", "tuple", "objects", "str", "column", "series", "object series", "frame"],
)
def test_what_counts_as_sequences(given_as):
    found = as_strings(given_as)
    assert found == SEQUENCES
    assert all(type(text) is str for text in found)


def test_a_list_is_not_copied():
    assert as_strings(SEQUENCES) is SEQUENCES


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("ACGT", r"got one str; wrap it: \['ACGT'\]"),
        ("ACGTACGTACGTACGT", r"wrap it: \['ACGTACGTA\.\.\.'\]"),
        (["A", None], r"sequence 1: expected a str, found NoneType \(None\)"),
        (pd.Series(["A", None]), r"sequence 1: expected a str, found \w+ \(nan\)"),
        ([b"ACGT"], r"sequence 0: expected a str, found bytes"),
        (np.array([["A", "C"], ["G", "T"]]), r"got an array of shape \(2, 2\)"),
        (np.array("A"), r"got an array of shape \(\)"),
        (7, r"got an array of shape \(\)"),
    ],
)
def test_what_does_not(wrong, message):
    with pytest.raises(SequenceError, match=message):
        as_strings(wrong)
    with pytest.raises(SequenceError, match=message):
        encode(wrong)
