"""Prediction in blocks: what the plain way gives."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
from seqexpr.errors import InputError, OutputError, TableError
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.predict import predict_blocks

ONE = LocalBackend(n_workers=1)


@pytest.mark.parametrize("rows", [1, 150, 10**6])
def test_blocks_are_what_the_plain_way_gives(job, written, tmp_path, rows):
    # In other batches sums over features are added in another order: the last digit may differ.
    bundle = load_bundle(job.run)
    plain = predict_file(bundle, job.table, tmp_path / "plain.parquet")
    told = []
    summary = predict_blocks(
        bundle, job.table, written, backend=ONE, block_rows=rows, on_rows=told.append
    )
    assert summary == plain
    parts = sorted(written.iterdir())
    assert len(parts) == {1: 12, 150: 8, 10**6: 4}[rows]
    joined = pd.concat(map(pd.read_parquet, parts), ignore_index=True)
    pd.testing.assert_frame_equal(
        joined, pd.read_parquet(tmp_path / "plain.parquet"), check_exact=True
    )
    assert told[-1] == 1_200
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.fasta", "out.fa.gz", "out.tsv.gz"])
def test_one_file_is_as_the_plain_way_writes_it(job, tmp_path, name):
    bundle = load_bundle(job.run)
    predict_file(bundle, job.table, tmp_path / f"plain-{name}")
    predict_blocks(bundle, job.table, tmp_path / name, backend=ONE, block_rows=100)
    plain, joined = (read(tmp_path / file) for file in (f"plain-{name}", name))
    pd.testing.assert_frame_equal(joined, plain, check_exact=True)


def read(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if ".fa" not in path.name:
        return pd.read_csv(path, sep="\t" if ".tsv" in path.name else ",")
    lines = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = lines.decode().splitlines()
    titles, sequences = lines[::2], lines[1::2]
    told = [dict(item.split("=") for item in title.split() if "=" in item) for title in titles]
    numbers = pd.DataFrame(told)[["predicted", "lower", "upper", "domain_score"]].astype(float)
    return numbers.assign(sequence=sequences)


def test_what_cannot_be_parted_is_said(job, tmp_path):
    bundle = load_bundle(job.run)
    file = tmp_path / "table.csv"
    file.write_text("sequence\nACGT\n")
    with pytest.raises(TableError, match="not readable as Parquet"):
        predict_blocks(bundle, file, tmp_path / "out.csv")
    with pytest.raises(OutputError, match="the name does not say a format"):
        predict_blocks(bundle, file, tmp_path / "out")
    with pytest.raises(InputError, match="standard output"):
        predict_blocks(bundle, job.table, "-")
    with pytest.raises(OutputError, match="name a folder"):
        (tmp_path / "there").write_text("")
        predict_blocks(bundle, job.table, tmp_path / "there")
