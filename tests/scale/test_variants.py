"""Pairs scored in blocks: what the plain way gives."""

from __future__ import annotations

import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.errors import ColumnError, OutputError, TableError
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.variants import score_table_blocks
from seqexpr.variants.sequence_variants import score_table

ONE = LocalBackend(n_workers=1)


@pytest.mark.parametrize("rows", [150, 10**6])
def test_blocks_are_what_the_plain_way_gives(job, written, tmp_path, rows):
    bundle = load_bundle(job.run)
    plain = score_table(bundle, job.pairs, tmp_path / "plain.parquet")
    told = []
    summary = score_table_blocks(
        bundle, job.pairs, written, backend=ONE, block_rows=rows, on_rows=told.append
    )
    assert summary == plain
    assert (summary.n_rows, summary.n_scored, told[-1]) == (1_200, 1_196, 1_200)
    parts = sorted(written.iterdir())
    assert len(parts) == {150: 8, 10**6: 4}[rows]
    joined = pd.concat(map(pd.read_parquet, parts), ignore_index=True)
    expected = pd.read_parquet(tmp_path / "plain.parquet")
    pd.testing.assert_frame_equal(joined, expected, check_exact=True)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_one_file_is_as_the_plain_way_writes_it(job, tmp_path, name):
    bundle = load_bundle(job.run)
    columns = {"reference": "mutant", "alternative": "wt"}
    score_table(bundle, job.pairs, tmp_path / f"plain-{name}", batch_size=100, **columns)
    score_table_blocks(bundle, job.pairs, tmp_path / name, backend=ONE, block_rows=100, **columns)
    # The same batches, so the same bytes.
    assert (tmp_path / name).read_bytes() == (tmp_path / f"plain-{name}").read_bytes()


def test_what_cannot_be_done_is_said(job, tmp_path):
    bundle = load_bundle(job.run)
    with pytest.raises(ColumnError, match="which column holds the reference"):
        score_table_blocks(bundle, job.table, tmp_path / "out")
    with pytest.raises(ColumnError, match="no column 'wild'"):
        score_table_blocks(bundle, job.pairs, tmp_path / "out", reference="wild")
    with pytest.raises(OutputError, match=r"one file that ends in \.csv, \.tsv, \.parquet"):
        score_table_blocks(bundle, job.pairs, tmp_path / "out.fasta")
    (tmp_path / "pairs.csv").write_text("ref,alt\nACGT,ACGA\n")
    with pytest.raises(OutputError, match="only a table in Parquet"):
        score_table_blocks(bundle, tmp_path / "pairs.csv", tmp_path / "out")
    with pytest.raises(TableError, match="not readable as Parquet"):
        score_table_blocks(bundle, tmp_path / "pairs.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out").exists()
