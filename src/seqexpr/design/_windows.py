"""Kernels: what a sequence, and each change of one base, violates.

A window is a site, a run, a start codon or a stretch whose GC content counts; a
change of one base concerns only the windows that hold it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_helper, njit_kept

__all__ = [
    "change_violations",
    "choose_apart",
    "count_violations",
    "distances_after_changes",
    "nearest_rows",
]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

KINDS = 4
"""What is counted in windows: sites, runs, start codons, GC content."""


@njit_helper
def _count_sites(row, first, end, words, sizes):  # type: ignore[no-untyped-def]
    """Count the words that overlap bases first to end of a row."""
    found = 0
    for w in range(len(sizes)):
        size = sizes[w]
        for start in range(max(0, first - size + 1), min(end, len(row) - size + 1)):
            is_there = True
            for i in range(size):
                # An unknown base is no base: it is in no set.
                if row[start + i] > 3 or not (words[w, i] >> row[start + i]) & 1:
                    is_there = False
                    break
            if is_there:
                found += 1
    return found


@njit_helper
def _count_runs(row, first, end, longest):  # type: ignore[no-untyped-def]
    """Count the windows of longest + 1 equal bases that overlap bases first to end."""
    if longest <= 0:
        return 0
    found = 0
    for start in range(max(0, first - longest), min(end, len(row) - longest)):
        is_run = row[start] < 4
        for i in range(1, longest + 1):
            if row[start + i] != row[start]:
                is_run = False
                break
        if is_run:
            found += 1
    return found


@njit_helper
def _count_codons(row, own, first, end, codons):  # type: ignore[no-untyped-def]
    """Count start codons that overlap bases first to end and that the start has not there."""
    found = 0
    for c in range(len(codons)):
        for start in range(max(0, first - 2), min(end, len(row) - 2)):
            is_there = True
            is_old = True
            for i in range(3):
                is_there &= row[start + i] == codons[c, i]
                is_old &= own[start + i] == codons[c, i]
            if is_there and not is_old:
                found += 1
    return found


@njit_helper
def _count_gc(row, first, end, begin, stop, bounds):  # type: ignore[no-untyped-def]
    """Count windows, within begin to stop, whose G and C are out of bounds and that overlap."""
    width = bounds[0]
    if width <= 0:
        return 0
    start = max(begin, first - width + 1)
    last = min(end, stop - width + 1)
    if start >= last:
        return 0
    strong = 0
    for i in range(start, start + width):
        strong += row[i] == 1 or row[i] == 2
    found = 0
    while True:
        if strong < bounds[1] or strong > bounds[2]:
            found += 1
        if start + 1 >= last:
            return found
        strong -= row[start] == 1 or row[start] == 2
        strong += row[start + width] == 1 or row[start + width] == 2
        start += 1


@njit_kept
def count_violations(  # noqa: PLR0913 - a kernel takes arrays, not objects
    rows: Codes,
    origins: Codes,
    begin: int,
    stop: int,
    words: Codes,
    sizes: Ints,
    longest: int,
    codons: Codes,
    bounds: Ints,
    counts: Ints,
) -> Any:
    """Write how many windows of each kind are violated.

    Parameters
    ----------
    rows, origins : ndarray of uint8, shape (n, width)
        Base codes 0..4 of each sequence with its flanks, and of its start.
    begin, stop : int
        Where the sequence lies between its flanks.
    words, sizes : ndarray
        As :func:`seqexpr.design.sites.site_table` gives them.
    longest : int
        Longest run; 0 = any.
    codons : ndarray of uint8, shape (c, 3)
        Start codons.
    bounds : ndarray of int64, shape (3,)
        Width of GC windows (0 = none), fewest and most G and C in one.
    counts : ndarray of int64, shape (n, 4)
        Filled: sites, runs, start codons, GC windows.

    Returns
    -------
    int
        Number of sequences.
    """
    for r in range(len(rows)):
        row = rows[r]
        counts[r, 0] = _count_sites(row, begin, stop, words, sizes)
        counts[r, 1] = _count_runs(row, begin, stop, longest)
        counts[r, 2] = _count_codons(row, origins[r], begin, stop, codons)
        counts[r, 3] = _count_gc(row, begin, stop, begin, stop, bounds)
    return len(rows)


@njit_kept
def change_violations(  # noqa: PLR0913 - a kernel takes arrays, not objects
    rows: Codes,
    origins: Codes,
    begin: int,
    stop: int,
    words: Codes,
    sizes: Ints,
    longest: int,
    codons: Codes,
    bounds: Ints,
    changes: Ints,
) -> Any:
    """Write how many windows more, or fewer, are violated after each change of a base.

    Parameters
    ----------
    rows, origins, begin, stop, words, sizes, longest, codons, bounds
        As for :func:`count_violations`.
    changes : ndarray of int64, shape (n, 4, stop - begin)
        Filled: the difference with base A, C, G or T at a position.

    Returns
    -------
    int
        Number of sequences.
    """
    for r in range(len(rows)):
        row = rows[r].copy()
        for place in range(begin, stop):
            kept = row[place]
            before = 0
            for base in range(-1, 4):
                if base >= 0:
                    row[place] = base
                now = (
                    _count_sites(row, place, place + 1, words, sizes)
                    + _count_runs(row, place, place + 1, longest)
                    + _count_codons(row, origins[r], place, place + 1, codons)
                    + _count_gc(row, place, place + 1, begin, stop, bounds)
                )
                if base < 0:
                    before = now
                else:
                    changes[r, base, place - begin] = now - before
            row[place] = kept
    return len(rows)


@njit_kept
def nearest_rows(rows: Codes, others: Codes, wanted: int, nearest: Ints, which: Ints) -> Any:
    """Write how many bases differ from the nearest of other sequences, and which it is.

    Parameters
    ----------
    rows, others : ndarray of uint8, shape (n, width) and (m, width)
        Base codes.
    wanted : int
        Where none is nearer than this, this is written.
    nearest, which : ndarray of int64, shape (n,)
        Filled; `which` is -1 where none is nearer.

    Returns
    -------
    int
        Number of sequences.
    """
    for r in range(len(rows)):
        best, found = wanted, -1
        for o in range(len(others)):
            differ = 0
            for i in range(rows.shape[1]):
                differ += rows[r, i] != others[o, i]
                if differ >= best:
                    break
            if differ < best:
                best, found = differ, o
        nearest[r], which[r] = best, found
    return len(rows)


@njit_kept
def distances_after_changes(rows: Codes, others: Codes, wanted: int, distances: Ints) -> Any:
    """Write the distance to the nearest other sequence after each change of a base.

    Parameters
    ----------
    rows, others : ndarray of uint8, shape (n, width) and (m, width)
        Base codes.
    wanted : int
        Where none is nearer than this, this is written.
    distances : ndarray of int64, shape (n, 4, length)
        Filled; length is at most width, what follows is not changed.

    Returns
    -------
    int
        Number of sequences.
    """
    for r in range(len(rows)):
        distances[r] = wanted
        for o in range(len(others)):
            differ = 0
            for i in range(rows.shape[1]):
                differ += rows[r, i] != others[o, i]
                if differ > wanted:  # one change takes it no nearer than wanted
                    break
            if differ > wanted:
                continue
            for i in range(distances.shape[2]):
                without = differ - (rows[r, i] != others[o, i])
                for base in range(4):
                    after = without + (base != others[o, i])
                    distances[r, base, i] = min(distances[r, base, i], after)
    return len(rows)


@njit_kept
def choose_apart(rows: Codes, most: int, distance: int, chosen: Ints) -> Any:
    """Write which rows are taken, from the first on, when each must be far from those before.

    Parameters
    ----------
    rows : ndarray of uint8, shape (n, width)
        Base codes.
    most : int
        How many are taken at most.
    distance : int
        Fewest bases that differ between two of them.
    chosen : ndarray of int64, shape (n,)
        Filled, as far as there are any.

    Returns
    -------
    int
        How many were taken.
    """
    taken = 0
    for r in range(len(rows)):
        if taken >= most:
            break
        is_far = True
        for c in range(taken):
            differ = 0
            for i in range(rows.shape[1]):
                differ += rows[r, i] != rows[chosen[c], i]
                if differ >= distance:
                    break
            if differ < distance:
                is_far = False
                break
        if is_far:
            chosen[taken] = r
            taken += 1
    return taken
