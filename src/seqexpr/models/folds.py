"""Folds for choices that a model makes inside its own training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError

__all__ = ["assign_folds"]


def assign_folds(
    n: int, *, n_folds: int, groups: Any = None, random_state: int = 42
) -> npt.NDArray[np.int64]:
    """Return the fold of each row, at random, groups kept whole.

    Parameters
    ----------
    n : int
        Number of rows, at least 1.
    n_folds : int
        Number of folds, at least 1; as many as rows (or groups) if that is
        less.
    groups : array-like, shape (n,), optional
        Rows of one group get one fold; a row with an empty label is a group of
        its own. Folds then have about equal numbers of groups, not of rows. If
        all rows are in one group, rows are taken alone.
    random_state : int
        Seed. Default 42.

    Returns
    -------
    ndarray of int64, shape (n,)
        Numbers in 0..n_folds-1.

    Raises
    ------
    InputError
        If `groups` has another length.

    Examples
    --------
    >>> assign_folds(6, n_folds=3, random_state=0).tolist()
    [0, 2, 2, 1, 0, 1]
    >>> folds = assign_folds(4, n_folds=2, groups=["a", "b", "a", "b"])
    >>> bool(folds[0] == folds[2] and folds[1] == folds[3] and folds[0] != folds[1])
    True
    """
    rng = np.random.default_rng(random_state)
    unit = np.arange(n)
    if groups is not None:
        labels = np.asarray(groups, dtype=object)
        if labels.shape != (n,):
            raise InputError(f"groups: expected one a row, shape ({n},), got {labels.shape}")
        names = [f"alone {row}" if _is_empty(label) else f"in {label}"
                 for row, label in enumerate(labels.tolist())]  # fmt: skip
        distinct, codes = np.unique(names, return_inverse=True)
        unit = codes if len(distinct) > 1 else unit
    n_units = int(unit.max()) + 1
    fold_of_unit = rng.permutation(n_units) % min(n_folds, n_units)
    return np.asarray(fold_of_unit[unit], dtype=np.int64)


def _is_empty(label: object) -> bool:
    return label is None or label == "" or label != label  # NaN differs from itself
