"""Kernels that add up products of k-mer counts, compiled by numba."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import ONE, THREE, TWO, U64, ZERO, njit_kept

__all__ = ["add_products", "collect_words", "sort_words"]


@njit_kept
def collect_words(
    letters: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lookup: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.uint64],
    k: int,
    words: npt.NDArray[np.uint16],
    ends: npt.NDArray[np.int64],
) -> Any:
    """Write the k-mers of each sequence, and the last word of each stretch of known bases.

    A stretch of at least k bases has its k-mers, and the word of its last k - 1
    bases; a shorter one is a word as a whole. From these the counts of all
    shorter words follow.

    Parameters
    ----------
    letters, offsets, lookup
        As in :func:`seqexpr.features._kernels.collect_codes`.
    starts : ndarray of uint64, shape (k + 1,)
        What is added to the number of a word of each length; that of length 0
        is not used.
    k : int
        In 1..6.
    words : ndarray of uint16, shape (capacity,)
        Filled row by row. A row has at most one word a base.
    ends : ndarray of int64, shape (n,)
        Filled with the place after the last word of each row.

    Returns
    -------
    int
        How many were written.
    """
    mask = (ONE << U64(2 * k)) - ONE
    shorter = (ONE << U64(2 * (k - 1))) - ONE
    end = ZERO
    for row in range(U64(len(ends))):
        code, run = ZERO, 0
        last = U64(offsets[row + ONE])
        for position in range(U64(offsets[row]), last + ONE):
            base = U64(lookup[letters[position]]) if position < last else U64(4)
            if base <= THREE:
                code = ((code << TWO) | base) & mask
                run += 1
                if run >= k:
                    words[end] = np.uint16(starts[k] + code)
                    end += ONE
                continue
            if run >= k and k > 1:
                words[end] = np.uint16(starts[k - 1] + (code & shorter))
                end += ONE
            elif 0 < run < k:
                words[end] = np.uint16(starts[run] + code)
                end += ONE
            code, run = ZERO, 0
        ends[row] = np.int64(end)
    return end


@njit_kept
def sort_words(
    words: npt.NDArray[np.uint16],
    ends: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    places: npt.NDArray[np.int64],
    filled: npt.NDArray[np.int64],
) -> Any:
    """Sort the words of each row, and list the rows and places of each word.

    Parameters
    ----------
    words, ends
        As :func:`collect_words` leaves them; `words` is sorted within each row.
    first : ndarray of int64, shape (p + 1,)
        Zeros; filled with where the list of each word starts.
    rows, places : ndarray of int32 and int64, shape (len(words),)
        Filled, word by word, with the row and the place in `words` of each.
    filled : ndarray of int64, shape (n,)
        Scratch.
    """
    for word in words:
        first[U64(word) + ONE] += 1
    for code in range(U64(len(first) - 1)):
        first[code + ONE] += first[code]
    start = ZERO
    for row in range(U64(len(ends))):
        filled[row] = np.int64(start)
        last = U64(ends[row])
        for place in range(start, last):
            own = U64(words[place])
            rows[U64(first[own])] = np.int32(row)
            first[own] += 1
        start = last
    # Each start has moved to the next list's; now they are read in order of the words.
    at = ZERO
    for code in range(U64(len(first) - 1)):
        stop = U64(first[code])
        for item in range(at, stop):
            owner = U64(rows[item])
            places[item] = filled[owner]
            words[U64(filled[owner])] = np.uint16(code)
            filled[owner] += 1
        first[code] = np.int64(at)
        at = stop
    return at


@njit_kept
def add_products(
    words: npt.NDArray[np.uint16],
    ends: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    places: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    low: int,
    high: int,
    products: npt.NDArray[np.float64],
) -> Any:
    """Add the weighted products of words low..high with those of equal or higher number.

    One row of `products` at a time, which fits a processor's second cache; so
    threads may work on different words at once.

    Parameters
    ----------
    words, ends, first, rows, places
        As :func:`sort_words` leaves them.
    weights : ndarray of float64, shape (n,)
        Of the rows.
    low, high : int
        Words ``low <= word < high``.
    products : ndarray of float64, shape (p, p)
        The upper triangle is added to. A word that occurs m times in a row adds
        ``m (m + 1) / 2`` on the diagonal.
    """
    for code in range(U64(low), U64(high)):
        own = products[code]
        for item in range(U64(first[code]), U64(first[code + ONE])):
            row = U64(rows[item])
            weight = weights[row]
            for place in range(U64(places[item]), U64(ends[row])):
                own[words[place]] += weight
    return 0
