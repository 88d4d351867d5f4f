"""Blocks of Parquet: every row once, in order, whatever the files and groups are."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.parquet_blocks import find_blocks, iter_block, read_spread
from seqexpr.data.table import read_table
from seqexpr.errors import TableError


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A folder of three files in folders that are columns too, with groups of 7, 4 and 50 rows."""
    folder = tmp_path_factory.mktemp("blocks")
    for number, group in enumerate((7, 4, 50)):
        (folder / f"batch={number}").mkdir()
        rows = [f"{'ACGT' * 3}{'A' * (number * 30 + row)}" for row in range(30)]
        pd.DataFrame({"sequence": rows}).to_parquet(
            folder / f"batch={number}" / "a.parquet", row_group_size=group, index=False
        )
    return folder


@given(st.integers(1, 120), st.integers(1, 40))
def test_every_row_is_in_one_block_in_its_place(table, rows, batch_size):
    blocks = find_blocks(table, rows=rows)
    assert [block.index for block in blocks] == list(range(len(blocks)))
    frames = []
    for block in blocks:
        first = block.first_row
        for row, frame in iter_block(block, batch_size=batch_size):
            assert row == first
            assert len(frame) <= batch_size
            first += len(frame)
            frames.append(frame)
        assert first == block.first_row + block.n_rows
        assert block.files == (block.path,)
    joined = pd.concat(frames, ignore_index=True)
    pd.testing.assert_frame_equal(joined, read_table(table, require_target=False).frame)


@given(st.integers(1, 20), st.integers(1, 30))
def test_rows_from_all_over_are_those_of_evenly_spaced_places(table, places, rows):
    whole = read_table(table, require_target=False).frame["sequence"].tolist()
    found = {}
    for first, frame in read_spread(table, places=places, rows=rows):
        found |= dict(enumerate(frame["sequence"], start=first))
    starts = [1 + place * 90 // places for place in range(places)]
    wanted = sorted({start + i for start in starts for i in range(rows) if start + i <= 90})
    assert list(found) == wanted
    assert all(whole[row - 1] == sequence for row, sequence in found.items())


def test_a_file_with_other_columns_is_told_before_anything_is_read(tmp_path):
    pd.DataFrame({"sequence": ["ACGT"], "id": ["a"]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"id": ["a"], "sequence": ["ACGT"]}).to_parquet(tmp_path / "b.parquet")
    indexed = pd.DataFrame({"sequence": ["ACGT"], "id": ["a"]}, index=[7])
    indexed.to_parquet(tmp_path / "c.parquet")
    assert len(find_blocks(tmp_path)) == 3
    pd.DataFrame({"seq": ["ACGT"], "id": ["a"]}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(TableError, match=r"d\.parquet has the columns seq, id; the first file of"):
        find_blocks(tmp_path)


def test_a_file_that_is_none_and_one_that_changes_are_told(tmp_path):
    (tmp_path / "a.parquet").write_text("sequence\nACGT\n")
    with pytest.raises(TableError, match="not readable as Parquet"):
        find_blocks(tmp_path)
    pd.DataFrame({"sequence": ["ACGT"] * 3}).to_parquet(tmp_path / "a.parquet")
    (block,) = find_blocks(tmp_path / "a.parquet")
    pd.DataFrame({"sequence": ["ACGT"] * 2}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(TableError, match="was changed while it was read"):
        list(iter_block(block, batch_size=10))
