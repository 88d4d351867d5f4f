"""Simulated evolution: mutation, crossover and selection that keeps its distance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.design.greedy import spread_starts
from seqexpr.design.pool import Candidates, Search, choose_diverse
from seqexpr.design.space import Space, decode

__all__ = ["GENERATIONS", "search_by_evolution"]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

GENERATIONS = 100
"""Generations by default."""
SMALLEST = 200
"""Fewest sequences of a generation."""
CROSSED = 0.5
"""Share of the children that have two parents."""
MUTATIONS = 1.5
"""Changes of a child beyond the first, on average."""
CONTESTANTS = 3
"""Sequences of which the best becomes a parent."""


def search_by_evolution(search: Search) -> None:
    """Let sequences evolve: children of the best of three, changed, crossed and repaired.

    Each generation are the best of parents and children that differ from each
    other by at least the distance of the designs.

    Parameters
    ----------
    search : Search
        Its pool takes all that is judged on the way.
    """
    space, judge = search.space, search.judge
    size = max(SMALLEST, 2 * search.n)
    codes, origins = spread_starts(space, max(size, len(space.starts)), rng=search.rng)
    population = Candidates(codes, origins, judge.judge(decode(codes)))
    search.pool.add(population)
    population = survivors(space, population, size, distance=search.distance)
    n_generations = search.iterations or GENERATIONS
    for generation in range(n_generations):
        if search.clock.is_over:
            break
        search.clock.tell("evolving", generation, n_generations)
        children = breed(space, population, size, rng=search.rng)
        judged = judge.judge(decode(children[0]))
        born = Candidates(*children, judged)
        search.pool.add(born)
        both = Candidates.join([population, born])
        population = survivors(space, both, size, distance=search.distance)


def survivors(space: Space, both: Candidates, size: int, *, distance: int) -> Candidates:
    """Return the best that are apart from each other; those that violate something come last."""
    violated = space.violations(both.codes, both.origins).sum(axis=1)
    place = np.empty(len(violated))
    place[np.lexsort((-both.judged.rank, violated))] = -np.arange(len(violated))
    kept = choose_diverse(both.codes, place, n=size, distance=distance)
    return both.take(kept)


def breed(
    space: Space, parents: Candidates, n: int, *, rng: np.random.Generator
) -> tuple[Codes, Ints]:
    """Return children: a stretch of another parent in half of them, and one or more changes.

    A child counts its changes from the start of its first parent, and keeps to what is
    allowed there.

    Parameters
    ----------
    space : Space
        Constraints.
    parents : Candidates
        Best first.
    n : int
        How many children.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    codes : ndarray of uint8, shape (n, length)
        Repaired, as far as single changes do it.
    origins : ndarray of int64, shape (n,)
        Which start each comes from.
    """
    m, length = parents.codes.shape
    # Parents are in order, so the best of some is the first of them.
    first, second = (rng.integers(m, size=(n, CONTESTANTS)).min(axis=1) for _ in range(2))
    origins = parents.origins[first]
    ends = np.sort(rng.integers(length + 1, size=(n, 2)), axis=1)
    place = np.arange(length)
    taken = (place >= ends[:, :1]) & (place < ends[:, 1:]) & (rng.random((n, 1)) < CROSSED)
    codes = np.where(taken, parents.codes[second], parents.codes[first])
    is_allowed = ((space.allowed[origins] >> codes) & 1).astype(bool)
    codes = np.where(is_allowed, codes, parents.codes[first])
    return space.repair(_mutate(space, codes, origins, rng=rng), origins, rng=rng), origins


def _mutate(space: Space, codes: Codes, origins: Ints, *, rng: np.random.Generator) -> Codes:
    """Change one base of each sequence, and some more, to others that are allowed."""
    n, length = codes.shape
    how_many = np.ones(n, dtype=np.int64) + rng.poisson(MUTATIONS, size=n)
    keys = np.where(space.free[origins], rng.random((n, length)), 2.0)
    picked = (keys.argsort(axis=1).argsort(axis=1) < how_many[:, None]) & (keys < 2)
    bases = np.arange(4)[:, None]
    others = space.permitted[origins] & (codes[:, None, :] != bases)
    drawn = (rng.random((n, 4, length)) * others).argmax(axis=1)
    return np.where(picked, drawn, codes).astype(np.uint8)
