"""The kernels of the gapped k-mer kernel: over pairs of windows, or over words in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import _ones, njit_kept

__all__ = ["add_common_words", "add_window_pairs"]

ODD_BITS = np.uint64(0x5555555555555555)
ONE = np.uint64(1)


@njit_kept
def add_window_pairs(
    codes: npt.NDArray[np.uint64],
    ends: npt.NDArray[np.int64],
    other_codes: npt.NDArray[np.uint64],
    other_ends: npt.NDArray[np.int64],
    weights: npt.NDArray[np.int64],
    out: npt.NDArray[np.float64],
) -> Any:
    """Add up, for each pair of sequences, what each pair of their windows is worth.

    Parameters
    ----------
    codes, other_codes : ndarray of uint64
        The windows as numbers in base four, row by row.
    ends, other_ends : ndarray of int64, shapes (n + 1,) and (m + 1,)
        Row i is ``codes[ends[i]:ends[i + 1]]``.
    weights : ndarray of int64, shape (l + 1,)
        What a pair of windows with 0, 1, … l mismatches is worth.
    out : ndarray of float64, shape (n, m) or (n, 1)
        Filled; of shape (n, 1), with row i against other row i.

    Returns
    -------
    int
        Number of rows.
    """
    is_paired = out.shape[1] == 1 and len(other_ends) == len(ends)
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            other = row if is_paired else column
            total = np.int64(0)
            for i in range(ends[row], ends[row + 1]):
                for j in range(other_ends[other], other_ends[other + 1]):
                    # Two bits a base: a mismatch leaves one or both of them set.
                    bits = codes[i] ^ other_codes[j]
                    total += weights[_ones((bits | (bits >> ONE)) & ODD_BITS)]
            out[row, column] = total
    return out.shape[0]


@njit_kept
def add_common_words(
    ends: npt.NDArray[np.int32],
    words: npt.NDArray[np.int32],
    counts: npt.NDArray[np.float32],
    row_ends: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    row_counts: npt.NDArray[np.float32],
    out: npt.NDArray[np.float64],
) -> Any:
    """Add up the products of the counts of each word that two sequences have in common.

    Parameters
    ----------
    ends, words, counts : ndarrays
        The counts of n sequences, a CSR matrix.
    row_ends, rows, row_counts : ndarrays
        Those of m others, which sequences have each word: a CSC matrix.
    out : ndarray of float64, shape (n, m)
        Zeros; the products are added.

    Returns
    -------
    int
        Number of rows.
    """
    for row in range(out.shape[0]):
        line = out[row]
        for entry in range(ends[row], ends[row + 1]):
            word, count = words[entry], np.float64(counts[entry])
            for i in range(row_ends[word], row_ends[word + 1]):
                line[rows[i]] += count * row_counts[i]
    return out.shape[0]
