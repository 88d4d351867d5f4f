"""Changes: every way to write them, an oracle that edits base by base, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement
from seqexpr.variants.changes import apply_changes, parse_change, parse_variant, single_changes

WILD = "ACGTTGCAAC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1T", "TCGTTGCAAC"),
        ("1A>T", "TCGTTGCAAC"),
        ("a1t", "TCGTTGCAAC"),
        ("c.1A>U", "TCGTTGCAAC"),
        ("1T", "TCGTTGCAAC"),
        ("GTT3A", "ACAGCAAC"),
        ("A1TTT", "TTTCGTTGCAAC"),
        ("del2-4", "ATGCAAC"),
        ("del10", "ACGTTGCAA"),
        ("2_4del", "ATGCAAC"),
        ("2_4delCGT", "ATGCAAC"),
        ("ins0:GG", "GGACGTTGCAAC"),
        ("ins10:GG", "ACGTTGCAACGG"),
        ("2_3insTT", "ACTTGTTGCAAC"),
        ("2_4delinsAA", "AAATGCAAC"),
        ("dup2-3", "ACGCGTTGCAAC"),
        ("2_3dup", "ACGCGTTGCAAC"),
        ("inv1-3", "CGTTTGCAAC"),
        ("1_3inv", "CGTTTGCAAC"),
    ],
)
def test_each_way_to_write_a_change(text, expected):
    assert apply_changes(WILD, [parse_change(text)]) == expected


@pytest.mark.parametrize(
    "text", ["", "A", "12", "A12", "T12Z", "ins3-4:A", "del", "A-1T", "insA", "1A>", "X1A", "é1A"]
)
def test_what_is_no_change_is_told_with_the_way_to_write_it(text):
    with pytest.raises(InputError, match=r"is not understood; write A12T"):
        parse_change(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A0T", "there is no base 0"),
        ("del4-2", "base 2 does not come after base 4"),
        ("3_7insA", "between two neighbours"),
        ("3ACG", "say which bases go"),
    ],
)
def test_impossible_changes_are_told(text, message):
    with pytest.raises(InputError, match=message):
        parse_change(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C1T", "C1T: found A at base 1, not C"),
        ("A11T", "the sequence has 10 bases"),
        ("del9-12", "the sequence has 10 bases"),
        ("A1T;A1G", "A1T and A1G change the same place"),
        ("del1-3;C2T", "del1-3 and C2T change the same place"),
        ("ins2:A;ins2:C", "ins2:A and ins2:C change the same place"),
        ("del1-3;ins2:A", "change the same place"),
    ],
)
def test_changes_that_do_not_fit_are_told(text, message):
    with pytest.raises(InputError, match=message):
        apply_changes(WILD, parse_variant(text))


def test_neighbours_do_not_overlap():
    assert apply_changes(WILD, parse_variant("del1-2+G3A")) == "ATTGCAAC"
    assert apply_changes(WILD, parse_variant("ins2:TT;G3A")) == "ACTTATTGCAAC"


def test_a_variant_needs_a_change():
    with pytest.raises(InputError, match="without a change"):
        parse_variant(" ; ")


@st.composite
def _edits(draw):
    """A wild type and edits that are at least a base apart, as (start, end, alternative)."""
    wild = draw(st.text("ACGT", min_size=6, max_size=30))
    cuts = sorted(draw(st.sets(st.integers(0, len(wild)), min_size=2, max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    alternatives = [draw(st.text("ACGT", min_size=1, max_size=4)) for _ in spans]
    return wild, [(s, e, a) for (s, e), a in zip(spans, alternatives, strict=True)]


@given(_edits(), st.randoms())
def test_all_changes_together_are_the_edits_from_right_to_left(case, random):
    wild, edits = case
    texts = [f"{s + 1}_{e}delins{a}" for s, e, a in edits]
    expected = wild
    for s, e, a in reversed(edits):
        expected = expected[:s] + a + expected[e:]
    random.shuffle(texts)
    assert apply_changes(wild, parse_variant(";".join(texts))) == expected


@given(st.text("ACGT", min_size=1, max_size=12), st.data())
def test_an_inversion_undoes_itself_and_a_deletion_undoes_an_insertion(wild, data):
    start = data.draw(st.integers(1, len(wild)))
    end = data.draw(st.integers(start, len(wild)))
    inverted = apply_changes(wild, [parse_change(f"inv{start}-{end}")])
    assert inverted[start - 1 : end] == reverse_complement(wild[start - 1 : end])
    assert apply_changes(inverted, [parse_change(f"inv{start}-{end}")]) == wild
    longer = apply_changes(wild, [parse_change(f"ins{end}:ACG")])
    assert apply_changes(longer, [parse_change(f"del{end + 1}-{end + 3}:ACG")]) == wild


def test_single_changes_are_all_neighbours():
    found = {apply_changes("ACN", [parse_change(text)]) for text in single_changes("ACN")}
    assert found == {b + "CN" for b in "CGT"} | {"A" + b + "N" for b in "AGT"}
