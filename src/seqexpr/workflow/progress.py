"""How a long job tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Progress", "Step", "ignore"]


@dataclass(frozen=True)
class Step:
    """One step of a job.

    Attributes
    ----------
    text : str
        What is being done or was found, for people.
    done, total : int
        Steps finished and steps in all; total = 0 while it is not known.
    kind : {"step", "note", "warning"}
        "step" moves the bar; "note" and "warning" are lines to keep.

    Examples
    --------
    >>> Step("ridge: fold 2 of 5", done=7, total=40).text
    'ridge: fold 2 of 5'
    """

    text: str
    done: int = 0
    total: int = 0
    kind: str = "step"


Progress: TypeAlias = Callable[[Step], None]
"""Called with each Step, in the thread that works."""


def ignore(step: Step) -> None:
    """Take a step and say nothing."""
