from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.check_library import (
    Library,
    duplicate_findings,
    find_flanks,
    library_findings,
)
from seqexpr.data.findings import FindingCollector
from seqexpr.sequences import reverse_complement


def as_library(sequences, *, rows=None, n=None):
    array = np.array(sequences, dtype=object)
    rows = np.arange(len(array)) if rows is None else np.asarray(rows)
    return Library(array, rows, len(array) if n is None else n, "seq")


def findings(sequences, **options):
    found = FindingCollector()
    library_findings(found, as_library(sequences, **options))
    return {finding.code: finding for finding in found.findings}


def duplicates(sequences, *columns, rows=None, n=None):
    found = FindingCollector()
    values = np.array(columns, dtype=float).reshape(len(columns), len(sequences)).T
    names = tuple("xyz"[: len(columns)])
    duplicate_findings(found, as_library(sequences, rows=rows, n=n), values=values, names=names)
    return {finding.code: finding for finding in found.findings}


def random_sequences(n, length, seed=0, letters="ACGT"):
    generator = np.random.default_rng(seed)
    return ["".join(generator.choice(list(letters), length)) for _ in range(n)]


def test_nothing_stands_out_in_random_sequences_of_one_length():
    assert findings(random_sequences(200, 30)) == {}


def test_no_sequences():
    assert findings([]) == {}
    assert duplicates([], []) == {}


def test_mixed_lengths_are_told():
    finding = findings([*random_sequences(50, 30), "ACGTACGTAC"])["length-mixed"]
    assert finding.severity == "info"
    assert "10 to 30 bases, median 30" in finding.meaning


def test_short_sequences_by_their_row_in_the_table():
    finding = findings(
        ["ACGTACGT", "ACG", "TTTTTTTT", "A"], rows=[1, 4, 5, 9], n=12
    )["length-short"]  # fmt: skip
    assert finding.rows.tolist() == [5, 10]
    assert finding.examples == ("ACG", "A")


def test_few_distinct_sequences():
    finding = findings(["ACGTACGT", "TTTTGGGG"] * 20)["sequence-few-distinct"]
    assert "only 2 distinct sequences in 40 rows" in finding.meaning
    assert "sequence-few-distinct" not in findings(random_sequences(40, 30))


# Flanks


@given(
    left=st.text("ACGT", max_size=12),
    right=st.text("ACGT", max_size=12),
    middles=st.lists(st.text("ACGT", min_size=1, max_size=9), min_size=1, max_size=30),
)
def test_flanks_of_all_equal_the_common_prefix_and_suffix(left, right, middles):
    rows = [left + middle + right for middle in middles]
    # Below 21 rows, 95% of them are all of them.
    rows = rows[:20]
    found = find_flanks(np.array(rows, dtype=object), np.array([len(row) for row in rows]))

    def common(texts):
        columns = itertools.takewhile(lambda c: len(set(c)) == 1, zip(*texts, strict=False))
        return "".join(column[0] for column in columns)

    assert found == (common(rows), common([row[::-1] for row in rows])[::-1], 1.0)


def test_flanks_are_named_with_their_lengths():
    rows = [f"GGTACC{middle}TCTAGATT" for middle in random_sequences(300, 40)]
    meaning = findings(rows)["flank-constant"].meaning
    assert meaning.startswith(
        "all sequences start with the same 6 bases, GGTACC, and end with the same 8 bases, TCTAGATT"
    )


def test_a_few_mutants_do_not_hide_a_flank():
    rows = [f"GGTACCGGAT{middle}" for middle in random_sequences(300, 40)]
    for k in range(6):
        rows[k] = rows[k][:k] + "N" + rows[k][k + 1 :]
    assert "98% of the sequences start with the same 10 bases, GGTACCGGAT" in (
        findings(rows)["flank-constant"].meaning
    )


def test_single_mutants_of_one_sequence_have_no_flank():
    # Each position is the same in 99.5% of the rows, and none of them is constant.
    wild = random_sequences(1, 200)[0]
    rows = [
        wild[:k] + base + wild[k + 1 :]
        for k in range(200)
        for base in "ACGT"
        if base != wild[k]
    ]  # fmt: skip
    assert "flank-constant" not in findings(rows)
    framed = [f"GGTACC{row}" for row in rows]
    assert "same 6 bases, GGTACC:" in findings(framed)["flank-constant"].meaning


def test_long_flanks_are_shortened():
    flank = random_sequences(1, 150)[0]
    meaning = findings([flank + tail for tail in random_sequences(50, 20)])[
        "flank-constant"
    ].meaning
    assert f"same 150 bases, {flank[:30]}...{flank[-30:]}" in meaning


@pytest.mark.parametrize(
    "rows",
    [
        [f"ACG{middle}" for middle in random_sequences(100, 20)],  # three bases are no flank
        ["ACGTACGT"] * 50,  # one sequence
        [f"NNNNNN{middle}" for middle in random_sequences(100, 20)],  # padding
    ],
)
def test_what_is_no_flank(rows):
    assert "flank-constant" not in findings(rows)


# Duplicates


def duplicates_by_hand(sequences, values):
    """Return the rows (from 1) of each code by comparing all pairs."""
    equal, conflict, partner = set(), set(), set()
    groups = {}
    for row, sequence in enumerate(sequences):
        groups.setdefault(sequence, []).append(row)
    for rows in groups.values():
        if len(rows) > 1:
            measured = {values[row] for row in rows if not np.isnan(values[row])}
            (conflict if len(measured) > 1 else equal).update(row + 1 for row in rows)
    for a, b in itertools.permutations(range(len(sequences)), 2):
        if sequences[a] != sequences[b] and reverse_complement(sequences[a]) == sequences[b]:
            partner.add(a + 1)
    return equal, conflict, partner


@given(st.data())
def test_duplicates_equal_the_comparison_of_all_pairs(data):
    sequences = data.draw(st.lists(st.text("ACGTN", min_size=1, max_size=3), max_size=25))
    number = st.sampled_from([0.0, 1.0, 2.5, np.nan])
    values = data.draw(st.lists(number, min_size=len(sequences), max_size=len(sequences)))
    found = duplicates(sequences, values)
    codes = ("duplicate-equal", "duplicate-conflicting", "duplicate-reverse-complement")
    for code, expected in zip(codes, duplicates_by_hand(sequences, values), strict=True):
        rows = set(found[code].rows.tolist()) if code in found else set()
        assert rows == expected


def test_rows_are_those_of_the_table():
    found = duplicates(["AAC", "TTT", "AAC"], [1, 2, 1], rows=[3, 5, 8], n=10)
    assert found["duplicate-equal"].rows.tolist() == [4, 9]


def test_the_spread_of_conflicts_is_quantified():
    # Within AAC: 1 and 3, standard deviation √2; over all four rows of 1, 3, 7, 9: √(40/3).
    found = duplicates(["AAC", "AAC", "TTG", "CCA"], [1, 3, 7, 9])
    meaning = found["duplicate-conflicting"].meaning
    assert "'x' has a standard deviation of 1.41 within a sequence and of 3.65 over all" in meaning


def test_numbers_that_differ_by_rounding_do_not_conflict():
    found = duplicates(["AAC", "AAC", "TTG"], [0.1 + 0.2, 0.3, 5.0])
    assert set(found) == {"duplicate-equal"}


def test_a_conflict_in_any_target_counts():
    found = duplicates(["AAC", "AAC", "TTG"], [1, 1, 2], [1, 2, 3])
    assert set(found) == {"duplicate-conflicting"}
    assert "'y' has" in found["duplicate-conflicting"].meaning
    assert "'x' has" not in found["duplicate-conflicting"].meaning


def test_palindromes_are_not_their_own_partners():
    assert "duplicate-reverse-complement" not in duplicates(["ACGT", "GAATTC"], [1, 2])


def test_without_targets_repeats_are_equal():
    assert set(duplicates(["AAC", "AAC"])) == {"duplicate-equal"}


def test_the_same_sequence_in_two_conditions_is_no_repeat():
    library = Library(np.array(["AAC", "AAC", "TTG", "AAC"], dtype=object), np.arange(4), 4, "seq",
                      conditions=np.array([0, 1, 0, 1]))  # fmt: skip
    found = FindingCollector()
    duplicate_findings(found, library, values=np.array([[1.0], [2], [3], [9]]), names=("x",))
    (finding,) = found.findings
    assert (finding.code, finding.rows.tolist()) == ("duplicate-conflicting", [2, 4])
    assert "(in one condition)" in finding.meaning
