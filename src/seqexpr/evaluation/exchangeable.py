"""Conformal ranks when rows come in groups: each group counts once.

References
----------
Lee, Barber & Willett, Distribution-free inference with hierarchical data,
arXiv:2306.06342 (2023), theorem 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.splits.units import label_codes

__all__ = ["MAX_SCORES", "TINY", "equal_weight_scores", "group_weights", "groups_needed"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]

MAX_SCORES = 2_000
"""Scores that are kept; more are thinned, outwards."""
TINY = 1e-9
"""So that level 0.9 of 10 is rank 9, not 10, whatever the last digit of 0.9."""


def groups_needed(level: float) -> int:
    """Return how many groups (rows, without groups) a finite interval needs.

    Parameters
    ----------
    level : float
        Nominal coverage in (0, 1).

    Raises
    ------
    InputError
        If `level` is out of range.

    Examples
    --------
    >>> groups_needed(0.9), groups_needed(0.95)
    (9, 19)
    """
    if not 0 < level < 1:
        raise InputError(f"level = {level}: must be between 0 and 1, such as 0.9")
    return max(1, int(np.ceil(level / (1 - level) - TINY)))


def group_weights(groups: Labels | None, n: int) -> tuple[Ints, Floats]:
    """Return the group of each row and its weight, one over the size of the group.

    Parameters
    ----------
    groups : ndarray of str, shape (n,), optional
        A row with an empty label is a group of its own; without groups every
        row is.
    n : int
        Number of rows.

    Returns
    -------
    codes : ndarray of int64, shape (n,)
        Number of the group, 0 to G - 1.
    weights : ndarray of float64, shape (n,)
        They sum to G.

    Examples
    --------
    >>> codes, weights = group_weights(np.array(["a", "", "a"], dtype=object), 3)
    >>> codes.tolist(), weights.tolist()
    ([0, 1, 0], [0.5, 1.0, 0.5])
    """
    if groups is None:
        return np.arange(n), np.ones(n)
    codes = label_codes(groups)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes, 1.0 / np.bincount(codes)[codes]


def equal_weight_scores(scores: Floats, weights: Floats, *, at_most: int = MAX_SCORES) -> Floats:
    """Return sorted scores of weight one with the quantiles of weighted ones.

    The k-th of the m returned scores is the smallest one below which, with
    itself, lies a weight of at least k (G + 1) / (m + 1), G being the sum of
    the weights.

    Parameters
    ----------
    scores, weights : ndarray of float, shape (n,)
        Conformal scores; each group's weights sum to 1.
    at_most : int
        Longest result. Default 2,000. Thinning rounds up: at a level, it moves
        the rank by at most (G + 1) / (m + 1), towards wider intervals.

    Returns
    -------
    ndarray of float64, shape (m,)
        m is G, or `at_most`.

    Examples
    --------
    Three groups, one of two rows:

    >>> scores = np.array([1.0, 4.0, 2.0, 3.0])
    >>> equal_weight_scores(scores, np.array([0.5, 0.5, 1.0, 1.0])).tolist()
    [2.0, 3.0, 4.0]
    """
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(weights[order])
    n_groups = round(float(below[-1]))
    m = min(n_groups, at_most)
    ranks = np.ceil(np.arange(1, m + 1) * (n_groups + 1) / (m + 1) - TINY)
    places = np.searchsorted(below, ranks - 1e-6)
    return np.asarray(scores[order][np.minimum(places, len(scores) - 1)], dtype=np.float64)
