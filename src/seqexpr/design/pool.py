"""The pool: every sequence that a search has visited and that may be a design."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.design._windows import choose_apart
from seqexpr.design.objective import Judge, Judged
from seqexpr.design.space import VIOLATIONS, Space

__all__ = ["Candidates", "Clock", "Pool", "Search", "Tell", "choose_diverse"]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Tell: TypeAlias = Callable[[str, int, int], None]
"""Told what is done, how many steps are done, and of how many (0 = not known)."""

CAPACITY = 50_000
"""Candidates that are kept, the best ones."""


def choose_diverse(codes: Codes, rank: npt.NDArray[np.float64], *, n: int, distance: int) -> Ints:
    """Choose sequences best first, passing over those that are near one that was chosen.

    Parameters
    ----------
    codes : ndarray of uint8, shape (m, width)
        Base codes.
    rank : ndarray of float64, shape (m,)
        Higher is better.
    n : int
        How many are chosen at most.
    distance : int
        Fewest bases that differ between two of them.

    Returns
    -------
    ndarray of int64
        Rows, the best first; of equals the first.

    Examples
    --------
    >>> rows = np.array([[0, 0], [0, 1], [2, 2]], dtype=np.uint8)
    >>> choose_diverse(rows, np.array([3.0, 2.0, 1.0]), n=2, distance=2).tolist()
    [0, 2]
    """
    order = np.argsort(-rank, kind="stable")
    chosen = np.zeros(len(order), dtype=np.int64)
    taken = choose_apart(np.ascontiguousarray(codes[order]), n, distance, chosen)
    return order[chosen[:taken]]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Sequences, where they come from and what the model says of them.

    Attributes
    ----------
    codes : ndarray of uint8, shape (n, length)
        Base codes.
    origins : ndarray of int64, shape (n,)
        Which start each comes from.
    judged : Judged
        Of n sequences.
    """

    codes: Codes
    origins: Ints
    judged: Judged

    def take(self, rows: npt.NDArray[np.int64]) -> Candidates:
        """Return some of them."""
        return Candidates(self.codes[rows], self.origins[rows], self.judged.take(rows))

    @classmethod
    def join(cls, parts: list[Candidates]) -> Candidates:
        """Return several as one."""
        return cls(
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.origins for part in parts]),
            Judged.join([part.judged for part in parts]),
        )


class Pool:
    """What a search has visited and may be designs, each sequence once.

    Parameters
    ----------
    space : Space
        Designs meet its constraints.

    Attributes
    ----------
    refused : Counter of str
        How many sequences lay outside of the domain, or violated what.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self._parts: list[Candidates] = []
        self._n = 0
        self.refused: Counter[str] = Counter()

    def add(self, found: Candidates) -> None:
        """Keep what may be a design: it meets all constraints, is inside, and is no start."""
        space, inside = self.space, found.judged.is_inside
        good = inside & space.is_permitted(found.codes, found.origins)
        good &= (found.codes != space.starts[found.origins]).any(axis=1)
        rows = np.flatnonzero(good)
        counts = space.violations(found.codes[rows], found.origins[rows])
        self.refused["the training domain"] += int((~inside).sum())
        self.refused.update(dict(zip(VIOLATIONS, (counts > 0).sum(axis=0).tolist(), strict=True)))
        rows = rows[~counts.any(axis=1)]
        if len(rows):
            self._parts.append(found.take(rows))
            self._n += len(rows)
        if self._n > 2 * CAPACITY:
            self.best()

    def best(self) -> Candidates | None:
        """Return the best candidates, at most 50,000, the best first; None if there are none."""
        if not self._parts:
            return None
        joined = Candidates.join(self._parts)
        joined = joined.take(_first_of_each(joined.codes))
        order = np.argsort(-joined.judged.score, kind="stable")[:CAPACITY]
        self._parts = [joined.take(order)]
        self._n = len(order)
        return self._parts[0]


def _first_of_each(codes: Codes) -> Ints:
    """Return the first row of each distinct sequence, in order."""
    rows = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.shape[1]))).ravel()
    return np.sort(np.unique(rows, return_index=True)[1])


@dataclass(frozen=True)
class Clock:
    """How long a search may take, and who is told how far it is.

    Attributes
    ----------
    deadline : float or None
        Of :func:`time.monotonic`; None = as long as it takes.
    tell : callable
        Told of each step.
    """

    deadline: float | None = None
    tell: Tell = field(default=lambda text, done, total: None)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.monotonic() > self.deadline


@dataclass(frozen=True, eq=False)
class Search:
    """What a search is given.

    Attributes
    ----------
    space : Space
        Starts and constraints.
    judge : Judge
        Model and objective.
    pool : Pool
        Filled.
    n : int
        Designs that are wanted.
    distance : int
        Fewest bases that are to differ between two of them.
    rng : numpy.random.Generator
        Source of randomness.
    iterations : int or None
        Steps at most; None = what suits the search.
    clock : Clock
        When to stop, and who is told.
    """

    space: Space
    judge: Judge
    pool: Pool
    n: int
    distance: int
    rng: np.random.Generator
    iterations: int | None = None
    clock: Clock = field(default_factory=Clock)
