"""What a backend is: something that does a piece of work to many blocks, somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from seqexpr.data.parquet_blocks import ParquetBlock

__all__ = ["Backend", "BlockWork", "LocalBackend"]


class BlockWork(Protocol):
    """Work on blocks; sent to workers, so that it can be pickled.

    It is done by seqexpr's own workers, and never written to a file.
    """

    def open(self, *, n_jobs: int | None = None) -> Callable[[ParquetBlock], str]:
        """Get ready, once a worker, and return what does one block.

        With `n_jobs` the model takes so many threads; by default one a core. What
        is returned says of a block how it went, as a JSON document.
        """
        ...


class Backend(Protocol):
    """Does the work."""

    def run(self, work: BlockWork, blocks: Sequence[ParquetBlock]) -> Iterator[str]:
        """Do each block once, or again where a worker died; yield what came of it, in any order."""
        ...


class LocalBackend:
    """One block after the other, in this process."""

    def run(self, work: BlockWork, blocks: Sequence[ParquetBlock]) -> Iterator[str]:
        """Do the blocks in order."""
        do = work.open()
        for block in blocks:
            yield do(block)
