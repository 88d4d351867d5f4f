from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.bundle.intake import take_in
from seqexpr.sequences import IUPAC, normalize


@given(st.lists(st.text(alphabet="ACGTUNacgtun RYx-1\t", max_size=12)))
def test_every_cell_is_clean_repaired_or_a_problem(cells):
    intake = take_in(cells)
    assert len(intake.sequences) == len(intake.problems) == len(cells)
    repaired = 0
    for cell, sequence, problem in zip(cells, intake.sequences, intake.problems, strict=True):
        whole = normalize(cell)
        if whole and set("".join(cell.split()).upper()) <= {*IUPAC, "U"}:
            assert (sequence, problem) == (whole, "")
            repaired += whole != cell
        else:
            assert sequence == ""
            assert problem
    assert intake.n_repaired == repaired


def test_what_is_missing_is_no_sequence():
    cells = [None, pd.NA, float("nan"), "", "  ", 17]
    assert take_in(cells).problems == ["no sequence"] * 6


def test_the_first_foreign_character_is_named_with_its_place_in_the_cell():
    assert take_in(["ac-gt!", " A 1"]).problems == [
        "not DNA: '-' at position 3",
        "not DNA: '1' at position 4",
    ]


def test_letters_whose_upper_case_looks_like_dna_are_told():
    # "ß".upper() is "SS", and "ſ".upper() is "S", which are IUPAC letters.
    assert take_in(["ACßT", "ACſT"]).problems == [
        "not DNA: 'ß' at position 3",
        "not DNA: 'ſ' at position 3",
    ]
