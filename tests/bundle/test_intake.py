from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.bundle.intake import REASONS, take_in
from seqexpr.data.check_sequences import _UNUSABLE
from seqexpr.sequences import IUPAC

CELLS = st.lists(st.text(alphabet="ACGTUNacgtun RYx-1\tE", max_size=12), max_size=20)


@given(CELLS)
def test_every_cell_is_clean_repaired_or_a_problem(cells):
    intake = take_in(pd.Series(cells, dtype=object))
    assert len(intake.sequences) == len(intake.problems) == len(intake.codes) == len(cells)
    repaired = 0
    for cell, sequence, problem in zip(cells, intake.sequences, intake.problems, strict=True):
        whole = "".join(cell.replace("-", "").split()).upper().replace("U", "T")
        if whole and set(whole) <= set(IUPAC) and cell.strip().lower() not in ("na", "nan"):
            assert (sequence, problem) == (whole, "")
            repaired += whole != cell.strip()
        else:
            assert sequence == ""
            assert problem
    assert intake.n_repaired == repaired


@given(CELLS)
def test_taking_in_twice_changes_nothing_more(cells):
    once = [s for s in take_in(pd.Series(cells, dtype=object)).sequences if len(s) > 4]
    again = take_in(pd.Series(once, dtype=object))
    assert (again.sequences, again.n_repaired) == (once, 0)


@pytest.mark.parametrize("cell", [None, pd.NA, float("nan"), "", "  ", "NA", "--", "null"])
def test_what_is_missing_is_no_sequence(cell):
    assert take_in(pd.Series([cell, "ACGT"], dtype=object)).problems == ["no sequence", ""]


def test_the_problem_is_named():
    cells = ["ac-gt!", "A 1", "2-Sep", "MKVLEEQPIL", 17]
    assert take_in(pd.Series(cells, dtype=object)).problems == [
        "not DNA: '!' at position 6",
        "not DNA: '1' at position 3",
        "not DNA: a date or an error of a spreadsheet",
        "not DNA: looks like protein",
        "not DNA: '1' at position 1",
    ]


def test_letters_whose_upper_case_looks_like_dna_are_told():
    # "ß".upper() is "SS", and "ſ".upper() is "S", which are IUPAC letters.
    cells = pd.Series(["ACßTACGTACGTAC", "ACſTACGTACGTAC"], dtype="str")
    assert take_in(cells).problems == ["not DNA: 'ß' at position 3", "not DNA: 'ſ' at position 3"]


def test_a_space_that_is_none_of_ours_is_told_without_its_place():
    assert take_in(pd.Series(["ACGT\u2003ACGTACGTACGTACGT"])).problems == ["not DNA"]


def test_every_code_of_the_input_doctor_has_words():
    assert set(REASONS) == {code for code, _, _ in _UNUSABLE}
