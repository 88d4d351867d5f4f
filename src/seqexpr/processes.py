"""Worker processes of one thread each, which end with their parent."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

__all__ = ["start_workers"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def start_workers(n: int) -> Any:
    """Return an executor (as of :mod:`concurrent.futures`) of `n` processes of one thread each.

    They end when their parent does, however it ends. loky starts them afresh,
    without a copy of the parent's threads, and needs no guard in a user's
    script.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    single = dict.fromkeys(_THREADS, "1")
    return ProcessPoolExecutor(
        max_workers=n, initializer=_follow, initargs=(os.getpid(),), env=single
    )


def _follow(parent: int) -> None:
    """End this process soon after its parent has ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()
