"""Ray as an executor: the trials of a search on the workers of a cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from typing import Any

from seqexpr.optional import require
from seqexpr.processes import workers_from
from seqexpr.scale.ray_session import ray_session

__all__ = ["RayExecutor", "ray_workers"]

_RETRIES = 2
"""Times that a call is begun again whose worker or machine has died."""
_PATIENCE = 10.0
"""Seconds that cancelled calls are waited for."""


@contextmanager
def ray_workers(n_workers: int | None = None) -> Iterator[None]:
    """Let searches inside the ``with`` block run their trials on the workers of a Ray cluster.

    It is the cluster of the :func:`~seqexpr.scale.ray_session.ray_session` around it. A
    trial whose worker or machine dies is begun again elsewhere. The same seed tries the
    same candidates as on one machine with as many processes.

    Parameters
    ----------
    n_workers : int, optional
        Trials that run side by side; None = one a core of the cluster.
    """
    with ray_session() as ray, workers_from(_Cores(ray, n_workers)):
        yield


class _Cores:
    """The cores of a cluster as a :class:`seqexpr.processes.WorkerSource`."""

    def __init__(self, ray: Any, n_workers: int | None) -> None:
        self.ray, self.n_workers = ray, n_workers

    def count(self) -> int:
        return self.n_workers or max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    def start(self, n: int) -> RayExecutor:
        return RayExecutor(n)


class RayExecutor:
    """Calls functions on a cluster, a core each, as a ``concurrent.futures`` executor does.

    Parameters
    ----------
    n_workers : int
        Calls that are made at a time; the caller keeps to it.
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._ray = require("ray", extra="scale")
        self._call = self._ray.remote(num_cpus=1, max_retries=_RETRIES)(_call)
        self._running: dict[Future[Any], Any] = {}

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Call a function on some worker.

        Returns
        -------
        Future
            Raises what the function raised; BrokenExecutor where worker after worker ended,
            or the call was cancelled.
        """
        reference = self._call.remote(call, given, named)
        answer: Future[Any] = Future()
        answer.set_running_or_notify_cancel()
        self._running[answer] = reference

        def hand_on(done: Future[Any]) -> None:
            self._running.pop(answer, None)
            error = done.exception()
            if error is None:
                answer.set_result(done.result())
            else:
                answer.set_exception(self._meaning(error))

        reference.future().add_done_callback(hand_on)
        return answer

    def _meaning(self, error: BaseException) -> BaseException:
        """Return what the function raised, or that its process ended."""
        errors = self._ray.exceptions
        cancelled = isinstance(error, errors.TaskCancelledError)
        if isinstance(error, errors.RayTaskError) and not cancelled:
            return error.cause if isinstance(error.cause, BaseException) else error
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return BrokenExecutor(lines[0])

    def shutdown(self, *, wait: bool = True, kill_workers: bool = False) -> None:
        """Wait for the calls that are made, or end them, whatever they are doing."""
        references = list(self._running.values())
        if kill_workers:
            for reference in references:
                with contextlib.suppress(Exception):  # it has ended meanwhile, or its machine has
                    self._ray.cancel(reference, force=True)
        if wait and references:
            timeout = _PATIENCE if kill_workers else None
            self._ray.wait(references, num_returns=len(references), timeout=timeout)


def _call(call: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return call(*given, **named)
