"""A folder of Parquet files is one table, in the order of the names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import dataset, parquet

from seqexpr.data.table import iter_tables, read_table
from seqexpr.errors import TableError


def rows(n, first=0):
    bases = np.random.default_rng(first).choice(list("ACGT"), size=(n, 8))
    return pa.table({
        "id": [f"r{i}" for i in range(first, first + n)],
        "sequence": ["".join(row) for row in bases],
        "expression": np.arange(first, first + n) * 0.5,
    })  # fmt: skip


def save(table, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 20))
def test_the_rows_of_a_folder_are_those_of_its_files_in_order(tmp_path_factory, sizes, batch_size):
    folder = tmp_path_factory.mktemp("parts")
    whole = rows(sum(sizes))
    starts = np.cumsum([0, *sizes[:-1]])
    for number, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        save(whole.slice(int(start), size), folder / f"part-{number:05d}.parquet")
    (folder / "_SUCCESS").touch()
    (folder / ".part-00000.parquet.crc").write_bytes(b"1")
    table = read_table(folder)
    pd.testing.assert_frame_equal(table.frame, whole.to_pandas())
    assert table.roles.targets == ("expression",)
    batches = list(iter_tables(folder, batch_size=batch_size))
    assert [b.first_row for b in batches] == list(
        np.cumsum([1, *(len(b.frame) for b in batches[:-1])])
    )
    joined = pd.concat([batch.frame for batch in batches], ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole.to_pandas())


def test_folders_that_part_a_table_are_columns_as_pyarrow_reads_them(tmp_path):
    parted = rows(6).append_column("chromosome", pa.array(["chr 1", "chr2", None] * 2))
    dataset.write_dataset(
        parted, tmp_path, format="parquet", partitioning=["chromosome"],
        partitioning_flavor="hive",
    )  # fmt: skip
    table = read_table(tmp_path, chromosome="chromosome")
    theirs = dataset.dataset(tmp_path, partitioning="hive").to_table().to_pandas()
    columns = ["id", "sequence", "expression", "chromosome"]
    ours = table.frame.sort_values("id")[columns].reset_index(drop=True)
    theirs = theirs.sort_values("id")[columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)


def test_a_note_says_how_many_files(tmp_path):
    save(rows(2), tmp_path / "a.parquet")
    assert read_table(tmp_path).notes == read_table(tmp_path / "a.parquet").notes
    save(rows(2, first=2), tmp_path / "deeper" / "b.parquet")
    assert "read as one table: 2 Parquet files" in read_table(tmp_path).notes


def test_columns_may_come_in_another_order_but_must_be_the_same(tmp_path):
    save(rows(2), tmp_path / "a.parquet")
    save(rows(2, first=2).select(["expression", "sequence", "id"]), tmp_path / "b.parquet")
    assert read_table(tmp_path).frame["id"].tolist() == ["r0", "r1", "r2", "r3"]
    save(rows(2, first=4).drop_columns(["id"]), tmp_path / "c.parquet")
    wanted = r"c\.parquet has the columns sequence, expression; the first file of .* has id, sequ"
    with pytest.raises(TableError, match=wanted):
        read_table(tmp_path)


def test_what_is_no_folder_of_parquet_is_refused(tmp_path):
    with pytest.raises(TableError, match="is a folder without Parquet files; name a file in it"):
        read_table(tmp_path)
    with pytest.raises(TableError, match="without Parquet files"):
        list(iter_tables(tmp_path))
    (tmp_path / "a.parquet").write_text("sequence,expression\nACGT,1\n")
    with pytest.raises(TableError, match=r"a\.parquet is named as Parquet, but is none"):
        read_table(tmp_path)
    with pytest.raises(TableError, match="is no Excel workbook"):
        read_table(tmp_path, sheet="one")
    save(rows(2).append_column("k", pa.array(["x", "y"])), tmp_path / "k=1" / "a.parquet")
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(TableError, match="has a column 'k', and lies in a folder that says it"):
        read_table(tmp_path)
