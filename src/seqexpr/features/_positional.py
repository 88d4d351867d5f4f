"""The kernel of positional k-mers: each window of bases is written to its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import njit_kept

__all__ = ["place_kmers"]


@njit_kept
def place_kmers(  # noqa: PLR0913 - a kernel takes arrays, not objects
    letters: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lookup: npt.NDArray[np.uint8],
    origins: npt.NDArray[np.int64],
    low: int,
    blocks: npt.NDArray[np.int64],
    length: int,
    width: int,
    smooth: bool,
    indices: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    ends: npt.NDArray[np.int64],
) -> Any:
    """Write column and share of each k-mer that lies within the positions looked at.

    Parameters
    ----------
    letters : ndarray of uint8, shape (bases,)
        The sequences as ASCII, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    lookup : ndarray of uint8, shape (256,)
        Base code of each character, 0..4.
    origins : ndarray of int64, shape (n,)
        Where position 0 of each sequence lies among the letters; it may lie
        outside the sequence.
    low : int
        The smallest k, at least 1.
    blocks : ndarray of int64, shape (n_k,)
        First column of each k, smallest k first.
    length : int
        Number of positions looked at: a k-mer must lie in 0..length.
    width : int
        Bases between two columns of one k-mer.
    smooth : bool
        Whether a k-mer is shared between the two columns beside its middle.
    indices, values : ndarray of int32 and float32, shape (capacity,)
        Filled row by row, in the order of the windows.
    ends : ndarray of int64, shape (n,)
        Filled with the place after the last entry of each row.

    Returns
    -------
    int
        How many entries were written.
    """
    end = 0
    for row in range(len(ends)):
        first, last = offsets[row], offsets[row + 1]
        for which in range(len(blocks)):
            k = low + which
            n_kmers = 1 << (2 * k)
            code, run = 0, 0
            for position in range(max(first, origins[row]), min(last, origins[row] + length)):
                base = int(lookup[letters[position]])
                run += 1
                if base > 3:
                    run = 0
                    continue
                code = ((code << 2) | base) & (n_kmers - 1)
                if run < k:
                    continue
                # Twice the middle of the k-mer, in bases from position 0: a whole number.
                middle = 2 * (position - origins[row] + 1) - k
                column = middle // (2 * width)
                indices[end] = blocks[which] + column * n_kmers + code
                values[end] = 1.0
                end += 1
                over = middle - column * 2 * width
                if smooth and over > 0:
                    share = np.float32(over) / np.float32(2 * width)
                    values[end - 1] = np.float32(1) - share
                    indices[end] = blocks[which] + (column + 1) * n_kmers + code
                    values[end] = share
                    end += 1
        ends[row] = end
    return end
