"""Units: rows that a split must never divide.

Identical sequences, reverse complements of each other and rows of one group
belong together; so do rows that are joined through a chain of these. A unit is
a connected component of that relation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from seqexpr.sequences import reverse_complement

__all__ = ["assign_folds", "find_units", "target_strata"]

Ints = npt.NDArray[np.int64]


def _codes(values: npt.NDArray[np.object_]) -> Ints:
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


def find_units(sequences: npt.NDArray[np.object_], *others: npt.NDArray[np.object_] | None) -> Ints:
    """Find the units of n rows, numbered 0 to n_units - 1.

    Parameters
    ----------
    sequences : array of str, shape (n,)
        Upper-case DNA.
    *others : array of str, shape (n,), or None
        Further labels (groups, chromosomes) whose rows belong together. Rows
        with an empty label are joined to nothing by it.

    Returns
    -------
    ndarray of int64, shape (n,)
        Unit of each row.

    Examples
    --------
    >>> rows = np.array(["AAC", "GTT", "CCC", "AAC"], dtype=object)
    >>> find_units(rows).tolist()
    [0, 0, 1, 0]
    >>> find_units(rows, np.array(["x", "y", "y", ""], dtype=object)).tolist()
    [0, 0, 0, 0]
    """
    n = len(sequences)
    forward = sequences.tolist()
    canonical = np.array([min(s, reverse_complement(s)) for s in forward], dtype=object)
    labels = [_codes(canonical)]
    for other in others:
        if other is not None:
            codes = _codes(other)
            empty = np.array([str(v) == "" for v in other.tolist()], dtype=bool) | (codes < 0)
            labels.append(np.where(empty, -1, codes))
    if len(labels) == 1:
        return labels[0]
    rows, nodes, offset = [], [], n
    for codes in labels:
        joined = np.flatnonzero(codes >= 0)
        rows.append(joined)
        nodes.append(offset + codes[joined])
        offset += int(codes.max(initial=-1)) + 1
    edges = (np.ones(sum(map(len, rows)), np.int8), (np.concatenate(rows), np.concatenate(nodes)))
    _, component = connected_components(coo_array(edges, shape=(offset, offset)), directed=False)
    return _codes(component[:n])


def target_strata(targets: npt.NDArray[np.float64], n_strata: int) -> Ints:
    """Return the quantile bin of the first target for each row, shape (n,).

    Ties fall into one bin. Rows without a value form a bin of their own.

    Examples
    --------
    >>> target_strata(np.array([[1.0], [2.0], [3.0], [np.nan]]), 3).tolist()
    [0, 1, 2, 3]
    """
    ranks = pd.Series(targets[:, 0]).rank(pct=True, method="average").to_numpy()
    strata = np.ceil(ranks * n_strata) - 1
    return np.where(np.isnan(ranks), n_strata, strata).astype(np.int64)


def assign_folds(
    units: Ints,
    targets: npt.NDArray[np.float64],
    *,
    shares: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> Ints:
    """Deal units into parts of given shares, balanced in size and in the target.

    Units larger than a two-hundredth of the smallest part are dealt first, the
    largest first, each to the part that is furthest below its share. The many
    small ones are ordered by their mean target (random among equals) and dealt
    in that order in blocks, which stratifies by target quantile.

    Parameters
    ----------
    units : ndarray of int64, shape (n,)
        Unit of each row.
    targets : ndarray of float64, shape (n, t)
        The first target stratifies.
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
    for unit in np.flatnonzero(large)[np.argsort(-sizes[large], kind="stable")]:
        part[unit] = int(np.argmax((wanted - filled) / wanted))
        filled[part[unit]] += sizes[unit]
    small = order[~large[order]]
    if len(small):
        part[small] = _deal(sizes[small], np.maximum(wanted - filled, 0), rng)
    return part[units]


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
