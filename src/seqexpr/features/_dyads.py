"""The kernel of spaced dyads: pairs of short words with each gap of a range between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_kept

__all__ = ["count_dyads"]


@njit_kept
def count_dyads(  # noqa: PLR0913 - a kernel takes arrays, not objects
    letters: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lookup: npt.NDArray[np.uint8],
    k: int,
    low: int,
    bins: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    words: npt.NDArray[np.int64],
    counters: npt.NDArray[np.float32],
    indices: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    ends: npt.NDArray[np.int64],
) -> Any:
    """Write column and count of each dyad of each sequence.

    Parameters
    ----------
    letters : ndarray of uint8, shape (bases,)
        The sequences as ASCII, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    lookup : ndarray of uint8, shape (256,)
        Base code of each character, 0..4.
    k : int
        Length of each word.
    low : int
        The smallest gap.
    bins : ndarray of int64, shape (n_gaps,)
        First column of each gap's bin, from the smallest gap on.
    columns : ndarray of int64, shape (16**k,)
        Column, within a bin, of each pair of words.
    words : ndarray of int64, shape (longest sequence,)
        Scratch.
    counters : ndarray of float32, shape (number of columns,)
        Zeros; zeros again at the end.
    indices, values : ndarray of int32 and float32, shape (capacity,)
        Filled row by row, in the order in which columns are first met.
    ends : ndarray of int64, shape (n,)
        Filled with the place after the last entry of each row.

    Returns
    -------
    int
        How many entries were written.
    """
    mask = (np.int64(1) << (2 * k)) - 1
    end = 0
    for row in range(len(ends)):
        first, start, code, run = offsets[row], end, np.int64(0), 0
        # A word is known by its last base; -1 where one is unknown.
        for place in range(offsets[row + 1] - first):
            base = np.int64(lookup[letters[first + place]])
            run = run + 1 if base < 4 else 0
            code = ((code << 2) | (base & 3)) & mask
            words[place] = code if run >= k else np.int64(-1)
            if run < k:
                continue
            for gap in range(len(bins)):
                other = place - k - low - gap
                if other < 0:
                    break
                if words[other] < 0:
                    continue
                column = bins[gap] + columns[(words[other] << (2 * k)) | code]
                if counters[column] == 0:
                    indices[end] = column
                    end += 1
                counters[column] += 1
        for entry in range(start, end):
            values[entry] = counters[indices[entry]]
            counters[indices[entry]] = 0
        ends[row] = end
    return end
