"""Controls beside designs: their scrambles, and the starts they come from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.data.shuffling import shuffle_dinucleotides
from seqexpr.design.space import Space, decode
from seqexpr.sequences import encode

__all__ = ["scramble", "usable_starts"]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

TRIES = 200
_ANY = 15
_SYNTHESIS = [0, 1, 2, 3, 4]
"""Columns of violations that hold for controls: all but changes and distance to training."""


def scramble(
    space: Space, codes: Codes, origins: Ints, *, rng: np.random.Generator
) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """Shuffle the free stretches of designs and keep their dinucleotides.

    What the template or a fixed stretch holds, or leaves a choice of fewer than four
    bases, stays. A shuffle that violates a constraint is drawn again, at most 200
    times.

    Parameters
    ----------
    space : Space
        Constraints; those on changes and on the distance to training do not hold.
    codes, origins : ndarray, shape (n, length) and (n,)
        Designs, and which start each comes from.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    codes : ndarray of uint8, shape (n, length)
        The scrambles.
    is_good : ndarray of bool, shape (n,)
        Which of them meet all constraints and differ from their design.
    """
    found, good = codes.copy(), np.zeros(len(codes), dtype=bool)
    for _ in range(TRIES):
        rows = np.flatnonzero(~good)
        if not len(rows):
            break
        drawn = _shuffle(space, codes[rows], origins[rows], rng=rng)
        counts = space.violations(drawn, origins[rows])[:, _SYNTHESIS]
        fine = ~counts.any(axis=1) & (drawn != codes[rows]).any(axis=1)
        found[rows[fine]], good[rows[fine]] = drawn[fine], True
    return found, good


def _shuffle(space: Space, codes: Codes, origins: Ints, *, rng: np.random.Generator) -> Codes:
    """Shuffle each stretch of free bases by itself."""
    places: list[tuple[int, int, int]] = []
    for row, origin in enumerate(origins.tolist()):
        is_free = np.concatenate([[False], space.allowed[origin] == _ANY, [False]])
        edges = np.flatnonzero(is_free[1:] != is_free[:-1])
        places += [(row, a, b) for a, b in edges.reshape(-1, 2).tolist()]
    texts = decode(codes)
    shuffled = shuffle_dinucleotides([texts[row][a:b] for row, a, b in places], rng=rng)
    drawn = codes.copy()
    for (row, a, b), text in zip(places, shuffled, strict=True):
        drawn[row, a:b] = encode([text]).codes
    return drawn


def usable_starts(space: Space, origins: Ints) -> tuple[Ints, Ints]:
    """Return which starts of some designs can be made, in order, and which cannot.

    Parameters
    ----------
    space : Space
        Constraints; those on changes, on places and on the distance to training do not hold.
    origins : ndarray of int64, shape (n,)
        The starts of the designs, the best design first.
    """
    distinct = np.array(list(dict.fromkeys(origins.tolist())), dtype=np.int64)
    counts = space.violations(space.starts[distinct], distinct)[:, _SYNTHESIS]
    is_good = ~counts.any(axis=1)
    return distinct[is_good], distinct[~is_good]
