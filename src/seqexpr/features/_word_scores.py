"""The kernel of mutagenesis by words: a changed base changes the k words that hold it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_helper, njit_kept

__all__ = ["change_merged", "change_words"]


@njit_helper
def _add_words(
    codes: Any, k: Any, origin: Any, scores: Any, length: Any, added: Any, met: Any
) -> Any:
    """Add, for each base that could stand at each place, what its words would change.

    Returns the sum and the number of the words that are there.
    """
    total, n_words = 0.0, 0
    number, unknown, hole = np.int64(0), 0, 0
    mask = (np.int64(1) << (2 * k)) - 1
    for end in range(len(codes)):
        base = np.int64(codes[end])
        if base > 3:
            unknown += 1
            hole = end
            base = np.int64(0)
        number = ((number << 2) | base) & mask
        start = end - k + 1
        if start > 0 and codes[start - 1] > 3:
            unknown -= 1
        if start < 0 or unknown > 1:
            continue
        row = 0
        if length >= 0:
            row = start - origin
            if row < 0 or row + k > length:
                continue
        if unknown == 1:
            if codes[hole] <= 3 or hole < start:  # the one that is left lies further to the left
                for place in range(start, end + 1):
                    if codes[place] > 3:
                        hole = place
            shift = 2 * (end - hole)
            for other in range(4):
                added[other, hole] += scores[row, number | (np.int64(other) << shift)]
            met[hole] += 1
            continue
        here = scores[row, number]
        total += here
        n_words += 1
        for place in range(start, end + 1):
            shift = 2 * (end - place)
            rest = number & ~(np.int64(3) << shift)
            own = np.int64(codes[place])
            for other in range(4):
                if other != own:
                    added[other, place] += scores[row, rest | (np.int64(other) << shift)] - here
    return total, n_words


@njit_helper
def _word(codes: Any, start: Any, k: Any) -> Any:
    """Return the number of the word that starts at a place, or -1 if a base is unknown."""
    number = np.int64(0)
    for i in range(k):
        if codes[start + i] > 3:
            return np.int64(-1)
        number = (number << 2) | np.int64(codes[start + i])
    return number


@njit_helper
def _swap_words(
    codes: Any, place: Any, k: Any, scores: Any, same: Any, counters: Any, step: Any
) -> Any:
    """Put the words that hold a place in (step 1) or take them out (-1); return the change."""
    change = 0.0
    for start in range(max(0, place - k + 1), min(place, len(codes) - k) + 1):
        number = _word(codes, start, k)
        if number < 0:
            continue
        which = same[number]
        if step < 0:
            counters[which] -= 1
            if counters[which] == 0:
                change -= scores[0, number]
        else:
            if counters[which] == 0:
                change += scores[0, number]
            counters[which] += 1
    return change


@njit_helper
def _change_distinct(
    codes: Any, k: Any, scores: Any, same: Any, counters: Any, changes: Any
) -> Any:
    """Add what changes where a word counts once, however often it is there."""
    for start in range(len(codes) - k + 1):
        number = _word(codes, start, k)
        if number >= 0:
            counters[same[number]] += 1
    for place in range(len(codes)):
        own = codes[place]
        without = _swap_words(codes, place, k, scores, same, counters, -1)
        for other in range(4):
            if other == own:
                continue
            codes[place] = other
            change = without + _swap_words(codes, place, k, scores, same, counters, 1)
            changes[other, place] += change
            _swap_words(codes, place, k, scores, same, counters, -1)
        codes[place] = own
        _swap_words(codes, place, k, scores, same, counters, 1)
    for start in range(len(codes) - k + 1):
        number = _word(codes, start, k)
        if number >= 0:
            counters[same[number]] = 0


@njit_kept
def change_words(  # noqa: PLR0913 - a kernel takes arrays, not objects
    codes: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    origins: npt.NDArray[np.int64],
    k: int,
    scores: npt.NDArray[np.float64],
    length: int,
    same: npt.NDArray[np.int64],
    counters: npt.NDArray[np.int64],
    is_mean: bool,
    changes: npt.NDArray[np.float64],
) -> Any:
    """Add, for each base at each place, how a sum over words changes.

    Parameters
    ----------
    codes : ndarray of uint8, shape (bases,)
        Base codes 0..4 of n sequences, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    origins : ndarray of int64, shape (n,)
        Where position 0 of each sequence lies in it.
    k : int
        Bases of a word.
    scores : ndarray of float64, shape (positions, 4**k)
        What a word adds.
    length : int
        Positions looked at; -1 = it does not matter where a word stands.
    same : ndarray of int64, shape (4**k,) or (0,)
        Which words count once together; empty = every word counts.
    counters : ndarray of int64
        Zeros, as many as `same` has numbers; zeros again at the end.
    is_mean : bool
        Whether the sum is divided by the number of words.
    changes : ndarray of float64, shape (n, 4, width)
        Added to.

    Returns
    -------
    int
        Number of sequences.
    """
    width = changes.shape[2]
    added, met = np.zeros((4, width)), np.zeros(width)
    own = np.zeros(width, dtype=np.uint8)
    for row in range(len(offsets) - 1):
        n = offsets[row + 1] - offsets[row]
        own[:n] = codes[offsets[row] : offsets[row + 1]]
        if len(same) > 0:
            _change_distinct(own[:n], k, scores, same, counters, changes[row])
            continue
        added[:, :n] = 0.0
        met[:n] = 0.0
        total, n_words = _add_words(own[:n], k, origins[row], scores, length, added, met)
        for place in range(n):
            for other in range(4):
                if own[place] == other:
                    continue
                change = added[other, place]
                if is_mean:
                    before = total / n_words if n_words > 0 else 0.0
                    after = n_words + met[place]
                    change = (total + change) / after - before if after > 0 else -before
                changes[row, other, place] += change
    return len(offsets) - 1


@njit_kept
def change_merged(
    codes: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    k: int,
    scores: npt.NDArray[np.float64],
    changes: npt.NDArray[np.float64],
) -> Any:
    """Add, for each base at each place, how a sum over words of up to k bases changes.

    One number holds the k letters from a place on, and one table what all words
    that start there add; so a change costs k look-ups, whatever the shorter words.

    Parameters
    ----------
    codes : ndarray of uint8, shape (bases,)
        Base codes 0..4 of n sequences, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    k : int
        Letters of a number.
    scores : ndarray of float64, shape (5**k,)
        What the words that start with these letters add.
    changes : ndarray of float64, shape (n, 4, width)
        Added to.

    Returns
    -------
    int
        Number of sequences.
    """
    top = 1
    for _ in range(k - 1):
        top *= 5
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        number = 0
        for i in range(k):
            number = number * 5 + (codes[first + i] if first + i < last else 4)
        for start in range(first, last):
            here = scores[number]
            power = top
            for place in range(start, min(start + k, last)):
                own = codes[place]
                rest = number - own * power
                at = place - first
                for other in range(4):
                    changes[row, other, at] += scores[rest + other * power] - here
                power //= 5
            following = codes[start + k] if start + k < last else 4
            number = (number - codes[start] * top) * 5 + following
    return len(offsets) - 1
