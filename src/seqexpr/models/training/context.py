"""What a fit of a network tells, and where it keeps what it would need to go on after a kill.

Models are fitted deep inside cross-validation, ensembles and searches. Who
started all that says here what should happen at each epoch, for every fit
below, without handing it through every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

__all__ = [
    "Launcher",
    "TrainingContext",
    "TrainingProgress",
    "current_context",
    "training_context",
]

T = TypeVar("T")


class Launcher(Protocol):
    """Starts the processes of a fit, on this machine or on others."""

    def launch(self, work: Callable[[Any], T], *, device: str, precision: Mapping[str, str]) -> T:
        """Do the work of a fit in every process, and return what it returned in the first.

        Where a process dies, all may be begun again: the work itself knows how far it was.

        Parameters
        ----------
        work : callable
            Can be pickled; is handed the Lightning Fabric of its process, which
            is joined to the others.
        device : {"auto", "cpu", "cuda"}
            What the fit is to run on.
        precision : mapping of str to str
            What was measured here to be fastest, by device; on others it is to be
            measured.
        """
        ...


@dataclass(frozen=True)
class TrainingProgress:
    """How far a fit is.

    Attributes
    ----------
    epoch, n_epochs : int
        Epochs done, and at most to do.
    loss : float
        Mean loss of the epoch's steps.
    pearson : float
        Correlation on the rows that decide which epoch is kept; NaN without.
    seconds, seconds_left : float
        Spent, and at most to spend.
    """

    epoch: int
    n_epochs: int
    loss: float
    pearson: float
    seconds: float
    seconds_left: float

    def __str__(self) -> str:
        """Return it as one line."""
        left = f"{self.seconds_left:.0f} s left"
        score = f", validation r {self.pearson:.3f}" if self.pearson == self.pearson else ""
        return f"epoch {self.epoch}/{self.n_epochs}, loss {self.loss:.3f}{score}, {left}"


@dataclass(frozen=True)
class TrainingContext:
    """What holds for every fit of a network inside.

    Attributes
    ----------
    on_progress : callable or None
        Told a :class:`TrainingProgress` after each epoch.
    checkpoints : Path or None
        Folder in which fits keep their state, so that the same fit, begun
        again after a kill, goes on where it was and ends with the same weights.
    checkpoint_seconds : float
        Time between two writes inside an epoch; there is one after each epoch
        too, if the last is a tenth of this ago.
    device : {"auto", "cpu", "cuda"}
        What networks mean that say "auto".
    precision : {"auto", "single"}
        What networks are trained in: whatever is fastest on the device (half
        precision on GPUs, and on processors with units for it), or single
        precision, so that a seed gives the same weights on other processors.
    init_from : str
        Weights that the model "transfer" goes on from.
    deadline : float or None
        Reading of ``time.monotonic`` before which training ends, with the best
        weights so far, once an epoch is done; None = there is time.
    launcher : Launcher or None
        Starts the processes of each fit, and decides how many share a batch, as
        :class:`seqexpr.scale.ray_training.RayTraining`; None = this process, or
        as many on this machine as the model's `n_devices`.
    """

    on_progress: Callable[[TrainingProgress], None] | None = None
    checkpoints: Path | None = None
    checkpoint_seconds: float = 60.0
    device: str = "auto"
    precision: Literal["auto", "single"] = "auto"
    init_from: str = ""
    deadline: float | None = None
    launcher: Launcher | None = None


_CURRENT: ContextVar[TrainingContext] = ContextVar("training", default=TrainingContext())  # noqa: B039 - it is frozen


def current_context() -> TrainingContext:
    """Return the context that holds here."""
    return _CURRENT.get()


@contextmanager
def training_context(**named: Any) -> Iterator[TrainingContext]:
    """Say what holds for every fit of a network inside the ``with`` block.

    Parameters
    ----------
    **named
        Attributes of :class:`TrainingContext`; what is not named stays as it
        is outside.

    Examples
    --------
    >>> with training_context(on_progress=print) as inside:
    ...     current_context() is inside
    True
    """
    context = replace(_CURRENT.get(), **named)
    token = _CURRENT.set(context)
    try:
        yield context
    finally:
        _CURRENT.reset(token)
