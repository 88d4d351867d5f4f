from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.content import (
    is_dna,
    is_number,
    looks_like_chromosomes,
    looks_like_dna,
    looks_like_groups,
    looks_like_split,
    looks_numeric,
)


@given(st.text("ACGTUNacgtun", min_size=4))
def test_every_run_of_bases_is_dna(cell):
    assert is_dna(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_a_number(number):
    assert is_number(repr(number))
    assert not is_dna(repr(number))


@pytest.mark.parametrize("word", ["strand", "mutant", "variant", "wt", "", "ACG", "....", "----"])
def test_words_of_iupac_letters_are_no_dna(word):
    assert not is_dna(word)


def test_a_few_bad_cells_do_not_hide_dna():
    assert looks_like_dna(pd.Series(["ACGTACGT"] * 99 + ["n.d."]))
    assert not looks_like_dna(pd.Series(["ACGTACGT"] * 9 + ["lacZ"]))
    assert not looks_like_dna(pd.Series([None, ""], dtype="str"))
    assert not looks_like_dna(pd.Series([1.0, 2.0]))


def test_numbers_with_missing_ones_and_decimal_commas():
    assert looks_numeric(pd.Series(["NA", "n/a", ".", "1,5", "-2e-3"]))
    assert looks_numeric(pd.Series([1, 2]))
    assert not looks_numeric(pd.Series([True, False]))
    assert not looks_numeric(pd.Series(["NA", "NA"]))
    assert not looks_numeric(pd.Series(["high", "low", "1"]))


@pytest.mark.parametrize(
    ("cells", "is_split"),
    [
        (["train", "test", "val"], True),
        (["Train", "TEST", None], True),
        (["1", "2", "3"], True),
        ([0, 1, 2], True),
        ([0.0, 1.0, None], True),
        (["fold_1", "fold_2"], True),
        (["train", "train"], False),
        (["1.5", "2.25"], False),
        (["control", "treated"], False),
        ([str(i) for i in range(101)], False),
    ],
)
def test_splits_are_few_folds_or_known_words(cells, is_split):
    assert looks_like_split(pd.Series(cells)) is is_split


def test_groups_are_many_and_shared():
    assert looks_like_groups(pd.Series([f"g{i % 10}" for i in range(30)]))
    assert not looks_like_groups(pd.Series([f"g{i % 9}" for i in range(30)]))
    assert not looks_like_groups(pd.Series([f"g{i}" for i in range(30)]))


def test_chromosomes_are_several_and_shared():
    assert looks_like_chromosomes(pd.Series(["chr1", "chr2", "chr2"]))
    assert not looks_like_chromosomes(pd.Series(["chr1", "chr2", None]))
    assert not looks_like_chromosomes(pd.Series(["chr1", "chr1"]))
