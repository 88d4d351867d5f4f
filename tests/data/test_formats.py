from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqexpr.data import formats
from seqexpr.data.formats import decode_head, open_source, reading
from seqexpr.errors import TableError

TEXT = b"sequence,expression\n" + b"ACGTACGT,1.5\nTTGACAAA,2\n" * 200


def zstd(content):
    return pa.compress(content, codec="zstd", asbytes=True)


def zstd_stream(content):
    """A stream of zstd, which unlike a block does not say its length."""
    raw = pa.BufferOutputStream()
    with pa.CompressedOutputStream(raw, "zstd") as stream:
        stream.write(content)
    return raw.getvalue().to_pybytes()


COMPRESSIONS = {
    "none": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "zstd": zstd, "zstd stream": zstd_stream,
}  # fmt: skip


@given(
    compression=st.sampled_from(sorted(COMPRESSIONS)), n=st.integers(1, 3000), is_pipe=st.booleans()
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bytes_come_out_as_they_went_in(compression, n, is_pipe, tmp_path, pipe):
    packed = COMPRESSIONS[compression](TEXT[:n])
    if is_pipe:
        pipe(packed)
    (tmp_path / "table.dat").write_bytes(packed)  # the name says nothing
    with open_source("-" if is_pipe else tmp_path / "table.dat") as source:
        assert source.stream.read() == TEXT[:n]
        assert source.head == TEXT[:n]
        assert source.kind == "text"
        assert source.name == ("standard input" if is_pipe else str(tmp_path / "table.dat"))
        assert (source.path is not None) == (compression == "none" and not is_pipe)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz", "zstd stream"])
def test_joined_archives_are_read_to_the_end(compression, save):
    pack = COMPRESSIONS[compression]
    path = save(pack(TEXT) + pack(b"GGGG,3\n"))
    with open_source(path) as source:
        assert source.stream.read() == TEXT + b"GGGG,3\n"


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz", "zstd stream"])
@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_an_archive_that_is_cut_short(compression, keep, save):
    content = TEXT[:20] + os.urandom(100_000).hex().encode()
    packed = COMPRESSIONS[compression](content)
    path = save(packed[: int(keep * len(packed))])
    with pytest.raises(TableError, match="is cut short; copy or download it again"):
        open_source(path)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_an_archive_that_is_damaged(compression, save):
    packed = bytearray(COMPRESSIONS[compression](TEXT * 50))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(TableError, match=r"is (damaged \(.+\)|cut short); copy or download it"):
        open_source(save(bytes(packed)))


def test_damage_behind_the_head_is_told_when_it_is_reached(save):
    content = TEXT[:20] + os.urandom(2 << 20).hex("\n", 40).encode()
    packed = gzip.compress(content, 1)
    path = save(packed[:-1000])
    with (
        open_source(path) as source,
        pytest.raises(TableError, match="is cut short"),
        reading("table.csv"),
    ):
        source.stream.read()


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"seq,y\n", "text"),
        (b">p1 5.2\nACGT\n", "fasta"),
        (b"\n\n>p1\nACGT\n", "fasta"),
        (b"; made by me\n>p1\nACGT\n", "fasta"),
        (b"#" * 200 + b"\n# a > b\nsequence,y\nACGT,1\n", "text"),
        (">p1\nACGT\n".encode("utf-16"), "fasta"),
        (b"\xef\xbb\xbf>p1\nACGT\n", "fasta"),
        (b"LOCUS       pUC19    2686 bp    DNA     circular SYN\n", "genbank"),
        (b"locus,seq,y\n", "text"),
        (b"PAR1\0\0", "parquet"),
        (b"PK\3\4\0\0", "xlsx"),
    ],
)
def test_what_it_is_stands_in_the_bytes(start, kind, save):
    for content in (start, gzip.compress(start)):
        with open_source(save(content, "misnamed.tsv")) as source:
            assert source.kind == kind


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected a table with a sequence in each row"),
        (b"\xef\xbb\xbf", "is empty"),
        ("\n ".encode("utf-16"), "is empty"),
        (b" \r\n\n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
            r"an old Excel file .* save it as \.xlsx",
        ),
        (b"%PDF-1.7\n", "is a PDF; export the table as CSV"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "is a picture"),
        (b"\x80\x04\x95" + bytes(99), "a pickle, which is not safe to open"),
        (b"\x93NUMPY\1\0", "a NumPy array"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"ARROW1\0\0", "a Feather file"),
        (gzip.compress(b"RDX3\nX\n\0\0", mtime=0), "an R data file"),
        (
            gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0),
            "is compressed twice; unpack it once",
        ),
        (b"a.csv" + bytes(252) + b"ustar\x0000" + bytes(250), "is a tar archive; unpack it first"),
        (b"seq,y\nACGT,\0", r"is not text \(it holds zero bytes\)"),
        ("seq,y\nACGT,1\n".encode("utf-16-le"), r"is not text \(it holds zero bytes\)"),
        (b"\1\2\3\4\5", r"is not text \(it holds control characters\)"),
        (b"<!DOCTYPE html><html>", "is a web page, not a table; download the file itself"),
        (b'\n<?xml version="1.0"?>', "is a web page"),
        (b'{"a": 1}', "is JSON; expected a table"),
        (b"@read1\nACGTN\n+\nIIIII\n", r"holds sequencing reads \(FASTQ\)"),
    ],
)
def test_what_is_no_table(content, message, save):
    with pytest.raises(TableError, match=message) as caught:
        open_source(save(content))
    assert "table.csv" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_paths_that_lead_to_no_file(tmp_path, save):
    save("x", "promoters.csv")
    with pytest.raises(
        TableError, match=r"no file .*promotors\.csv; did you mean 'promoters\.csv'"
    ):
        open_source(tmp_path / "promotors.csv")
    with pytest.raises(TableError, match=r"no file .*: there is no folder .*nowhere"):
        open_source(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(TableError, match="is a folder; name a file in it"):
        open_source(tmp_path)
    with pytest.raises(TableError, match=r"cannot read 'a.x00b': embedded null"):
        open_source("a\0b")


def test_a_file_that_may_not_be_read(save, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = save("x")
    monkeypatch.setattr(formats, "open", refuse, raising=False)
    with pytest.raises(TableError, match=r"cannot read '.*table\.csv': Permission denied"):
        open_source(path)


def test_a_disk_that_fails_while_it_is_read():
    with (
        pytest.raises(TableError, match=r"cannot read a\.csv: Input/output error"),
        reading("a.csv"),
    ):
        raise OSError(5, "Input/output error")


def test_standard_input_that_brings_nothing(monkeypatch, pipe):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for stdin in (None, Terminal()):
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(TableError, match="nothing comes in on standard input; pipe a table"):
            open_source("-")
    pipe(b"")
    with pytest.raises(TableError, match="standard input is empty"):
        open_source("-")


def test_standard_input_stays_open(pipe):
    raw = pipe(gzip.compress(TEXT))
    open_source("-").close()
    assert not raw.closed


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count open files")
def test_no_file_stays_open(save):
    good = [save(pack(TEXT), f"{i}.csv") for i, pack in enumerate(COMPRESSIONS.values())]
    bad = [save(b"%PDF", "bad1"), save(gzip.compress(TEXT * 99)[:50], "bad2"), save(b"", "bad3")]
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for path in good:
        open_source(path).close()
    for path in bad:
        with pytest.raises(TableError, match=r"PDF|cut short|empty"):
            open_source(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_head_reaches_over_long_first_lines(save):
    content = b"A" * (3 << 20) + b",5\nACGT,6\n"
    with open_source(save(content)) as source:
        assert source.head.count(b"\n") == 2
        assert source.stream.read() == content


def test_a_letter_that_is_cut_at_the_end_of_the_head(monkeypatch):
    monkeypatch.setattr(formats, "_HEAD", 5)
    assert decode_head("abcdµ".encode()[:5]) == ("abcd", "utf-8-sig")
    assert decode_head(b"ab\xb5cd") == ("abµcd", "latin-1")


def test_a_zip_of_something_else_is_left_to_the_workbook_reader(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
    with open_source(tmp_path / "a.zip") as source:
        assert source.kind == "xlsx"
