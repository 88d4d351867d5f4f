from __future__ import annotations

import datetime as dt
import decimal
import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from seqexpr.data.formats import open_source
from seqexpr.data.parquet import iter_parquet, plain_table
from seqexpr.data.table import read_table
from seqexpr.errors import TableError

TABLE = pa.table({"sequence": ["ACGT", None, "TTTT"] * 100, "y": np.arange(300.0)})


def read(path, batch_size=1000):
    with open_source(path) as source:
        return list(iter_parquet(source, batch_size=batch_size))


@pytest.mark.parametrize("row_group_size", [7, 300])
@pytest.mark.parametrize("is_packed", [False, True])
def test_rows_come_in_order_in_batches(row_group_size, is_packed, save, tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(TABLE, path, row_group_size=row_group_size)
    if is_packed:  # then it is held in memory
        path = save(gzip.compress(path.read_bytes()))
    parts = read(path, batch_size=40)
    assert max(part.num_rows for part in parts) <= 40
    assert pa.concat_tables(parts).equals(TABLE)


def test_every_kind_of_column_becomes_numbers_or_text():
    table = pa.table(
        {
            "categories": pa.array(["a", "b", None]).dictionary_encode(),
            "decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal(2)]),
            "date": pa.array([dt.date(2024, 9, 2), None, None]),
            "list": pa.array([[1, 2], None, []]),
            "bytes": pa.array([b"ACGT", None, b"\xff"]),
            "large": pa.array(["a", "b", "c"], pa.large_string()),
            "null": pa.nulls(3),
            "int": pa.array([1, 2, 3], pa.int8()),
            "bool": pa.array([True, None, False]),
        }
    )
    plain = plain_table(table).to_pydict()
    assert plain == {
        "categories": ["a", "b", None],
        "decimal": [1.5, None, 2.0],
        "date": ["2024-09-02", None, None],
        "list": ["[1, 2]", None, "[]"],
        "bytes": ["b'ACGT'", None, "b'\\xff'"],
        "large": ["a", "b", "c"],
        "null": [None, None, None],
        "int": [1, 2, 3],
        "bool": [True, None, False],
    }


def test_the_index_of_a_frame_is_a_column_only_if_it_has_a_name(tmp_path):
    frame = pd.DataFrame({"sequence": ["ACGT", "TTTT"], "y": [1.0, 2.0]}, index=[5, 7])
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").frame.equals(frame.reset_index(drop=True))
    frame.rename_axis("id").to_parquet(tmp_path / "b.parquet")
    table = read_table(tmp_path / "b.parquet")
    assert table.roles.id == "id"
    assert table.frame["id"].tolist() == [5, 7]


def test_numbers_stay_numbers_and_texts_stay_texts(tmp_path):
    table = pa.table({"id": ["01", "02"], "seq": ["ACGT", "TT-T"], "y": [1, None]})
    parquet.write_table(table, tmp_path / "a.parquet")
    frame = read_table(tmp_path / "a.parquet").frame
    assert frame["id"].tolist() == ["01", "02"]
    assert frame["y"].dtype == np.float64
    assert frame["y"].isna().tolist() == [False, True]


def test_damage(tmp_path, save):
    parquet.write_table(TABLE, tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    for damaged in (whole[:-50], whole[:100] + bytes(400) + whole[500:]):
        with pytest.raises(TableError, match=r"table\.csv is not readable as Parquet: .+"):
            read(save(damaged))


def test_a_column_name_that_occurs_twice(tmp_path):
    table = pa.table([pa.array(["ACGT"]), pa.array([1.0]), pa.array([2.0])], names=["s", "y", "y"])
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(TableError, match="column name 'y' occurs twice"):
        read(tmp_path / "a.parquet")


def test_no_rows(tmp_path):
    parquet.write_table(TABLE.slice(0, 0), tmp_path / "a.parquet")
    with pytest.raises(TableError, match=r"a\.parquet has no rows; expected a sequence in each"):
        read_table(tmp_path / "a.parquet")
