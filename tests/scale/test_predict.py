"""Prediction in blocks: what the plain way gives, once, whole, and again after a stop."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass

import pandas as pd
import pytest

from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
from seqexpr.data.parquet_blocks import find_blocks
from seqexpr.errors import InputError, OutputError, TableError
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.predict import PredictBlocks, predict_blocks


class Stopping(LocalBackend):
    """A backend that is killed after some blocks."""

    def __init__(self, after: int) -> None:
        super().__init__(n_workers=1)
        self.after, self.seen = after, []

    def run(self, work, blocks):
        for result in super().run(work, blocks):
            self.seen.append(json.loads(result)["index"])
            yield result
            if len(self.seen) == self.after:
                raise KeyboardInterrupt


@pytest.mark.parametrize("rows", [1, 150, 10**6])
def test_blocks_are_what_the_plain_way_gives(job, written, tmp_path, rows):
    # In other batches sums over features are added in another order: the last digit may differ.
    bundle = load_bundle(job.run)
    plain = predict_file(bundle, job.table, tmp_path / "plain.parquet")
    told = []
    summary = predict_blocks(bundle, job.table, written, block_rows=rows, on_rows=told.append)
    assert summary == plain
    parts = sorted(written.iterdir())
    assert len(parts) == {1: 12, 150: 8, 10**6: 4}[rows]
    joined = pd.concat(map(pd.read_parquet, parts), ignore_index=True)
    pd.testing.assert_frame_equal(joined, pd.read_parquet(tmp_path / "plain.parquet"), rtol=1e-12)
    assert told[-1] == 1_200
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.fasta", "out.tsv.gz"])
def test_one_file_is_as_the_plain_way_writes_it(job, tmp_path, name):
    bundle = load_bundle(job.run)
    predict_file(bundle, job.table, tmp_path / f"plain-{name}")
    predict_blocks(bundle, job.table, tmp_path / name, block_rows=100)
    plain, joined = (read(tmp_path / file) for file in (f"plain-{name}", name))
    pd.testing.assert_frame_equal(joined, plain, rtol=1e-12)


def read(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix != ".fasta":
        return pd.read_csv(path, sep="\t" if ".tsv" in path.name else ",")
    titles, sequences = path.read_text().splitlines()[::2], path.read_text().splitlines()[1::2]
    told = [dict(item.split("=") for item in title.split() if "=" in item) for title in titles]
    numbers = pd.DataFrame(told)[["predicted", "lower", "upper", "domain_score"]].astype(float)
    return numbers.assign(sequence=sequences)


def test_a_killed_job_goes_on_where_it_was(job, written, tmp_path):
    bundle = load_bundle(job.run)
    predict_file(bundle, job.table, tmp_path / "plain.parquet")
    first = Stopping(5)
    with pytest.raises(KeyboardInterrupt):
        predict_blocks(bundle, job.table, written, backend=first, block_rows=100)
    assert not written.exists()
    second = Stopping(99)
    predict_blocks(bundle, job.table, written, backend=second, block_rows=100, resume=True)
    assert sorted(first.seen + second.seen) == list(range(12))
    joined = pd.concat(map(pd.read_parquet, sorted(written.iterdir())), ignore_index=True)
    pd.testing.assert_frame_equal(joined, pd.read_parquet(tmp_path / "plain.parquet"))


def test_processes_write_the_same_bytes(job, written, tmp_path):
    bundle = load_bundle(job.run)
    one, two = LocalBackend(n_workers=1), LocalBackend(n_workers=2)
    alone = predict_blocks(bundle, job.table, written, backend=one, block_rows=100)
    told = []
    assert alone == predict_blocks(
        bundle, job.table, tmp_path / "two", backend=two, block_rows=100, on_rows=told.append
    )
    assert [part.read_bytes() for part in sorted((tmp_path / "two").iterdir())] == [
        part.read_bytes() for part in sorted(written.iterdir())
    ]
    assert told == list(range(100, 1_300, 100))


@dataclass(frozen=True)
class Dying:
    """Work whose process is killed at its fourth block, as by the kernel for want of memory."""

    inner: PredictBlocks

    def open(self, *, n_jobs=None):
        do = self.inner.open(n_jobs=n_jobs)

        def die(block):
            if block.index == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(block)

        return die


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_killed_process_is_one_error_and_the_rest_is_taken_up(job, written):
    class Deadly(LocalBackend):
        def run(self, work, blocks):
            return super().run(Dying(work), blocks)

    bundle = load_bundle(job.run)
    with pytest.raises(OutputError, match=r"worker process was killed.*--resume"):
        predict_blocks(bundle, job.table, written, backend=Deadly(n_workers=2), block_rows=100)
    assert not written.exists()
    rest = Stopping(99)
    predict_blocks(bundle, job.table, written, backend=rest, block_rows=100, resume=True)
    assert 3 in rest.seen
    names = [path.name for path in sorted(written.iterdir())]
    assert names == [f"part-{number:06d}.parquet" for number in range(12)]


def test_blocks_of_another_job_are_not_taken_up(job, written):
    bundle = load_bundle(job.run)
    with pytest.raises(KeyboardInterrupt):
        predict_blocks(bundle, job.table, written, backend=Stopping(5), block_rows=100)
    other = Stopping(99)
    predict_blocks(bundle, job.table, written, backend=other, block_rows=200, resume=True)
    assert len(other.seen) == len(find_blocks(job.table, rows=200))


def test_a_block_that_was_changed_is_found(job, written):
    class Spoiling(LocalBackend):
        def run(self, work, blocks):
            yield from super().run(work, blocks)
            parts = sorted(written.with_name(".predictions.blocks").glob("*.parquet"))
            parts[3].write_bytes(parts[2].read_bytes())

    bundle = load_bundle(job.run)
    with pytest.raises(OutputError, match=r"part-000003.parquet is not as its worker left it"):
        predict_blocks(bundle, job.table, written, backend=Spoiling(n_workers=1), block_rows=100)
    assert not written.exists()


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
