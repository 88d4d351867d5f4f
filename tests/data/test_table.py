from __future__ import annotations

import bz2
import csv
import gc
import gzip
import io
import lzma
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from seqexpr.data.columns import ColumnRoles
from seqexpr.data.table import iter_tables, read_table
from seqexpr.errors import ColumnError, InputError, TableError, UnknownNameError

COMPRESSIONS = {
    "none": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "zstd": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}  # fmt: skip
CELLS = st.text(
    st.characters(categories=("L", "N", "P", "S"), include_characters=" ", max_codepoint=0x2FFF),
    max_size=8,
).map(str.strip)
ROWS = st.lists(
    st.tuples(
        CELLS, st.text("ACGTacgtN", min_size=4, max_size=30), st.floats(-9, 9).map(repr), CELLS
    ),
    min_size=1,
    max_size=12,
)


@given(
    rows=ROWS,
    delimiter=st.sampled_from([",", "\t", ";", "|"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    compression=st.sampled_from(sorted(COMPRESSIONS)),
    is_pipe=st.booleans(),
    batch_size=st.integers(1, 5),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_is_read_as_it_was_written(
    rows, delimiter, newline, encoding, quoting, compression, is_pipe, batch_size, tmp_path, pipe
):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([("name", "Sequence", "Expression Level", "note"), *rows])
    content = text.getvalue().encode(encoding, "replace")
    if encoding == "latin-1":
        rows = [tuple(c.encode(encoding, "replace").decode(encoding) for c in row) for row in rows]
        assume(not is_utf8(content) or content.isascii())
    packed = COMPRESSIONS[compression](content)
    path = tmp_path / "table"
    path.write_bytes(packed)
    pipe(packed)
    table = read_table("-" if is_pipe else path)
    expected = pd.DataFrame(
        rows, columns=["name", "Sequence", "Expression Level", "note"], dtype="str"
    )
    expected = expected.mask(expected == "")
    pd.testing.assert_frame_equal(table.frame, expected)
    assert table.roles == ColumnRoles("Sequence", ("Expression Level",), id="name")
    assert table.format == ("tsv" if delimiter == "\t" else "csv")
    pipe(packed)
    batches = list(iter_tables("-" if is_pipe else path, batch_size=batch_size))
    assert [len(b.frame) for b in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert [b.first_row for b in batches] == list(range(1, len(rows) + 1, batch_size))
    joined = pd.concat([batch.frame for batch in batches], ignore_index=True)
    pd.testing.assert_frame_equal(joined, expected)


def is_utf8(content):
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(
    rows=st.lists(st.tuples(st.text("ACGT", min_size=4), st.floats(-9, 9)), min_size=1),
    has_names=st.booleans(),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_table_in_any_format(rows, has_names, tmp_path):
    frame = pd.DataFrame(rows, columns=["sequence", "y"])
    if has_names:
        frame.insert(0, "id", [f"p{i}" for i in range(len(frame))])
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.txt", index=False, sep=" ")
    fasta = (f">{getattr(r, 'id', 'x')} y={r.y!r}\n{r.sequence}\n" for r in frame.itertuples())
    (tmp_path / "a.fa").write_text("".join(fasta))
    for source in (
        frame,
        tmp_path / "a.csv",
        tmp_path / "a.parquet",
        tmp_path / "a.txt",
        tmp_path / "a.fa",
    ):
        table = read_table(source)
        assert table.frame["sequence"].tolist() == frame["sequence"].tolist()
        assert table.frame["y"].astype(float).tolist() == frame["y"].tolist()
        assert table.roles.targets == ("y",)
        if has_names:
            assert table.frame[table.roles.id].tolist() == frame["id"].tolist()


def test_text_is_left_as_it_is(save):
    cells = ["1E+05", "NA", "N/A", "nan", "null", "-", ".", "01", "2-Sep", "1,5", "TRUE", "1_000"]
    path = save("id;sequence;y\n" + "".join(f"{cell};ACGTACGT;1\n" for cell in [*cells, ""]))
    frame = read_table(path).frame
    assert frame["id"].tolist()[:-1] == cells
    assert frame["id"].isna().tolist() == [False] * len(cells) + [True]
    assert all(dtype == "str" for dtype in frame.dtypes)


def test_a_frame_is_taken_and_not_changed():
    frame = pd.DataFrame({"seq": ["ACGT", "TTTT"], 5: [1.0, 2.0]}, index=[7, 7])
    before = frame.copy(deep=True)
    table = read_table(frame, target="5")
    assert table.source == "a DataFrame"
    assert table.format == "DataFrame"
    assert table.frame.index.tolist() == [0, 1]
    assert list(table.frame.columns) == ["seq", "5"]
    pd.testing.assert_frame_equal(frame, before)
    with pytest.raises(TableError, match="the DataFrame: column name 'y' occurs twice"):
        read_table(pd.DataFrame([["ACGT", 1, 2]], columns=["seq", "y", "y"]))
    with pytest.raises(TableError, match="a DataFrame has no rows"):
        read_table(frame.iloc[:0])


def test_one_name_may_stand_without_a_tuple(save):
    path = save("seq,a,b\nACGT,1,2\n")
    assert read_table(path, target="a", covariate="b").roles == ColumnRoles(
        "seq", ("a",), covariates=("b",)
    )
    assert next(iter_tables(path, target="b")).roles.targets == ("b",)


def test_the_embedded_example():
    table = read_table("dataset:lac")
    assert table.source == "dataset:lac"
    assert (table.roles.sequence, table.roles.targets, table.roles.split) == (
        "sequence", ("expression",), "split",
    )  # fmt: skip
    with pytest.raises(UnknownNameError, match="lac"):
        read_table("dataset:lca")


@pytest.mark.parametrize("content", ["seq,y\n", "seq,y", "\n\nseq,y\r\n\r\n", "seq,y\n,\n,\n"])
def test_a_header_without_rows(content, save):
    with pytest.raises(
        TableError, match=r"table\.csv has a header but no rows; expected a sequence"
    ):
        read_table(save(content))


def test_a_header_without_rows_in_batches(save):
    with pytest.raises(TableError, match="has a header but no rows"):
        list(iter_tables(save("seq,y\n")))


def test_empty_rows_at_the_end_are_left_out_and_counted(save):
    table = read_table(save("seq,y,\nACGT,1,\n,,\nTTTT,2,\n,,\n,,\n"))
    assert len(table.frame) == 3  # the one in the middle keeps its place
    assert table.notes[0] == "left out: 2 empty rows at the end"


def test_an_empty_sequence_among_sequences_is_a_row_to_predict(save):
    (table,) = iter_tables(save("ACGT\n\nTTTT\n"))
    assert table.frame["sequence"].isna().tolist() == [False, True, False]


def test_columns_in_doubt_name_the_table(save):
    with pytest.raises(
        ColumnError, match=r"table\.csv: which is the target: 'a', 'b'\? pass --target"
    ):
        read_table(save("seq,a,b\nACGT,1,2\n"))
    with pytest.raises(ColumnError, match=r"table\.csv: no column 'sq'; did you mean 'seq'"):
        list(iter_tables(save("seq,a,b\nACGT,1,2\n"), sequence="sq"))


def test_batches_have_the_roles_and_notes_of_the_first(save):
    rows = "".join(f"p{i}\tACGT\t{i}\n" for i in range(10))
    batches = list(iter_tables(save(rows), batch_size=4, group="id"))
    assert [batch.frame["value"].tolist() for batch in batches] == [
        ["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"],
    ]  # fmt: skip
    assert {batch.roles for batch in batches} == {ColumnRoles("sequence", (), id="id", group="id")}
    assert {batch.notes[0] for batch in batches} == {
        "no header: the columns are called id, sequence, value"
    }
    with pytest.raises(InputError, match="batch_size = 0: must be at least 1"):
        next(iter_tables(save(rows), batch_size=0))


def test_latin_1_far_down_is_noted(save):
    content = b"id,seq,y\n" + b"p,ACGTACGT,1\n" * 100_000 + b"\xb5,ACGT,2\n"
    table = read_table(save(content))
    assert table.frame["id"].iloc[-1] == "µ"
    assert table.notes[-1] != table.notes[0] == "encoding: Latin-1, since it is not UTF-8"


def test_a_mistake_far_down_is_told_when_it_is_reached(save):
    path = save("seq,y\n" + "ACGTACGT,1\n" * 600_000 + "ACGT\n")
    with pytest.raises(TableError, match="line 600,002 has 1 cell, but the table has 2 columns"):
        read_table(path)
    tables = iter_tables(path)
    assert len(next(tables).frame) == 10_000
    with pytest.raises(TableError, match="line 600,002"):
        list(tables)


def test_a_line_of_ten_megabytes(save):
    (table,) = iter_tables(save(b"A" * 10_000_000 + b"\t5\nACGT\t6\n"))
    assert table.frame["sequence"].str.len().tolist() == [10_000_000, 4]
    with pytest.raises(
        TableError, match="line 1 has 5,000,001 columns; expected a sequence in each"
    ):
        read_table(save(b"1," * 5_000_000))
    with pytest.raises(TableError, match="has a header but no rows"):
        read_table(save(b"x" * 10_000_000))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count open files")
def test_no_file_stays_open(save, tmp_path):
    frame = pd.DataFrame({"sequence": ["ACGT"] * 100, "y": np.arange(100.0)})
    frame.to_parquet(tmp_path / "a.parquet")
    text = frame.to_csv(index=False).encode()
    paths = [save(pack(text), f"{name}.csv") for name, pack in COMPRESSIONS.items()]
    paths += [save(b">a 1\nACGT\n" * 50, "a.fa"), tmp_path / "a.parquet"]
    bad = save(text + b"1,2,3\n", "bad.csv")
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for path in paths:
        read_table(path)
        next(iter_tables(path, batch_size=7))  # and no further
        with pytest.raises(ColumnError, match="no column 'z'"):
            read_table(path, target="z")
    with pytest.raises(TableError, match="line 102"):
        read_table(bad)
    with pytest.raises(TableError, match="no Excel workbook"):
        read_table(bad, sheet="a")
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


MEMORY = """
from seqexpr.data.table import iter_tables
rows = sum(len(table.frame) for table in iter_tables("-"))
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(rows, peak[0].split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to know the memory")
def test_memory_does_not_grow_with_the_table():
    peaks = []
    for n in (20_000, 300_000):
        content = gzip.compress(b"id,seq\n" + (b"p," + b"ACGTT" * 60 + b"\n") * n, 1)
        done = subprocess.run(
            [sys.executable, "-c", MEMORY], input=content, capture_output=True, check=True
        )
        rows, peak = map(int, done.stdout.split())
        assert rows == n
        peaks.append(peak)
    # The larger table is 85 MB longer; its batches hold the same few.
    assert peaks[1] - peaks[0] < 50_000


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "n_rows", "also"),
    [
        ("ecoli_kinney2010_sortseq", 50_518, {"split": "split", "reads": "reads"}),
        ("ecoli_urtecho2020_tss", 17_767, {"split": "split"}),
        ("ecoli_lafleur2022", 13_481, {"replicates": ("rep1", "rep2", "rep3")}),
        ("yeast_deboer2020_random_hq", 9_982, {}),
        ("yeast_vaishnav2022_tests", 40_601, {"group": "group", "reads": "reads"}),
        (
            "mouse_crx_friedman2021",
            9_688,
            {"group": "group", "chromosome": "chrom", "replicates": ("rep1", "rep2", "rep3")},
        ),
        ("ecoli_kuo2020_sd_dmsC", 257_565, {"error": "var", "n_replicates": "n_replicates"}),
        ("yeast_cheng2017_3utr_halflife", 3_838, {}),
        ("yeast_corepromoter729", 729, {}),
    ],
)
def test_measured_data_is_recognised_without_a_word(name, n_rows, also, real_data):
    path = real_data(f"{name}.tsv.gz")
    table = read_table(path)
    assert table.roles == ColumnRoles("sequence", ("expression",), id="id", **also)
    assert len(table.frame) == n_rows
    assert not [note for note in table.notes if note.startswith("not taken")]
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    place = rows[0].index("expression")
    assert table.frame["expression"].fillna("").tolist() == [row[place] for row in rows[1:]]
    assert sum(len(batch.frame) for batch in iter_tables(path)) == n_rows
