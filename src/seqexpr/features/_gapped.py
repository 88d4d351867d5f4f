"""The kernel of gapped k-mers: every choice of k bases in each window of l."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_kept

__all__ = ["count_gapped"]


@njit_kept
def count_gapped(  # noqa: PLR0913 - a kernel takes arrays, not objects
    letters: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lookup: npt.NDArray[np.uint8],
    l: int,  # noqa: E741 - ls-gkm's name
    shifts: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    counters: npt.NDArray[np.float32],
    indices: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    ends: npt.NDArray[np.int64],
) -> Any:
    """Write column and count of each gapped k-mer of each sequence.

    Parameters
    ----------
    letters : ndarray of uint8, shape (bases,)
        The sequences as ASCII, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    lookup : ndarray of uint8, shape (256,)
        Base code of each character, 0..4.
    l : int
        Length of the window in bases, at most 31.
    shifts : ndarray of int64, shape (m, k)
        How far the bits of each base that a pattern keeps lie from the right
        end of the window, first base first.
    columns : ndarray of int64, shape (m * 4**k,)
        Column of each pattern and word.
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
    m, k = shifts.shape
    n_words = 1 << (2 * k)
    mask = (np.int64(1) << (2 * l)) - 1
    end = 0
    for row in range(len(ends)):
        start, code, run = end, np.int64(0), 0
        for position in range(offsets[row], offsets[row + 1]):
            base = np.int64(lookup[letters[position]])
            run += 1
            if base > 3:
                run = 0
                continue
            code = ((code << 2) | base) & mask
            if run < l:
                continue
            for pattern in range(m):
                word = np.int64(0)
                for i in range(k):
                    word = (word << 2) | ((code >> shifts[pattern, i]) & 3)
                column = columns[pattern * n_words + word]
                if counters[column] == 0:
                    indices[end] = column
                    end += 1
                counters[column] += 1
        for entry in range(start, end):
            values[entry] = counters[indices[entry]]
            counters[indices[entry]] = 0
        ends[row] = end
    return end
