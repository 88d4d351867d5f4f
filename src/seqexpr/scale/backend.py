"""What a backend is: something that does a piece of work to many blocks, somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol

from seqexpr.errors import OutputError
from seqexpr.processes import start_workers

__all__ = ["Backend", "Block", "BlockWork", "LocalBackend"]

_WORTH = 4
"""Blocks from which processes are worth their start (two seconds; a block takes as long)."""


class Block(Protocol):
    """A part of a job that can be done on its own; sent to workers, so that it can be pickled."""

    @property
    def index(self) -> int:
        """Number of the block, 0 and up, in the order of the job."""
        ...


class BlockWork(Protocol):
    """Work on blocks of one kind; sent to workers, so that it can be pickled (and hashed).

    It is done by seqexpr's own workers, and never written to a file.
    """

    def open(self, *, n_jobs: int | None = None) -> Callable[[Any], str]:
        """Get ready, once a worker, and return what does one block.

        With `n_jobs` the model takes so many threads; by default one a core. What
        is returned says of a block how it went, as a JSON document.
        """
        ...


class Backend(Protocol):
    """Does the work."""

    def run(self, work: BlockWork, blocks: Sequence[Block]) -> Iterator[str]:
        """Do each block once, or again where a worker died; yield what came of it, in any order."""
        ...


class LocalBackend:
    """Do blocks on this machine: in as many processes as there are cores.

    Parameters
    ----------
    n_workers : int, optional
        Processes, each with a model of its own and one thread; 1 = one block
        after the other in this process. Default one a core from four blocks
        on: fewer are done before processes have started.

    Raises
    ------
    OutputError
        If a process is killed, as when memory runs out.
    """

    def __init__(self, *, n_workers: int | None = None) -> None:
        self.n_workers = n_workers

    def run(self, work: BlockWork, blocks: Sequence[Block]) -> Iterator[str]:
        """Do the blocks; results come as they are finished."""
        n_workers = min(self._n_workers(len(blocks)), len(blocks))
        if n_workers <= 1:
            yield from map(work.open(), blocks)
            return
        executor = start_workers(n_workers)
        try:
            for done in as_completed([executor.submit(_do, work, block) for block in blocks]):
                yield done.result()
        except BrokenProcessPool:
            raise OutputError(
                "a worker process was killed, perhaps for want of memory; run it again with "
                "--resume, and with fewer --workers"
            ) from None
        finally:
            executor.shutdown(wait=True, kill_workers=True)

    def _n_workers(self, n_blocks: int) -> int:
        if self.n_workers is not None:
            return self.n_workers
        from joblib import cpu_count

        return int(cpu_count()) if n_blocks >= _WORTH else 1


_opened: dict[BlockWork, Callable[[Any], str]] = {}


def _do(work: BlockWork, block: Block) -> str:
    """Do a block in a worker, which opens the work once."""
    if work not in _opened:
        _opened.clear()
        _opened[work] = work.open(n_jobs=1)
    return _opened[work](block)
