from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.layout import SPACES, check_names, made_up_names, sniff_layout
from seqexpr.errors import TableError


def sniff(text, encoding="utf-8"):
    return sniff_layout(text.encode(encoding), "table.csv")


@given(
    st.sampled_from(["\t", ",", ";", "|", " "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.lists(st.tuples(st.text("ACGT", min_size=4), st.floats(-9, 9)), min_size=1, max_size=9),
    st.booleans(),
)
def test_delimiter_line_end_encoding_and_header_are_found(
    delimiter, newline, encoding, rows, has_header
):
    lines = [delimiter.join([sequence, repr(value)]) for sequence, value in rows]
    if has_header:
        lines.insert(0, delimiter.join(["Oligo", "Level"]))
    layout = sniff(newline.join([*lines, ""]), encoding)
    assert layout.delimiter == delimiter
    assert layout.newline == ("\r" if newline == "\r" else "\n")
    assert layout.names == (("Oligo", "Level") if has_header else ("sequence", "value"))
    assert layout.skip == int(has_header)
    assert layout.encoding == ("utf-16" if encoding == "utf-16" else "utf-8-sig")


@pytest.mark.parametrize(
    ("text", "delimiter", "names", "skip"),
    [
        # A comma inside numbers, ids and words is no delimiter.
        ("Sequence;Value\nACGT;1,5\n", ";", ("Sequence", "Value"), 1),
        ("ACGT;1,5\nTTTT;2,5\n", ";", ("sequence", "value"), 0),
        ("id\tseq\ty\nx,1,+\tACGT\t1\ny,2,-\tTTTT\t2\n", "\t", ("id", "seq", "y"), 1),
        # Nor is a space inside names.
        ("Sequence,Expression Level\nACGT,1\n", ",", ("Sequence", "Expression Level"), 1),
        ("seq   y\nACGT  1\nTTTTT 2\n", SPACES, ("seq", "y"), 1),
        # Comments, blank lines, Excel's hint.
        ("# made by, me\n\n#\nseq,y\nACGT,1\n", ",", ("seq", "y"), 4),
        ("#id\tseq\ty\na\tACGT\t1\n", "\t", ("id", "seq", "y"), 1),
        ("# some words\nACGT\t1\n", "\t", ("sequence", "value"), 1),
        ("sep=;\nseq;y\nACGT;1\n", ";", ("seq", "y"), 2),
        # Titles above the header.
        ("Table S1\n\nseq,y\nACGT,1\nTTTT,2\n", ",", ("seq", "y"), 3),
        ("Table S1,,\nseq,y,z\nACGT,1,2\nTTTT,2,2\n", ",", ("seq", "y", "z"), 2),
        # R leaves out the name of the row names.
        ("liver\tbrain\ng1\t1.5\t2\ng2\t3\t4\n", "\t", ("row_names", "liver", "brain"), 1),
        ('"seq" "y"\n"1" "ACGT" 5\n"2" "TTTT" 6\n', " ", ("row_names", "seq", "y"), 1),
        # Cells without a name, and a header on two lines.
        (",seq,y,\n0,ACGT,1,\n", ",", ("unnamed_1", "seq", "y", "unnamed_4"), 1),
        ('seq,"expression\nlevel"\nACGT,1\n', ",", ("seq", "expression\nlevel"), 2),
        # One column.
        ("sequence\nACGT\nTTTT\n", ",", ("sequence",), 1),
        ("ACGT\nTTTT\n", ",", ("sequence",), 0),
        ('"ACGT"\n', ",", ("sequence",), 0),
        # A column name that could be DNA, above cells that are none.
        ("tata\tseq\n1\tACGT\n", "\t", ("tata", "seq"), 1),
        # No DNA at all.
        ("a,b\nx,1\n", ",", ("a", "b"), 1),
        ("1,2\n3,4\n", ",", ("value_1", "value_2"), 0),
    ],
)
def test_what_people_send(text, delimiter, names, skip):
    layout = sniff(text)
    assert (layout.delimiter, layout.names, layout.skip) == (delimiter, names, skip)


def test_what_is_assumed_is_noted():
    assert sniff("ACGT\t1\n").notes == ("no header: the columns are called sequence, value",)
    assert sniff("seq,µ\nACGT,1\n", "latin-1").notes == (
        "encoding: Latin-1, since it is not UTF-8",
    )
    assert sniff("A title\nseq,y\nACGT,1\nTTTT,1\n").notes == ("skipped above the header: 1 line",)
    assert sniff("seq,y\nACGT,1\n").notes == ()


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["p1", "ACGT", "5"]], ["id", "sequence", "value"]),
        ([["1", "ACGT", "5"], ["2", "TTTT", "6"]], ["id", "sequence", "value"]),
        ([["ACGT", "p1", "5"]], ["sequence", "id", "value"]),
        ([["ACGT", "1.5", "2.5"]], ["sequence", "value_1", "value_2"]),
        ([["1.5", "ACGT", "2.5"]], ["value_1", "sequence", "value_2"]),
        ([["ACGT", "TTTT", "2.5"]], ["sequence_1", "sequence_2", "value"]),
        ([["chr1", "p1", "ACGT", "+", "5"]], ["id", "column_2", "sequence", "column_4", "value"]),
        ([["ACGT", "x", "y"]], ["sequence", "column_2", "column_3"]),
    ],
)
def test_made_up_names(rows, names):
    found = made_up_names(rows)
    assert found is not None
    assert found[0] == names


def test_a_header_gets_no_made_up_names():
    assert made_up_names([["seq", "y"], ["ACGT", "1"]]) is None
    assert made_up_names([["seq", "y"]]) is None


def test_a_column_name_that_occurs_twice():
    with pytest.raises(TableError, match=r"table\.csv: column name 'y' occurs twice; rename one"):
        sniff("seq,y,y\nACGT,1,2\n")
    with pytest.raises(TableError, match="'y' occurs twice"):
        sniff("#seq,y,y\nACGT,1,2\n".replace("seq,y,y", "y,y,z"))
    check_names(["a", "b"], "t")


def test_only_comments():
    with pytest.raises(TableError, match="holds only comments; expected a table"):
        sniff("# a\n\n# b\n")


def test_a_table_on_its_side():
    with pytest.raises(TableError, match=r"line 2 has 30,000 columns; expected a sequence in each"):
        sniff("# x\n" + ",".join(["1"] * 30_000))


def test_a_very_long_first_line_takes_no_time():
    layout = sniff("ACGT" * 1_000_000 + ",5\n" + "ACGT,5\n")
    assert (layout.delimiter, layout.names) == (",", ("sequence", "value"))
    layout = sniff("seq,note\nACGT," + "?1" * 500_000 + "\n")  # longer than csv's own limit
    assert layout.names == ("seq", "note")
