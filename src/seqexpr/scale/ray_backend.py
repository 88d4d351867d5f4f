"""Ray: blocks on the workers of a cluster, or on the cores of this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from seqexpr.optional import require
from seqexpr.processes import OWN_PROCESS
from seqexpr.scale.backend import Block, BlockWork
from seqexpr.scale.ray_session import ray_session

__all__ = ["RayBackend"]


class RayBackend:
    """Do blocks through Ray Data, each worker with a process and a model of its own.

    A block is a task that can be done again: where a worker or its machine dies,
    its unfinished blocks go to others.

    Parameters
    ----------
    address : str, optional
        Of a cluster that runs ("auto", "ray://host:10001"); None = one that is
        started here, for this job.
    n_workers : int, optional
        Workers; None = as many as the cluster has cores.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    ClusterError
        If there is no cluster at the address, once there is work to do.
    """

    def __init__(self, *, address: str | None = None, n_workers: int | None = None) -> None:
        self.address, self.n_workers = address, n_workers
        require("ray", extra="scale")

    def run(self, work: BlockWork, blocks: Sequence[Block]) -> Iterator[str]:
        """Do the blocks on the workers; results come as they are finished."""
        with ray_session(self.address) as ray, _less_talk():
            yield from self._run(ray, work, blocks)

    def _run(self, ray: Any, work: BlockWork, blocks: Sequence[Block]) -> Iterator[str]:
        data = require("ray.data", extra="scale")
        n_cores = int(ray.cluster_resources().get("CPU", 1))
        n_workers = max(1, min(self.n_workers or n_cores, len(blocks)))
        numbers = [{"block": block.index} for block in blocks]
        done = data.from_items(numbers, override_num_blocks=len(numbers)).map_batches(
            _worker_of(work, blocks),
            batch_size=1,
            num_cpus=1,
            compute=data.ActorPoolStrategy(size=n_workers),
        )
        for row in done.iter_rows():
            yield str(row["result"])


def _worker_of(work: BlockWork, blocks: Sequence[Block]) -> type:
    """Return the class of an actor: it opens the work once, and does one block after the other."""
    by_number = {block.index: block for block in blocks}

    # Made here, so that it brings work and blocks with it: arguments of an actor lie in the memory
    # of some machine, and are lost with it (Ray's issue 53727). Ray Data moves numbers only.
    class Worker:
        def __init__(self) -> None:
            _take_one_core()
            os.environ[OWN_PROCESS] = "1"  # Ray gives an actor a process of its own
            self.do = work.open(n_jobs=1)

        def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
            return {"result": [self.do(by_number[int(number)]) for number in batch["block"]]}

    return Worker


def _take_one_core() -> None:
    """Let Arrow take no more than the core that Ray was told of; OpenMP is told by Ray itself."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


@contextmanager
def _less_talk() -> Iterator[None]:
    """Keep Ray Data's lines from the terminal, not from its files: we say how far it is."""
    data = require("ray.data", extra="scale")
    context = data.DataContext.get_current()
    before = context.enable_progress_bars
    context.enable_progress_bars = False
    logger = logging.getLogger("ray.data")
    handlers = [one for one in logger.handlers if not isinstance(one, logging.FileHandler)]
    levels = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.ERROR)
    try:
        yield
    finally:
        context.enable_progress_bars = before
        for handler, level in zip(handlers, levels, strict=True):
            handler.setLevel(level)
