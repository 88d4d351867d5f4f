"""Which rows a network is trained on, and which ones validate it; the scale of the targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.models.folds import assign_folds
from seqexpr.models.nets.encoding import PADDING
from seqexpr.models.training.examples import Examples

__all__ = ["divide", "target_moments", "validation_folds", "without_shift"]

Floats = npt.NDArray[np.float64]
_FEWEST_TO_VALIDATE = 40


def target_moments(targets: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean and standard deviation of each target, where it was measured.

    Examples
    --------
    >>> center, scale = target_moments(np.array([[1.0], [3.0], [np.nan]]), np.ones(3))
    >>> center.tolist(), scale.tolist()
    ([2.0], [1.0])
    """
    share = weights[:, None] * ~np.isnan(targets)
    total = share.sum(axis=0)
    center = (share * np.nan_to_num(targets)).sum(axis=0) / total
    variance = (share * np.nan_to_num(targets - center) ** 2).sum(axis=0) / total
    scale = np.sqrt(variance)
    # What is left of a constant by rounding is no variation.
    return center, np.where(scale > 1e-12 * np.abs(center), scale, 0.0)


def validation_folds(
    n: int, share: float, groups: Any, *, random_state: int
) -> npt.NDArray[np.int64] | None:
    """Return the fold of each row, of which each member validates on one; None = on no row.

    Parameters
    ----------
    n : int
        Rows.
    share : float
        Share of the rows that validate, in [0, 0.5].
    groups : array-like, shape (n,), or None
        Rows of a group are in one fold.
    random_state : int
        Seed.
    """
    if share == 0 or n < _FEWEST_TO_VALIDATE:
        return None
    folds = assign_folds(n, n_folds=round(1 / share), groups=groups, random_state=random_state)
    return folds if folds.max() > 0 else None


def divide(
    rows: Examples, folds: npt.NDArray[np.int64] | None, number: int, *, shift: int
) -> tuple[Examples, Examples | None]:
    """Return the rows that member `number` is trained on, and those that it is validated on."""
    if folds is None:
        return rows, None
    fold = number % (int(folds.max()) + 1)
    held = rows.take(np.flatnonzero(folds == fold))
    return rows.take(np.flatnonzero(folds != fold)), Examples(
        without_shift(held.codes, shift), held.targets, held.weights, held.covariates
    )


def without_shift(codes: npt.NDArray[np.uint8], shift: int) -> npt.NDArray[np.uint8]:
    """Cut the room for shifts off both ends.

    Examples
    --------
    >>> without_shift(np.array([[0, 1, 2, 3], [0, 1, 2, 5]], dtype=np.uint8), 1).tolist()
    [[1, 2], [1, 5]]
    """
    if not shift:
        return codes
    width = codes.shape[1] - 2 * shift
    cut = codes[:, shift : shift + width].copy()
    lengths = (codes != PADDING).sum(axis=1) - 2 * shift
    cut[np.arange(width) >= lengths[:, None]] = PADDING
    return cut
