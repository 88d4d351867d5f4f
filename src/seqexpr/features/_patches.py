"""The kernel of patch features: how alike each patch is to each anchor, pooled."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_kept

__all__ = ["pool_patches"]


@njit_kept
def pool_patches(
    codes: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    origins: npt.NDArray[np.int64],
    anchors: npt.NDArray[np.float64],
    beta: float,
    width: int,
    mean: npt.NDArray[np.float64],
    most: npt.NDArray[np.float64],
) -> Any:
    """Pool the patch kernel over the patches of each sequence, or near each of its places.

    Parameters
    ----------
    codes : ndarray of uint8, shape (bases,)
        Base codes 0..4 of all sequences, one after the other. A patch with an
        unknown base is left out.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    origins : ndarray of int64, shape (n,)
        Where position 0 of each sequence lies among the codes.
    anchors : ndarray of float64, shape (k, 4, m)
        What each base adds to the cosine between a patch and each anchor.
    beta : float
        The kernel is exp(beta (cosine - 1)).
    width : int
        Bases from one place to the next; 0 = one place for everything.
    mean, most : ndarray of float64, shape (n, n_places, m)
        Zeros; filled with the mean and the largest of the kernel. Near places,
        a patch is shared between the two beside its middle, and must lie
        between the first and the last.

    Returns
    -------
    int
        Number of sequences.
    """
    k, _, m = anchors.shape
    n_places = mean.shape[1]
    total = np.zeros(n_places)
    cosine = np.zeros(m)
    for row in range(len(origins)):
        total[:] = 0.0
        run = 0
        for position in range(offsets[row], offsets[row + 1]):
            run = run + 1 if codes[position] < 4 else 0
            if run < k:
                continue
            place, share = 0, 0.0
            if width > 0:
                middle = 2 * (position - origins[row] + 1) - k  # twice, in bases: whole
                if middle < 0 or middle > 2 * width * (n_places - 1):
                    continue
                place = middle // (2 * width)
                share = (middle - 2 * width * place) / (2.0 * width)
            cosine[:] = 0.0
            for i in range(k):
                part = anchors[i, codes[position - k + 1 + i]]
                for anchor in range(m):
                    cosine[anchor] += part[anchor]
            total[place] += 1.0 - share
            if share > 0.0:
                total[place + 1] += share
            for anchor in range(m):
                value = exp(beta * (cosine[anchor] - 1.0))
                mean[row, place, anchor] += (1.0 - share) * value
                most[row, place, anchor] = max(most[row, place, anchor], (1.0 - share) * value)
                if share > 0.0:
                    mean[row, place + 1, anchor] += share * value
                    most[row, place + 1, anchor] = max(most[row, place + 1, anchor], share * value)
        for place in range(n_places):
            if total[place] > 0.0:
                mean[row, place] /= total[place]
    return len(origins)
