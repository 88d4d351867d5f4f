from __future__ import annotations

import io
import signal
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqexpr.data.table import iter_tables, read_table
from seqexpr.data.writer import TableWriter
from seqexpr.errors import OutputError

NAMES = ("a.csv", "a.tsv", "a.txt", "a.parquet", "a.pq", "a.fasta", "a.fa", "a.csv.gz", "a.tsv.bz2",
         "a.csv.zst", "a.fasta.gz", "A.B.CSV.GZ")  # fmt: skip
FRAME = pd.DataFrame(
    {
        "id": pd.array(["a", "b", "c"], dtype="str"),
        "sequence": pd.array(["ACGT", None, "TTTT"], dtype="str"),
        "predicted": [1.5, np.nan, -0.1],
        "problem": pd.array([None, "no sequence", None], dtype="str"),
    }
)


def write(path, *frames):
    with TableWriter(path) as writer:
        for frame in frames:
            writer.write(frame)


@given(
    name=st.sampled_from(NAMES),
    rows=st.lists(
        st.tuples(st.text("abc.|-", min_size=1), st.text("ACGT", min_size=4), st.floats(-1e9, 1e9)),
        min_size=1,
        max_size=9,
    ),
    batch_size=st.integers(1, 9),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_in_batches_is_read_as_a_whole(name, rows, batch_size, tmp_path):
    frame = pd.DataFrame(rows, columns=["id", "sequence", "predicted"])
    starts = range(0, len(frame), batch_size)
    write(tmp_path / name, *(frame.iloc[i : i + batch_size] for i in starts))
    table = read_table(tmp_path / name, require_target=False)
    assert table.frame["id"].tolist() == frame["id"].tolist()
    assert table.frame["sequence"].tolist() == frame["sequence"].tolist()
    assert table.frame["predicted"].astype(float).tolist() == frame["predicted"].tolist()


def test_csv_and_fasta_to_the_letter(tmp_path):
    write(tmp_path / "a.csv", FRAME.iloc[:2], FRAME.iloc[2:])
    assert (tmp_path / "a.csv").read_bytes() == (
        b"id,sequence,predicted,problem\na,ACGT,1.5,\nb,,,no sequence\nc,TTTT,-0.1,\n"
    )
    write(tmp_path / "a.fa", FRAME.assign(id=["a b", None, "c"]))
    assert (tmp_path / "a.fa").read_bytes() == (
        b">a_b predicted=1.5\nACGT\n> problem=no_sequence\n\n>c predicted=-0.1\nTTTT\n"
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_give_the_same_bytes(name, tmp_path):
    write(tmp_path / name, FRAME)
    first = (tmp_path / name).read_bytes()
    write(tmp_path / name, FRAME)
    assert (tmp_path / name).read_bytes() == first


def test_parquet_keeps_the_kind_of_a_column_that_is_empty_at_first(tmp_path):
    later = FRAME.assign(problem=["x", "y", "z"])
    empty = FRAME.assign(problem=pd.Series([None] * 3, dtype=object))
    write(tmp_path / "a.parquet", empty, later)
    problem = pd.read_parquet(tmp_path / "a.parquet")["problem"]
    assert problem.isna().tolist() == [True] * 3 + [False] * 3
    assert [len(t.frame) for t in iter_tables(tmp_path / "a.parquet", batch_size=4)] == [4, 2]


def test_standard_output_is_csv_and_stays_open(capsys):
    write("-", FRAME)
    print("after")  # noqa: T201
    assert capsys.readouterr().out.splitlines() == [
        "id,sequence,predicted,problem", "a,ACGT,1.5,", "b,,,no sequence", "c,TTTT,-0.1,", "after",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a", "a.xlsx", "a.parquet.gz", "a.csv.zip", "a.gz", ".csv"])
def test_a_name_without_a_known_format_is_told_before_anything_is_written(name, tmp_path):
    with pytest.raises(OutputError, match=r"end it in \.csv, \.tsv, \.parquet or \.fasta"):
        TableWriter(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_a_place_below_a_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match=r"folder\.csv is a folder; name a file in it"):
        TableWriter(tmp_path / "folder.csv")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        write(tmp_path / "file" / "a.csv", FRAME)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.fa.gz", "a.tsv.zst"])
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_block_that_fails_leaves_what_was_there(name, error, tmp_path):
    (tmp_path / name).write_bytes(b"before")
    with pytest.raises(type(error)), TableWriter(tmp_path / name) as writer:
        writer.write(FRAME)
        raise error
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"before"


@contextmanager
def files_of_at_most(n_bytes):
    """As if the disk were full."""
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv.gz", "a.csv.bz2", "a.csv.zst", "a.parquet", "a.fa"]
)
@pytest.mark.parametrize("n_rows", [3_000, 300_000])
def test_a_full_disk_is_told_and_leaves_nothing(name, n_rows, tmp_path):
    numbers = np.random.default_rng(0).random(n_rows)
    frame = pd.DataFrame({"id": "x", "sequence": "ACGT", "predicted": numbers})
    with files_of_at_most(1000), pytest.raises(OutputError, match=f"cannot write .*{name}: "):
        write(tmp_path / name, frame)
    assert list(tmp_path.iterdir()) == []


def test_no_rows_and_no_columns_that_fit(tmp_path):
    for name in ("a.csv", "a.parquet", "a.fa"):
        with pytest.raises(OutputError, match="there are no rows to write"):
            write(tmp_path / name)
    with pytest.raises(OutputError, match="FASTA needs the columns id and sequence"):
        write(tmp_path / "a.fa", FRAME[["id", "predicted"]])
    with pytest.raises(OutputError, match="a batch has other columns than the first one"):
        write(tmp_path / "a.csv", FRAME, FRAME[["id"]])
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_the_callers_matter(monkeypatch):
    class Closed(io.StringIO):
        def write(self, _):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(BrokenPipeError, match="Broken pipe"):
        write("-", FRAME)
