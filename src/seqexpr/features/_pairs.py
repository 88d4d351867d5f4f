"""The kernel of the screen for pairs: sums of residuals over the 16 combinations of bases."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_kept

__all__ = ["screen_kernel"]


@njit_kept
def screen_kernel(
    codes: npt.NDArray[np.uint8],
    residuals: npt.NDArray[np.float64],
    min_count: int,
    statistics: npt.NDArray[np.float64],
    freedoms: npt.NDArray[np.float64],
) -> Any:
    """Write the interaction statistic of every pair of positions.

    Parameters
    ----------
    codes : ndarray of uint8, shape (length, n)
        Base codes 0..4, position by position.
    residuals : ndarray of float64, shape (n,)
        Residuals of the additive fit, of variance 1.
    min_count : int
        Combinations of bases in fewer rows are left out.
    statistics, freedoms : ndarray of float64, shape (length (length - 1) / 2,)
        Filled, pair by pair: (0, 1), (0, 2) …; see
        :func:`seqexpr.features.pairs.screen_pairs`.

    Returns
    -------
    int
        Number of pairs.
    """
    length, n = codes.shape
    pair = 0
    sums = np.zeros((5, 5))
    counts = np.zeros((5, 5))
    for first in range(length):
        for second in range(first + 1, length):
            sums[:] = 0.0
            counts[:] = 0.0
            for row in range(n):
                sums[codes[first, row], codes[second, row]] += residuals[row]
                counts[codes[first, row], codes[second, row]] += 1.0
            total = counts[:4, :4].sum()
            statistic, freedom = 0.0, 0.0
            for a in range(4):
                left = counts[a, :4].sum()
                for b in range(4):
                    met = counts[a, b]
                    if met >= min_count:
                        statistic += sums[a, b] ** 2 / met
                        freedom += 1.0 - met / left - met / counts[:4, b].sum() + met / total
            statistics[pair] = statistic
            freedoms[pair] = freedom
            pair += 1
    return pair
