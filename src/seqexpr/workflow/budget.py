"""The budget of a run: how much of it is left, and what must be kept for the end."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Budget", "measure_cost"]


@dataclass
class Budget:
    """A span of time that began when the run did.

    Parameters
    ----------
    seconds : float
        Length of the span.
    spent : float
        Seconds that an interrupted run had spent. Default 0.

    Examples
    --------
    >>> Budget(60, spent=50).left() <= 10
    True
    """

    seconds: float
    spent: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds spent so far."""
        return self.spent + time.monotonic() - self._started

    def left(self, *, reserve: float = 0.0) -> float:
        """Return the seconds left after a reserve is set aside; negative = overdrawn."""
        return self.seconds - self.elapsed - reserve


def measure_cost(seconds: float) -> dict[str, Any]:
    """Return ``cost`` of evaluation.json: time, and memory where the system tells it.

    Parameters
    ----------
    seconds : float
        Wall-clock time of the run.

    Returns
    -------
    dict
        ``seconds``; ``peak_memory_mib`` of this process since it began;
        ``worker_memory_mib`` of the largest process that it started and that
        has ended; None where it is not known.

    Examples
    --------
    >>> measure_cost(2.04)["seconds"]
    2.0
    """
    own: float | None = None
    worker: float | None = None
    if sys.platform != "win32":
        import resource

        unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    return {
        "seconds": round(seconds, 1),
        "peak_memory_mib": None if own is None else round(own),
        "worker_memory_mib": None if worker is None else round(worker),
    }
