"""Units: rows that a split must never divide.

Identical sequences, reverse complements of each other and rows of one group
belong together; so do rows that are joined through a chain of these. A unit is
a connected component of that relation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from seqexpr.sequences import reverse_complement

__all__ = ["find_units", "label_codes"]

Ints = npt.NDArray[np.int64]


def label_codes(labels: npt.NDArray[np.object_]) -> Ints:
    """Return the number of each label, by first appearance; -1 for an empty one, None or NaN.

    Examples
    --------
    >>> label_codes(np.array(["b", "", "a", "b", None], dtype=object)).tolist()
    [0, -1, 1, 0, -1]
    """
    known = np.empty(len(labels), dtype=object)
    known[:] = [None if isinstance(label, str) and not label else label for label in labels]
    return np.asarray(pd.factorize(known)[0], dtype=np.int64)


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
    canonical = [min(s, reverse_complement(s)) for s in sequences.tolist()]
    labels = [np.asarray(pd.factorize(np.array(canonical, dtype=object))[0], dtype=np.int64)]
    labels += [label_codes(other) for other in others if other is not None]
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
    return np.asarray(pd.factorize(component[:n])[0], dtype=np.int64)
