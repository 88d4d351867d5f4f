"""Worker processes: they stay whatever they hold."""

from __future__ import annotations

import os
import time

from seqexpr.processes import OWN_PROCESS, start_workers


def _grow(n_bytes):
    """Hold memory, for longer than loky waits before it looks at how much."""
    import builtins

    builtins.held = bytearray(n_bytes)
    builtins.held[::4096] = b"x" * len(builtins.held[::4096])
    time.sleep(1.1)
    return os.getpid()


def test_a_process_that_grows_is_not_replaced():
    with start_workers(1) as executor:
        pids = [
            executor.submit(_grow, n_bytes).result(timeout=30) for n_bytes in (1, 400_000_000, 1, 1)
        ]
    assert len(set(pids)) == 1


def test_a_worker_is_a_process_of_ours():
    """So it need not leave a package as others would find it: see seqexpr.bundle.estimator."""
    with start_workers(1) as executor:
        assert executor.submit(os.getenv, OWN_PROCESS).result(timeout=30) == "1"
