"""Folds and parts: dealing units out, so that none is divided."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import SplitError

__all__ = ["assign_folds", "keep_out_of_train", "make_folds", "unite"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def assign_folds(
    units: Ints,
    targets: npt.NDArray[np.float64],
    *,
    shares: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> Ints:
    """Deal units into parts of given shares, balanced in size and in the target.

    Units larger than a two-hundredth of the smallest part are dealt first, the
    largest first (in random order where sizes are within a fifth of each
    other), each to the part that is furthest below its share. The many small
    ones are ordered by their mean target (random among equals) and dealt in
    that order in blocks, which stratifies by target quantile.

    Parameters
    ----------
    units : ndarray of int64, shape (n,)
        Unit of each row.
    targets : ndarray of float64, shape (n, t)
        The first target stratifies; rows without a value come first.
    shares : ndarray of float64, shape (n_parts,)
        Share of the rows that each part gets, positive; they sum to 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (n,)
        Part of each row, 0 to n_parts - 1.

    Examples
    --------
    >>> parts = assign_folds(np.arange(10), np.arange(10.0)[:, None],
    ...                      shares=np.array([0.8, 0.2]), rng=np.random.default_rng(0))
    >>> np.bincount(parts).tolist()
    [8, 2]
    """
    n, n_units = len(units), int(units.max()) + 1
    sizes = np.bincount(units, minlength=n_units)
    values = np.nan_to_num(targets[:, 0], nan=float(np.nanmin(targets[:, 0], initial=0.0)) - 1)
    means = np.bincount(units, weights=values, minlength=n_units) / sizes
    # Break ties at random, so that rows at a floor are not dealt in file order.
    order = np.lexsort((rng.random(n_units), means))
    part = np.full(n_units, -1, dtype=np.int64)
    wanted = shares * n
    filled = np.zeros(len(shares))
    large = sizes > max(1.0, float(wanted.min()) / 200)
    for unit in _largest_first(sizes, np.flatnonzero(large), rng):
        part[unit] = int(np.argmax((wanted - filled) / wanted))
        filled[part[unit]] += sizes[unit]
    small = order[~large[order]]
    if len(small):
        part[small] = _deal(sizes[small], np.maximum(wanted - filled, 0), rng)
    return part[units]


def _largest_first(sizes: Ints, units: Ints, rng: np.random.Generator) -> Ints:
    """Order units by size class, in steps of a fifth; random within a class."""
    if len(units) == 0:
        return units
    size_class = np.floor(np.log(sizes[units]) / np.log(1.2))
    return np.asarray(units[np.lexsort((rng.random(len(units)), -size_class))], dtype=np.int64)


def _deal(sizes: npt.NDArray[Any], room: npt.NDArray[np.float64], rng: np.random.Generator) -> Ints:
    """Deal small units, in target order, so that each stretch of it is shared out."""
    if not room.any():
        room = np.ones_like(room)
    n, shares = len(sizes), room / room.sum()
    # In each block of neighbours every part gets its share, to a unit; the order inside is random.
    block = max(len(shares), round(2 / float(shares[shares > 0].min())))
    ends = np.append(np.arange(block, n, block), n)
    borders = np.rint(np.outer(ends, np.append(0.0, np.cumsum(shares)))).astype(np.int64)
    counts = np.diff(np.diff(borders, axis=1), axis=0, prepend=0)  # (blocks, parts)
    parts = np.tile(np.arange(len(shares)), len(ends))
    dealt = np.repeat(parts, np.maximum(counts, 0).ravel())[:n]
    dealt = np.append(dealt, np.full(n - len(dealt), int(np.argmax(shares))))
    of_block = np.arange(n) // block
    return np.asarray(dealt[np.lexsort((rng.random(n), of_block))], dtype=np.int64)


def make_folds(
    units: Ints,
    targets: npt.NDArray[np.float64],
    *,
    n_folds: int,
    rng: np.random.Generator,
) -> Ints:
    """Deal train rows into equal folds, units kept whole.

    Parameters
    ----------
    units : ndarray of int64, shape (n_train,)
        Unit of each train row; any numbers.
    targets : ndarray of float64, shape (n_train, t)
        The first target stratifies.
    n_folds : int
        Number of folds, at least 2.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (n_train,)
        Numbers in 0..n_folds - 1; every fold has a row.

    Raises
    ------
    SplitError
        If there are fewer units than folds.

    Examples
    --------
    >>> folds = make_folds(np.array([7, 7, 3, 4]), np.zeros((4, 1)), n_folds=3,
    ...                    rng=np.random.default_rng(0))
    >>> bool(folds[0] == folds[1]), sorted(set(folds.tolist()))
    (True, [0, 1, 2])
    """
    _, inside = np.unique(units, return_inverse=True)
    n_units = int(inside.max(initial=-1)) + 1
    if n_units < n_folds:
        raise SplitError(
            f"{n_units} independent groups of sequences in train are fewer than {n_folds} folds; "
            "pass a smaller --folds, or bring more rows"
        )
    shares = np.full(n_folds, 1 / n_folds)
    folds = assign_folds(inside, targets, shares=shares, rng=rng)
    if len(np.unique(folds)) < n_folds:  # a handful of units: one each, in turn
        folds = (rng.permutation(n_units) % n_folds)[inside]
    return np.asarray(folds, dtype=np.int64)


def keep_out_of_train(units: Ints, in_test: Bools) -> Bools:
    """Return which rows are not in test but belong to a unit that is, shape (n,).

    Examples
    --------
    >>> keep_out_of_train(np.array([0, 0, 1]), np.array([True, False, False])).tolist()
    [False, True, False]
    """
    tested = np.zeros(int(units.max(initial=-1)) + 1, dtype=bool)
    tested[units[in_test]] = True
    return np.asarray(tested[units] & ~in_test, dtype=np.bool_)


def unite(units: Ints, folds: Ints) -> tuple[Ints, int]:
    """Move every unit whole into the fold of its first row.

    Returns
    -------
    folds : ndarray of int64, shape (n,)
        Numbered from 0 without gaps.
    n_moved : int
        Number of rows that changed their fold.

    Examples
    --------
    >>> folds, n_moved = unite(np.array([5, 5, 6, 7]), np.array([0, 1, 2, 0]))
    >>> folds.tolist(), n_moved
    ([0, 0, 1, 0], 1)
    """
    _, first, inverse = np.unique(units, return_index=True, return_inverse=True)
    united = folds[first][inverse]
    n_moved = int((united != folds).sum())
    return np.asarray(np.unique(united, return_inverse=True)[1], dtype=np.int64), n_moved
