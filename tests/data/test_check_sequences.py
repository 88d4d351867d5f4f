from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.check_sequences import scan_sequences, sequence_findings
from seqexpr.data.findings import FindingCollector

DNA = "ACGTUNRYSWKMBDHVacgtunryswkmbdhv"


def scan(cells):
    return scan_sequences(pd.Series(cells, dtype=object, name="seq"))


def findings(cells, *, drop_invalid=False, dropped=None):
    scanned = scan(cells)
    if dropped is None:
        dropped = scanned.unusable if drop_invalid else np.zeros(len(cells), dtype=bool)
    found = FindingCollector()
    sequence_findings(
        found, scanned, column="seq", dropped=np.asarray(dropped), drop_invalid=drop_invalid
    )
    return {finding.code: finding for finding in found.findings}


# What repairing means, letter by letter, without bytes or tables.
def repaired_by_hand(text):
    kept = [c for c in text.strip() if c not in "-.~ \t\r\n\v\f\xa0"]
    return "".join("T" if c in "uU" else c.upper() for c in kept)


@given(st.lists(st.text(DNA + "-. \t\xa0", max_size=30), max_size=20))
def test_repair_equals_the_letter_by_letter_oracle(cells):
    scanned = scan(cells)
    words = {"na", "nan", "n/a"}
    for cell, sequence, problem in zip(cells, scanned.sequences, scanned.problems, strict=True):
        expected = repaired_by_hand(cell)
        if not expected or cell.strip().lower() in words:
            assert (sequence, problem) == ("", "sequence-empty")
        else:
            assert (sequence, problem) == (expected, "")
    changed = [a.strip() != b for a, b in zip(cells, scanned.sequences, strict=True)]
    np.testing.assert_array_equal(scanned.repaired, np.array(changed, bool) & ~scanned.unusable)


@given(st.lists(st.text(max_size=12), max_size=20))
def test_any_text_is_a_clean_sequence_or_unusable(cells):
    scanned = scan(cells)
    for sequence, bad in zip(scanned.sequences, scanned.unusable, strict=True):
        assert bool(bad) == (sequence == "")
        assert set(sequence) <= set("ACGTNRYSWKMBDHV")
    assert not (scanned.repaired & scanned.unusable).any()


@given(st.lists(st.text(DNA, min_size=4, max_size=12), min_size=1, max_size=10))
def test_scanning_what_was_repaired_changes_nothing(cells):
    once = scan(cells).sequences.tolist()
    again = scan(once)
    assert again.sequences.tolist() == once
    assert not again.repaired.any()


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("", "sequence-empty"),
        (None, "sequence-empty"),
        (np.nan, "sequence-empty"),
        ("  ", "sequence-empty"),
        ("----", "sequence-empty"),
        ("NA", "sequence-empty"),
        ("nan", "sequence-empty"),
        ("None", "sequence-empty"),
        ("null", "sequence-empty"),
        ("N/A", "sequence-empty"),
        ("2-Sep", "sequence-spreadsheet"),
        ("#VALUE!", "sequence-spreadsheet"),
        ("2024-03-01", "sequence-spreadsheet"),
        ("MKVLEEQPFQ", "sequence-protein"),
        ("mkvleeqpfq*", "sequence-protein"),
        ("MSKGEELFTGVVPILVELDGDVNGHKFSVSGEGEGDATYGKLTLKFICTTG", "sequence-protein"),
        ("ACGTACGTACGTEACGTACGT", "sequence-not-dna"),
        ("ACGT1", "sequence-not-dna"),
        ("1.5", "sequence-not-dna"),
        (1.5, "sequence-not-dna"),
        ("ACGT,ACGT", "sequence-not-dna"),
        ("ÄCGT", "sequence-not-dna"),
        ("AC\u200bGT", "sequence-not-dna"),
        ("ACG漢T", "sequence-not-dna"),
        ("[A/G]CGT", "sequence-not-dna"),
    ],
)
def test_what_is_no_sequence(cell, problem):
    assert scan([cell, "ACGT"]).problems.tolist() == [problem, ""]
    report = findings([cell, "ACGT", "ACGA"])
    assert report[problem].severity == "error"
    assert report[problem].rows.tolist() == [1]
    assert report[problem].action == "none"
    assert report[problem].remedy.endswith("or pass --on-invalid drop")
    dropping = findings([cell, "ACGT", "ACGA"], drop_invalid=True)
    assert (dropping[problem].severity, dropping[problem].action) == ("warning", "dropped")


def test_the_message_says_column_count_first_row_and_cell():
    finding = findings(["ACGT", "AC!T", "ACGT", "A?", "ACGT"])["sequence-not-dna"]
    assert finding.meaning == (
        "column 'seq': 2 of 5 sequences hold characters that are not DNA (first: row 2, 'AC!T')"
    )
    assert finding.examples == ("AC!T", "A?")


def test_mostly_wrong_hints_at_the_column():
    assert "--sequence NAME" in findings(["MKVLEEQ", "MKPLEQF", "ACGT"])["sequence-protein"].remedy


@pytest.mark.parametrize(
    ("cell", "code", "severity", "action"),
    [
        ("acgt", "sequence-lowercase", "info", "repaired"),
        ("ACGU", "sequence-rna", "info", "repaired"),
        ("AC GT", "sequence-spaces", "info", "repaired"),
        ("AC\xa0GT", "sequence-spaces", "info", "repaired"),
        ("ACNT", "sequence-ambiguous", "info", "none"),
        ("ACRT", "sequence-ambiguous", "info", "none"),
        ("AC-GT", "sequence-gaps", "warning", "repaired"),
        ("AC.GT", "sequence-gaps", "warning", "repaired"),
        ("ACTU", "sequence-mixed-alphabet", "warning", "none"),
        ("NNNN", "sequence-unknown", "warning", "none"),
    ],
)
def test_what_is_kept_or_repaired(cell, code, severity, action):
    finding = findings(["ACGT", cell, "GGGGGGG"])[code]
    assert (finding.severity, finding.action) == (severity, action)
    assert finding.rows.tolist() == [2]
    assert finding.examples == (cell,)
    assert finding.remedy
    assert code not in findings(["ACGT", "GGGGGGG"])


def test_rna_is_called_rna():
    assert "RNA" in findings(["ACGU"])["sequence-rna"].meaning


def test_gaps_that_make_one_length_look_like_an_alignment():
    aligned = findings(["AC-GT", "ACAGT", "A--GT"])["sequence-gaps"]
    assert "alignment" in aligned.meaning
    ragged = findings(["AC-GT", "ACAGTA"])["sequence-gaps"]
    assert "alignment" not in ragged.meaning


def test_dropped_rows_are_in_no_other_finding():
    report = findings(["acgt", "acgt", "!"], dropped=[True, False, True])
    assert report["sequence-lowercase"].rows.tolist() == [2]
    assert "sequence-not-dna" not in report


def test_no_rows():
    assert scan([]).sequences.tolist() == []
    assert findings([]) == {}
