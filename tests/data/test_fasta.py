from __future__ import annotations

import gzip
import io

import pandas as pd
import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.fasta import iter_fasta, join_values, parse_title
from seqexpr.data.table import iter_tables, read_table
from seqexpr.errors import ColumnError, TableError

NAMES = st.text("abcXYZ0189_.-", min_size=1, max_size=8)
NUMBERS = st.floats(-1e6, 1e6).map(repr)


@given(NAMES, NUMBERS)
def test_one_number_in_the_title(name, number):
    expected = {"id": name, "value": number}
    assert parse_title(f"{name} {number}") == expected
    assert parse_title(f"{name}\t{number} ") == expected
    assert parse_title(f"{name}|{number}") == expected
    assert parse_title(f"{name} | {number}") == expected


@given(
    NAMES,
    st.dictionaries(
        st.sampled_from(["y", "rep1", "rep_2", "log2FC", "_z", "id"]), NUMBERS, min_size=1
    ),
    st.sampled_from([" ", ";", "; ", ",", ", ", "|", "\t"]),
)
def test_named_numbers_in_the_title(name, values, between):
    pairs = between.join(f"{key}={number}" for key, number in values.items())
    for title in (f"{name} {pairs}", f"{name}|{pairs}"):
        parsed = parse_title(title)
        assert parsed.pop("id") == name
        values.pop("id", None)
        assert parsed == values


@pytest.mark.parametrize(
    ("title", "row"),
    [
        ("", {"id": ""}),
        ("p1", {"id": "p1"}),
        ("p1|native", {"id": "p1|native"}),
        ("p1 native", {"id": "p1"}),
        ("p1 my promoter expression=5.2", {"id": "p1", "expression": "5.2"}),
        ("NC_000913.3 Escherichia coli chromosome 1", {"id": "NC_000913.3"}),
        ("p1 2,5", {"id": "p1", "value": "2,5"}),
        ("p1 expression=2,5", {"id": "p1", "expression": "2,5"}),
        ("p1 expression=", {"id": "p1", "expression": ""}),
        ("gi|5| y=1", {"id": "gi|5|", "y": "1"}),
        ("p1; y=1; z=2", {"id": "p1", "y": "1", "z": "2"}),
        ("p1 | y=1 | z=2", {"id": "p1", "y": "1", "z": "2"}),
        ("y=1", {"id": "", "y": "1"}),
        ("p1 expression=n/a", {"id": "p1", "expression": "n/a"}),
    ],
)
def test_titles(title, row):
    assert parse_title(title) == row


@given(
    st.lists(st.tuples(NAMES, st.text("ACGTN", max_size=30)), min_size=1, max_size=9),
    st.integers(1, 9),
    st.integers(1, 4),
)
def test_records_are_those_that_biopython_wrote(records, width, batch_size):
    text = io.StringIO()
    writer = SeqIO.FastaIO.FastaWriter(text, wrap=width)
    for name, sequence in records:
        writer.write_record(SeqRecord(Seq(sequence), id=name, description=""))
    stream = io.BytesIO(text.getvalue().encode())
    frames = list(iter_fasta(stream, batch_size=batch_size, name="a"))
    assert [len(frame) for frame in frames[:-1]] == [batch_size] * (len(frames) - 1)
    rows = [
        (name, sequence if sequence == sequence else "")
        for frame in frames
        for name, sequence in zip(frame["id"], frame["sequence"], strict=True)
    ]
    assert rows == records


def test_values_in_the_titles_become_columns(save):
    table = read_table(
        save(">a expression=5.2 rep1=5 rep2=5.4\nAC\nGT\n>b expression=1 rep2=2\nTTTT\n")
    )
    assert table.format == "fasta"
    assert table.roles.targets == ("expression",)
    assert table.roles.replicates == ("rep1", "rep2")
    assert table.roles.id == "id"
    assert table.frame["sequence"].tolist() == ["ACGT", "TTTT"]
    assert table.frame["rep1"].isna().tolist() == [False, True]


def test_no_values_anywhere(save):
    with pytest.raises(
        TableError, match=r"holds no measured values; .*>name expression=5\.2.*--values"
    ):
        read_table(save(">a\nACGT\n>b\nTTTT\n"))
    table = read_table(save(">a\nACGT\n>b\nTTTT\n"), require_target=False)
    assert table.roles.targets == ()


def test_other_encodings_and_old_line_ends(save):
    for content in (
        ">a 1\nACGT\n".encode("utf-16"),
        b"\xef\xbb\xbf>a 1\r\nAC\r\nGT\r\n",
        b">a 1\rACGT\r",
    ):
        assert read_table(save(content)).frame.to_dict("list") == {
            "id": ["a"], "sequence": ["ACGT"], "value": ["1"],
        }  # fmt: skip
    assert read_table(save(">\xb5 1\nACGT\n".encode("latin-1"))).frame["id"].tolist() == ["µ"]


def test_batches_whose_titles_differ_have_the_columns_of_the_first(save):
    path = save(">a x=1\nACGT\n>b\nTTTT\n")
    batches = list(iter_tables(path, batch_size=1, target="x"))
    assert [batch.frame["x"].isna().tolist() for batch in batches] == [[False], [True]]


def test_an_archive_cut_short_in_the_middle_of_the_records(save):
    records = "".join(f">p{i} {i}\n{'ACGT' * 50}{i:b}\n" for i in range(20_000)).encode()
    packed = gzip.compress(records)
    with pytest.raises(TableError, match="is cut short"):
        list(iter_tables(save(packed[:-5000]), batch_size=100))


def genbank(*records):
    text = io.StringIO()
    annotated = [
        SeqRecord(
            Seq(seq, length=None if seq else 8),
            id=name,
            name=name,
            annotations={"molecule_type": "DNA"},
        )
        for name, seq in records
    ]
    SeqIO.write(annotated, text, "genbank")
    return text.getvalue()


def test_genbank_records(save):
    path = save(genbank(("a1", "ACGT" * 20), ("b2", "TTTT"), ("c3", "GGGG")))
    batches = list(iter_tables(path, batch_size=2))
    assert [len(batch.frame) for batch in batches] == [2, 1]
    assert batches[0].format == "genbank"
    assert batches[0].frame["id"].tolist() == ["a1", "b2"]
    assert batches[0].frame["sequence"].tolist() == ["ACGT" * 20, "TTTT"]


def test_genbank_that_holds_no_sequence_or_is_damaged(save):
    whole = genbank(("a1", "ACGTACGT"))
    with pytest.raises(TableError, match="record 'a1' has no sequence; export it with its ORIGIN"):
        read_table(save(genbank(("a1", None))), require_target=False)
    damaged = whole.replace("     8 bp ", "     9 bp ").replace("        1 acgt", "   acgt")
    assert damaged != whole
    with pytest.raises(TableError, match="is not readable as GenBank"):
        read_table(save(damaged), require_target=False)


RECORDS = pd.DataFrame({"id": ["a", "b", "3"], "sequence": ["ACGT", "TTTT", "GGGG"]}, dtype="str")


def join(values, key=None, records=RECORDS):
    return join_values(records, pd.DataFrame(values), key=key, names=("x.fa", "v.csv"))


@given(st.permutations([("a", "1"), ("b", "2"), ("3", "x")]))
def test_values_are_joined_by_name_whatever_their_order(rows):
    joined, note = join({"any": [row[0] for row in rows], "y": [row[1] for row in rows]})
    assert joined.to_dict("list") == RECORDS.to_dict("list") | {"y": ["1", "2", "x"]}
    assert note == "values: v.csv, joined on column 'any'"


def test_the_column_that_shares_most_names_is_joined_unless_one_is_named():
    values = {"first": ["a", "x", "y"], "second": ["3", "b", "a"], "z": [1, 2, 3]}
    assert "on column 'second'" in join(values)[1]
    with pytest.raises(TableError, match=r"2 of 3 records of x\.fa are not in v\.csv"):
        join(values, key="first")
    with pytest.raises(ColumnError, match="no column 'secnd'; did you mean 'second'"):
        join(values, key="secnd")


def test_names_that_a_spreadsheet_has_made_numbers_of():
    numbers = RECORDS.assign(id=["1", "2", "3"])
    joined, _ = join({"name": [3.0, 1.0, 2.0], "y": [30, 10, 20]}, records=numbers)
    assert joined["y"].tolist() == [10, 20, 30]


def test_values_of_the_table_stand_over_those_of_the_titles():
    records = RECORDS.assign(y=["7", "8", "9"], z=["0", "0", "0"])
    joined, _ = join(
        {"id": ["a", "b", "3"], "sequence": ["", "", ""], "y": [1, 2, 3]}, records=records
    )
    assert joined["y"].tolist() == [1, 2, 3]
    assert joined["z"].tolist() == ["0", "0", "0"]
    assert joined["sequence"].tolist() == RECORDS["sequence"].tolist()


def test_names_that_do_not_match_are_counted_on_both_sides():
    message = (
        r"2 of 3 records of x\.fa are not in v\.csv \(first: 'b'\), and 1 of 2 rows of v\.csv are "
        r"not in x\.fa \(first: 'q'\); make the names agree"
    )
    with pytest.raises(TableError, match=message):
        join({"id": ["a", "q"], "y": [1, 2]})
    with pytest.raises(TableError, match=r"no column of v\.csv holds the names .* \(such as 'a'\)"):
        join({"id": ["x", "q"], "y": [1, 2]})


def test_names_that_occur_twice_cannot_be_joined():
    with pytest.raises(TableError, match=r"v\.csv: the name 'a' occurs twice"):
        join({"id": ["a", "a"], "y": [1, 2]})
    with pytest.raises(TableError, match=r"x\.fa: the name 'a' occurs twice"):
        join({"id": ["a", "b"], "y": [1, 2]}, records=pd.concat([RECORDS, RECORDS]))


def test_a_second_table_through_read_table(save):
    fasta = save(">a\nACGT\n>b\nTTTT\n", "x.fa")
    values = save("oligo;expression;rep1;rep2\nb;2;2;2\na;1;1;1\n", "v.csv")
    table = read_table(fasta, values=values)
    assert table.frame["expression"].tolist() == ["1", "2"]
    assert table.roles.replicates == ("rep1", "rep2")
    assert any("joined on column 'oligo'" in note for note in table.notes)
    assert read_table(fasta, values=str(values), id="oligo").roles.id == "id"
    with pytest.raises(TableError, match=r"v\.csv is no FASTA file: a second table of values"):
        read_table(values, values=values)
