"""The greedy search: the best single change that is allowed, again and again, from many starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.design.objective import Judged
from seqexpr.design.pool import Candidates, Search
from seqexpr.design.space import FORBIDDEN, Space, decode

__all__ = ["climb", "search_greedily", "spread_starts"]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PATHS_A_DESIGN = 2
MOST_STEPS = 1_000
_ROUNDS = (16, 80)
"""How many of the changes that promise most are judged first, and then."""
_GAIN = 1e-9


def search_greedily(search: Search) -> None:
    """Climb from every start, and from starts with some changes at random, to local optima.

    Parameters
    ----------
    search : Search
        Its pool takes all that is judged on the way.
    """
    n_paths = max(len(search.space.starts), PATHS_A_DESIGN * search.n)
    codes, origins = spread_starts(search.space, n_paths, rng=search.rng)
    climb(search, codes, origins, most_steps=search.iterations or MOST_STEPS)


def spread_starts(space: Space, n: int, *, rng: np.random.Generator) -> tuple[Codes, Ints]:
    """Return n sequences to begin with: the starts, then starts with changes at random.

    Parameters
    ----------
    space : Space
        Starts and constraints.
    n : int
        How many, at least one for each start.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    codes : ndarray of uint8, shape (n, length)
        Repaired, as far as single changes do it.
    origins : ndarray of int64, shape (n,)
        Which start each comes from.
    """
    origins = np.arange(n) % len(space.starts)
    codes = draw_allowed(space.starts[origins], space.allowed[origins], rng=rng)
    again = np.flatnonzero(np.arange(n) >= len(space.starts))
    most = max(2, space.length // 10)
    for row in again.tolist():
        free = np.flatnonzero(space.free[origins[row]])
        places = rng.permutation(free)[: int(rng.integers(1, most + 1))]
        for place in places.tolist():
            bases = np.flatnonzero(space.permitted[origins[row], :, place])
            codes[row, place] = rng.choice(bases)
    return space.repair(codes, origins, rng=rng), origins


def draw_allowed(codes: Codes, allowed: Codes, *, rng: np.random.Generator) -> Codes:
    """Return sequences with a base drawn wherever theirs is not allowed."""
    drawn = rng.random((*codes.shape, 4)) * ((allowed[..., None] >> np.arange(4)) & 1)
    is_allowed = (allowed >> codes) & 1
    return np.where(is_allowed, codes, drawn.argmax(axis=-1)).astype(np.uint8)


def climb(search: Search, codes: Codes, origins: Ints, *, most_steps: int) -> Candidates:
    """Take the best single change that is allowed, until none is better.

    A sequence that violates constraints first takes the changes that leave
    fewest violations, one outside of the training domain those that bring it
    nearest.

    Parameters
    ----------
    search : Search
        Space, judge and pool.
    codes, origins : ndarray, shape (n, length) and (n,)
        Where it begins.
    most_steps : int
        Changes at most.

    Returns
    -------
    Candidates
        Where each path ended; some may violate something.
    """
    space, judge = search.space, search.judge
    judged = judge.judge(decode(codes))
    now = Candidates(codes.copy(), origins, judged)
    search.pool.add(now)
    left = space.violations(now.codes, origins).sum(axis=1)
    active = np.arange(len(codes))
    for step in range(most_steps):
        if not len(active) or search.clock.is_over:
            break
        search.clock.tell(f"climbing: {len(active)} of {len(codes)} paths", step, 0)
        here = now.take(active)
        at, after = best_changes(search, here, left[active])
        moves = np.flatnonzero(at >= 0)
        if not len(moves):
            break
        changed = _change(here.codes[moves], at[moves])
        exact = Candidates(changed, here.origins[moves], judge.judge(decode(changed)))
        fewer = after[moves] < left[active[moves]]
        better = exact.judged.rank > here.judged.rank[moves] + _GAIN * np.abs(
            here.judged.rank[moves]
        )
        good = np.flatnonzero(fewer | ((after[moves] == left[active[moves]]) & better))
        rows = active[moves[good]]
        search.pool.add(exact.take(good))
        now = _put(now, exact.take(good), rows)
        left[rows] = after[moves[good]]
        active = rows
    return now


def best_changes(search: Search, here: Candidates, left: Ints) -> tuple[Ints, Ints]:
    """Return the best change of a base of each sequence.

    The domain of a changed sequence costs more than its prediction, so changes are
    judged in the order of what they can reach at best, and no further than one
    that was judged cannot be beaten.

    Parameters
    ----------
    search : Search
        Space, judge and pool, which takes all that is judged.
    here : Candidates
        n sequences.
    left : ndarray of int64, shape (n,)
        What each violates now.

    Returns
    -------
    at : ndarray of int64, shape (n,)
        Base times length plus place; -1 where nothing is allowed.
    after : ndarray of int64, shape (n,)
        What it violates then.
    """
    n, space, judge = len(here.codes), search.space, search.judge
    after = space.change_violations(here.codes, here.origins).reshape(n, -1)
    fewest = np.where(left > 0, after.min(axis=1), 0)
    options = (after == fewest[:, None]) & (after < FORBIDDEN) & (after <= left[:, None])
    effects = judge.effects(decode(here.codes))
    predicted = here.judged.predicted[:, None, :] + effects.reshape(n, -1, effects.shape[-1])
    hope = judge.best_case(predicted.reshape(-1, predicted.shape[-1])).reshape(n, -1)
    hope = np.where(options, hope, -np.inf)
    order = np.argsort(-hope, axis=1, kind="stable")
    at, best = np.full(n, -1), np.full(n, -np.inf)
    rows, first = np.flatnonzero(options.any(axis=1)), 0
    n_all = order.shape[1]
    for last in (*(size for size in _ROUNDS if size < n_all), n_all):
        row, column = np.repeat(rows, last - first), order[rows, first:last].ravel()
        inside = options[row, column]
        row, column = row[inside], column[inside]
        changed = _change(here.codes[row], column)
        judged = judge.judge(decode(changed), predicted[row, column])
        search.pool.add(Candidates(changed, here.origins[row], judged))
        _keep_best(row, column, judged, at, best)
        if last == n_all:
            break
        hopeful = hope[rows, order[rows, last]]
        rows, first = rows[hopeful > best[rows]], last
    return at, np.where(at >= 0, after[np.arange(n), np.maximum(at, 0)], left)


def _keep_best(row: Ints, column: Ints, judged: Judged, at: Ints, best: Floats) -> None:
    """Update the best change of each row, in place; of equals the first stays."""
    rank = judged.rank
    order = np.lexsort((np.arange(len(row)), -rank, row))
    _, lead = np.unique(row[order], return_index=True)
    top = order[lead]
    better = top[rank[top] > best[row[top]]]
    at[row[better]], best[row[better]] = column[better], rank[better]


def _change(codes: Codes, at: Ints) -> Codes:
    """Return sequences with one base changed each."""
    changed = codes.copy()
    base, place = np.divmod(at, codes.shape[1])
    changed[np.arange(len(codes)), place] = base
    return changed


def _put(now: Candidates, some: Candidates, rows: Ints) -> Candidates:
    """Return candidates with some of them replaced."""
    place = np.arange(len(now.codes))
    place[rows] = len(place) + np.arange(len(rows))
    return Candidates.join([now, some]).take(place)
