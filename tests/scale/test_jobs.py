"""Jobs in blocks: once, whole, and again after a stop, whatever is done with a block."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.data.parquet_blocks import find_blocks
from seqexpr.errors import OutputError
from seqexpr.scale.backend import LocalBackend
from seqexpr.scale.predict import predict_blocks

KINDS = ["predict", "pairs", "vcf", "explain"]


def bytes_of(folder):
    """Return the names and bytes of the parts of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_job_goes_on_where_it_was(do, written, tmp_path, stopping, kind):
    whole = do(kind, tmp_path / "whole", backend=LocalBackend(n_workers=1))
    first = stopping(3)
    with pytest.raises(KeyboardInterrupt):
        do(kind, written, backend=first)
    assert not written.exists()
    second = stopping()
    told = []
    summary = do(kind, written, backend=second, resume=True, on_rows=told.append)
    n_blocks = len(list(written.iterdir()))
    assert sorted(first.seen + second.seen) == list(range(n_blocks))
    assert n_blocks == (8 if kind == "vcf" else 12)
    assert told[-1] == summary.n_rows
    assert summary == whole
    assert bytes_of(written) == bytes_of(tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_processes_write_the_same_bytes(do, written, tmp_path):
    told = []
    alone = do("predict", written, backend=LocalBackend(n_workers=1))
    two = do("predict", tmp_path / "two", backend=LocalBackend(n_workers=2), on_rows=told.append)
    assert alone == two
    assert bytes_of(tmp_path / "two") == bytes_of(written)
    assert told == list(range(100, 1_300, 100))


@dataclass(frozen=True)
class Dying:
    """Work whose process is killed at its fourth block, as by the kernel for want of memory."""

    inner: object

    def open(self, *, n_jobs=None):
        do = self.inner.open(n_jobs=n_jobs)

        def die(block):
            if block.index == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(block)

        return die


class Deadly(LocalBackend):
    """A backend of whose processes one is killed."""

    def run(self, work, blocks):
        return super().run(Dying(work), blocks)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_killed_process_is_one_error_and_the_rest_is_taken_up(do, written, stopping):
    with pytest.raises(OutputError, match=r"worker process was killed.*--resume"):
        do("explain", written, backend=Deadly(n_workers=2))
    assert not written.exists()
    rest = stopping()
    do("explain", written, backend=rest, resume=True)
    assert 3 in rest.seen
    names = [path.name for path in sorted(written.iterdir())]
    assert names == [f"part-{number:06d}.parquet" for number in range(12)]


def test_blocks_of_another_job_are_not_taken_up(job, do, written, stopping):
    with pytest.raises(KeyboardInterrupt):
        do("predict", written, backend=stopping(5))
    other = stopping()
    predict_blocks(
        load_bundle(job.run), job.table, written, backend=other, block_rows=200, resume=True
    )
    assert len(other.seen) == len(find_blocks(job.table, rows=200))


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_block_that_was_changed_is_found_and_written_anew(do, written, stopping, is_lost):
    class Spoiling(LocalBackend):
        def run(self, work, blocks):
            yield from super().run(work, blocks)
            parts = sorted(written.with_name(".predictions.blocks").glob("*.parquet"))
            if is_lost:
                parts[3].unlink()
            else:
                parts[3].write_bytes(parts[2].read_bytes())

    message = "block 3 was not written" if is_lost else "000003.parquet is not as its worker left"
    with pytest.raises(OutputError, match=message):
        do("pairs", written, backend=Spoiling(n_workers=1))
    assert not written.exists()
    again = stopping()
    do("pairs", written, backend=again, resume=True)
    assert again.seen == [3]


def test_a_folder_of_something_else_is_not_replaced(do, written):
    written.mkdir()
    (written / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"other files than parts \(thesis\.txt\)"):
        do("predict", written)
    (written / "thesis.txt").unlink()
    for _ in range(2):  # into an empty one, and in the place of an earlier job
        do("predict", written, backend=LocalBackend(n_workers=1))
    assert len(list(written.iterdir())) == 12
