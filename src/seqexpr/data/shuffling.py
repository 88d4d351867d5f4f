"""Shuffle sequences and keep their dinucleotides: all of the composition, none of the order.

A sequence is a walk over its letters; its dinucleotides are the steps. Every
other order of the same steps that is a walk, from the same first letter, is a
shuffle. The last step out of each letter must make a tree that leads to the
last letter; a random one is drawn by loop-erased walks, the other steps are
permuted, and the walk is read off. Every distinct shuffle is equally likely.

References
----------
Altschul & Erickson, Significance of nucleotide sequence alignments, Molecular
Biology and Evolution 2 (1985), 526-538. Jiang, Anderson, Gillespie & Mayne,
uShuffle, BMC Bioinformatics 9 (2008), 192 (the random tree). Wilson,
Generating random spanning trees more quickly than the cover time, STOC (1996).
"""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

from seqexpr.sequences import StringsLike, as_strings, join_ascii

__all__ = ["shuffle_dinucleotides", "shuffle_each"]


def shuffle_dinucleotides(sequences: StringsLike, *, rng: np.random.Generator) -> list[str]:
    """Return each sequence shuffled, with the same dinucleotides, first and last letter.

    Parameters
    ----------
    sequences : list, array or Series of str, length n
        Any ASCII letters; unknown bases are letters like others.
    rng : numpy.random.Generator
        Source of randomness; one number is drawn for each call.

    Returns
    -------
    list of str, length n
        Of the same lengths. Every distinct order is equally likely.

    Examples
    --------
    >>> shuffle_dinucleotides(["ACGT", "AAAA", ""], rng=np.random.default_rng(0))
    ['ACGT', 'AAAA', '']
    >>> (shuffled,) = shuffle_dinucleotides(["ACACATATGC" * 3], rng=np.random.default_rng(0))
    >>> len(shuffled), shuffled[0], shuffled[-1], shuffled.count("AC")
    (30, 'A', 'C', 6)
    """
    return _shuffled(as_strings(sequences), np.array([rng.integers(2**63)], dtype=np.uint64))


def shuffle_each(sequences: StringsLike, *, seed: tuple[int, ...]) -> list[str]:
    """Return each sequence shuffled, whatever stands beside it: as above, but of its own seed.

    A sequence has the same shuffle in any table and in any part of one.

    Parameters
    ----------
    sequences : list, array or Series of str, length n
        As for :func:`shuffle_dinucleotides`.
    seed : tuple of int
        Another gives other shuffles.

    Examples
    --------
    >>> both = shuffle_each(["ACACATATGC", "GGTTGTGTAA"], seed=(42, 0))
    >>> both[1:] == shuffle_each(["GGTTGTGTAA"], seed=(42, 0))
    True
    """
    strings = as_strings(sequences)
    start = hashlib.blake2b(repr(seed).encode(), digest_size=8)
    seeds = np.zeros(max(1, len(strings)), dtype=np.uint64)
    for row, string in enumerate(strings):
        own = start.copy()
        own.update(string.encode("ascii"))
        seeds[row] = int.from_bytes(own.digest(), "little")
    return _shuffled(strings, seeds)


def _shuffled(strings: list[str], seeds: npt.NDArray[np.uint64]) -> list[str]:
    """Shuffle strings from a seed for the first, or one for each."""
    letters = join_ascii(strings)
    alphabet, codes = np.unique(letters, return_inverse=True)
    lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    shuffled = np.empty(len(codes), dtype=np.int64)
    _shuffle(codes.astype(np.int64), offsets, len(alphabet), seeds, shuffled)
    text = alphabet[shuffled].tobytes().decode("ascii") if len(codes) else ""
    return [text[a:b] for a, b in pairwise(offsets)]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _next(state):  # type: ignore[no-untyped-def]
    """One step of SplitMix64 (Steele, Lea & Flood 2014): new state in place, and a number."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    mixed = state[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _below(state, n):  # type: ignore[no-untyped-def]
    """Draw a number in 0..n-1; sequences are too short for its bias, n / 2**32, to matter."""
    return np.int64(((_next(state) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _draw_tree(successors, starts, root, state, final):  # type: ignore[no-untyped-def]
    """Write to `final` a step out of each letter, so that these steps lead to `root`."""
    in_tree = np.zeros(len(final), np.bool_)
    in_tree[root] = True
    for start in range(len(final)):
        if starts[start + 1] == starts[start]:
            continue
        letter = start
        while not in_tree[letter]:
            final[letter] = starts[letter] + _below(state, starts[letter + 1] - starts[letter])
            letter = successors[final[letter]]
        letter = start
        while not in_tree[letter]:
            in_tree[letter] = True
            letter = successors[final[letter]]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _shuffle(codes, offsets, n_letters, seeds, result):  # type: ignore[no-untyped-def]  # numba finds the types
    """Shuffle sequences of letter codes, one after the other; where seeds end, drawing goes on."""
    state = seeds[:1].copy()
    final = np.zeros(n_letters, np.int64)
    starts = np.zeros(n_letters + 1, np.int64)
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        n = last - first
        if row < len(seeds):
            state[0] = seeds[row]
        if n < 3:
            result[first:last] = codes[first:last]
            continue
        # The successors of each letter, one after the other.
        starts[:] = 0
        for i in range(first, last - 1):
            starts[codes[i] + 1] += 1
        for letter in range(n_letters):
            starts[letter + 1] += starts[letter]
        place = starts[:-1].copy()
        successors = np.empty(n - 1, np.int64)
        for i in range(first, last - 1):
            successors[place[codes[i]]] = codes[i + 1]
            place[codes[i]] += 1
        _draw_tree(successors, starts, codes[last - 1], state, final)
        # The steps of the tree go last, the others in any order.
        for letter in range(n_letters):
            end = starts[letter + 1]
            if end == starts[letter]:
                continue
            free = end
            if letter != codes[last - 1]:
                free -= 1
                kept = successors[final[letter]]
                successors[final[letter]] = successors[free]
                successors[free] = kept
            for i in range(free - 1, starts[letter], -1):
                j = starts[letter] + _below(state, i - starts[letter] + 1)
                kept = successors[i]
                successors[i] = successors[j]
                successors[j] = kept
        place = starts[:-1].copy()
        letter = codes[first]
        result[first] = letter
        for i in range(first + 1, last):
            following = successors[place[letter]]
            place[letter] += 1
            letter = following
            result[i] = letter
