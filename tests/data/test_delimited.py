"""Blocks are cut where rows end: whatever the sizes, the rows are those of the csv module."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data import delimited
from seqexpr.data.delimited import iter_delimited
from seqexpr.data.layout import SPACES, Layout
from seqexpr.errors import TableError


def layout_of(n_columns=2, delimiter=",", encoding="utf-8-sig", newline="\n", skip=0):
    names = tuple(f"c{i}" for i in range(n_columns))
    return Layout(encoding, newline, delimiter, names, skip, ())


def parse(content, layout, notes=None):
    """Rows of a text, and the number of blocks it was read in."""
    stream = io.BytesIO(content)
    tables = list(
        iter_delimited(stream, layout, name="t.csv", notes=[] if notes is None else notes)
    )
    columns = [[cell for t in tables for cell in t[name].to_pylist()] for name in layout.names]
    return [list(row) for row in zip(*columns, strict=True)], len(tables)


@pytest.fixture
def tiny_blocks(monkeypatch):
    """Read by a few bytes at a time, so that every cut is tried."""
    monkeypatch.setattr(delimited, "_CHUNK", 5)
    monkeypatch.setattr(delimited, "_BLOCK", 11)


# Stray quotes inside a cell mean nothing; at its start they open a quoted cell.
CELLS = st.one_of(
    st.text("AC,\" \nµ", max_size=6),
    st.sampled_from(["ACGT", "5\" UTR", 'a""b', '"', "a\nb", "", "\u00b5M"]),
)  # fmt: skip


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_cut_gives_the_rows_that_the_csv_module_wrote(rows, quoting, newline, encoding):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=newline).writerows(rows)
    sniffed = "utf-16" if encoding == "utf-16" else "utf-8-sig"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK", 5)
        patch.setattr(delimited, "_BLOCK", 11)
        read, _ = parse(text.getvalue().encode(encoding), layout_of(3, encoding=sniffed))
    assert read == [[cell.strip() or None for cell in row] for row in rows]


@given(
    st.lists(
        st.tuples(st.sampled_from(['5" UTR', 'x""y', '3"', "ok"]), st.text("ACGT")), min_size=1
    )
)
def test_quotes_inside_a_cell_that_nobody_quoted(rows):
    content = "".join(f'{a},{b},"q\n1"\n' for a, b in rows).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK", 5)
        patch.setattr(delimited, "_BLOCK", 11)
        read, _ = parse(content, layout_of(3))
    assert read == [[a, b or None, "q\n1"] for a, b in rows]


def test_tiny_blocks_are_really_many(tiny_blocks):
    rows, n_blocks = parse(b"ACGT,1\n" * 100, layout_of())
    assert rows == [["ACGT", "1"]] * 100
    assert n_blocks > 30


def test_white_space_at_the_ends_goes_and_empty_cells_are_null():
    rows, _ = parse(b' ACGT ,\t1\n"", \n"  ",x y\n', layout_of())
    assert rows == [["ACGT", "1"], [None, None], [None, "x y"]]


def test_text_is_not_interpreted():
    cells = ["1E+05", "NA", "nan", "null", "None", "01", "1,5", "TRUE", "2-Sep", "-", "1_000"]
    rows, _ = parse("".join(f"{cell};x\n" for cell in cells).encode(), layout_of(delimiter=";"))
    assert [row[0] for row in rows] == cells


def test_runs_of_spaces_and_tabs():
    rows, _ = parse(b"  ACGT   1 \nTTTT\t 2\n\n", layout_of(delimiter=SPACES))
    assert rows == [["ACGT", "1"], ["TTTT", "2"]]


def test_old_line_ends(tiny_blocks):
    rows, _ = parse(b"h,i\rACGT,1\rTTTT,2", layout_of(newline="\r", skip=1))
    assert rows == [["ACGT", "1"], ["TTTT", "2"]]


def test_blank_lines_are_rows_only_where_a_row_is_one_cell(tiny_blocks):
    assert parse(b"ACGT,1\n\n\r\nTTTT,2\n\n", layout_of())[0] == [["ACGT", "1"], ["TTTT", "2"]]
    assert parse(b"ACGT\n\nTTTT\n", layout_of(1))[0] == [["ACGT"], [None], ["TTTT"]]
    assert parse(b"\n" * 40, layout_of(1))[0] == [[None]] * 40


def test_no_rows():
    assert parse(b"", layout_of()) == ([], 0)
    assert parse(b"seq,y", layout_of(skip=1)) == ([], 0)


@pytest.mark.parametrize("block", [11, 1 << 22])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"seq,y\nACGT,1\nTTTT\n", r"t\.csv: line 3 has 1 cell, but the table has 2 columns"),
        (b"seq,y\nACGT,1\n\n\nTTTT,2,3\n", r"line 5 has 3 cells, .* cell that holds ','"),
        (b'seq,y\n"A\nC",1\nTTTT,2,3\n', "line 4 has 3 cells"),
        (b"seq,y\n" + b"ACGT,1\n" * 50 + b"TT\n" + b"ACGT,1\n" * 50, "line 52 has 1 cell"),
    ],
)
def test_a_row_of_another_width_is_told_by_its_line(content, message, block, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK", block)
    monkeypatch.setattr(delimited, "_CHUNK", block)
    with pytest.raises(TableError, match=message):
        parse(content, layout_of(skip=1))


def test_the_delimiter_is_told_in_words():
    with pytest.raises(TableError, match="cell that holds a tab"):
        parse(b"a\tb\tc\n", layout_of(delimiter="\t"))
    with pytest.raises(TableError, match=r"line 1 has 3 cells.* holds a space"):
        parse(b"a  b c\n", layout_of(delimiter=SPACES))


def test_a_row_of_another_width_beside_a_cell_that_the_csv_module_refuses():
    with pytest.raises(TableError, match="Expected 2 columns, got 1"):
        parse(b"A" * 200_000 + b",1\nTTTT\n", layout_of())


@pytest.mark.parametrize("content", [b'a,"b\nc,d\n', b'5" x,1\nb,"c""\nd,e\n', b'a,"'])
def test_a_quote_that_is_never_closed(content, tiny_blocks):
    with pytest.raises(TableError, match='a quote is opened but never closed: "'):
        parse(content, layout_of())


@pytest.mark.parametrize("start", [b"A", b'"A'])
def test_a_line_without_end_is_refused_before_memory_is_full(start, monkeypatch):
    monkeypatch.setattr(delimited, "_LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(delimited, "_BLOCK", 1 << 16)
    monkeypatch.setattr(delimited, "_CHUNK", 1 << 16)
    stream = io.BytesIO(b"ACGT,1\n" + start + b"CGT" * (1 << 20))
    tables = iter_delimited(stream, layout_of(), name="t.csv", notes=[])
    assert next(tables).num_rows == 1
    with pytest.raises(TableError, match="a line of more than 1 MiB, or a quote that is never"):
        next(tables)
    assert stream.tell() < 3 << 20


def test_a_line_of_ten_megabytes_is_read():
    rows, _ = parse(b"ACGT,1\n" + b"A" * 10_000_000 + b",2\nTTTT,3\n", layout_of())
    assert [len(row[0]) for row in rows] == [4, 10_000_000, 4]


def test_latin_1_far_down_is_noticed(tiny_blocks):
    notes = []
    content = b"ACGT,x\n" * 20 + "TTTT,\xe9\nGGGG,\xb5M\n".encode("latin-1")
    rows, _ = parse(content, layout_of(), notes)
    assert rows[-2:] == [["TTTT", "é"], ["GGGG", "µM"]]
    assert notes == ["encoding: Latin-1, since it is not UTF-8"]


@given(st.integers(0, 12))
def test_latin_1_wherever_a_chunk_ends(n):
    content = b"A" * n + "CGT,\xe9x\nTT,\xe9".encode("latin-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK", 5)
        notes = []
        rows, _ = parse(content, layout_of(), notes)
    assert rows == [["A" * n + "CGT", "éx"], ["TT", "é"]]
    assert len(notes) == 1


def test_bytes_that_fit_no_encoding(tiny_blocks):
    with pytest.raises(TableError, match=r"t\.csv: not UTF-8 near byte 1\d; save the table as"):
        parse("ACGT,µµµµ\n".encode() + b"TT,\xe9x\n", layout_of())
    with pytest.raises(TableError, match="not UTF-16 near byte"):
        parse("ACGT,1\n".encode("utf-16") + b"\0", layout_of(encoding="utf-16"))


def test_zero_bytes_far_down(tiny_blocks):
    with pytest.raises(TableError, match="a zero byte at byte 72; this is damaged, or not text"):
        parse(b"ACGT,1\n" * 10 + b"TT\0", layout_of())
