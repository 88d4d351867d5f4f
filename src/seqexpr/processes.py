"""Worker processes of one thread each: of this machine, or wherever the caller has some."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

__all__ = ["OWN_PROCESS", "WorkerSource", "count_workers", "start_workers", "workers_from"]

OWN_PROCESS = "SEQEXPR_OWN_PROCESS"
"""Environment variable that says that a process is seqexpr's: the command line's, or a worker's."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class WorkerSource(Protocol):
    """Has workers, on other machines perhaps, which see the same files as this process."""

    def count(self) -> int:
        """Return how many there are."""
        ...

    def start(self, n: int) -> Any:
        """Return an executor of `n` of them, as :func:`start_workers` does."""
        ...


_SOURCE: ContextVar[WorkerSource | None] = ContextVar("workers", default=None)


@contextmanager
def workers_from(source: WorkerSource) -> Iterator[None]:
    """Say where workers are started inside the ``with`` block, however deep inside."""
    token = _SOURCE.set(source)
    try:
        yield
    finally:
        _SOURCE.reset(token)


def count_workers(n: int) -> int:
    """Return how many workers a job is to start: `n`, or as many as the source has."""
    source = _SOURCE.get()
    return n if source is None else source.count()


def start_workers(n: int) -> Any:
    """Return an executor (as of :mod:`concurrent.futures`) of `n` processes of one thread each.

    Its ``shutdown`` takes ``kill_workers``; a call whose process ends raises
    ``BrokenExecutor``. Processes of this machine end when their parent does,
    however it ends. loky starts them afresh, without a copy of the parent's
    threads, and needs no guard in a user's script.
    """
    source = _SOURCE.get()
    if source is not None:
        return source.start(n)
    from joblib.externals.loky import ProcessPoolExecutor

    single = dict.fromkeys(_THREADS, "1") | {OWN_PROCESS: "1"}
    return ProcessPoolExecutor(
        max_workers=n, initializer=_follow, initargs=(os.getpid(),), env=single
    )


def _follow(parent: int) -> None:
    """End this process soon after its parent has ended, and not before it."""
    from joblib.externals.loky import process_executor

    # loky would replace, and warn of, a process that has grown by 300 MB since its first call, as
    # it does when it imports PyTorch or reads a table.
    process_executor._USE_PSUTIL = False  # noqa: SLF001 (loky has no public switch for it)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()
