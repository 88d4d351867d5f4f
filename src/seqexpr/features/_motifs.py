"""The kernel of the motif scan: the weight of each window, both strands in one pass.

The weight of a window is 2 to the power of its score above the threshold: a
product over its positions. It is looked up four bases at a time, in tables made
for one motif, which stay in the processor's first cache while that motif walks
over all sequences. The other strand is read with the motif turned round, so no
sequence is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._kernels import ONE, TWO, U64, ZERO, njit_helper, njit_kept

__all__ = ["scan_motifs"]

Floats = npt.NDArray[np.float64]

FOUR, N_WORDS = U64(4), U64(256)

# Two windows whose weights differ by less are equally good, and the first is the best one:
# the strands multiply in different orders.
TIE = 1 + 1e-9


@njit_helper
def _fill_tables(weights: Floats, first: int, width: int, n_strands: int, tables: Floats) -> Any:
    """Write the weight of every four bases at each fourth place of the motif, for both strands.

    The two strands lie side by side; the second turns the motif round, or is 0
    where it does not count. Places past the end of the motif weigh nothing.
    """
    n_chunks = (width + 3) // 4
    for chunk in range(n_chunks):
        for word in range(256):
            ahead, back = 1.0, 1.0
            for place in range(min(4, width - 4 * chunk)):
                column = 4 * chunk + place
                base = (word >> (6 - 2 * place)) & 3
                ahead *= weights[base, first + column]
                back *= weights[3 - base, first + width - 1 - column]
            tables[2 * (256 * chunk + word)] = ahead
            tables[2 * (256 * chunk + word) + 1] = back if n_strands == 2 else 0.0
    return n_chunks


@njit_helper
def _read_words(
    codes: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.uint8],
    known: npt.NDArray[np.uint8],
) -> None:
    """Write the four bases from each place on as one number, and how many known bases follow."""
    for row in range(len(offsets) - 1):
        word, run = 0, 0
        for place in range(offsets[row + 1] - 1, offsets[row] - 1, -1):
            base = codes[place]
            run = min(run + 1, 255) if base < 4 else 0
            word = (word >> 2) | ((base & 3) << 6)
            words[place] = word
            known[place] = run


@njit_kept
def scan_motifs(
    codes: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    weights: Floats,
    starts: npt.NDArray[np.int64],
    n_strands: int,
    words: npt.NDArray[np.uint8],
    known: npt.NDArray[np.uint8],
    found: Floats,
) -> Any:
    """Scan each sequence for each motif.

    Parameters
    ----------
    codes : ndarray of uint8, shape (bases,)
        Base codes 0..4 of the sequences, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    weights : ndarray of float64, shape (4, total width)
        Weight of each base at each position, the motifs side by side; that of a
        window is their product.
    starts : ndarray of int64, shape (m + 1,)
        Where each motif starts among the columns; no motif is wider than 64.
    n_strands : int
        1 or 2.
    words, known : ndarray of uint8, shape (bases + 64,)
        Scratch.
    found : ndarray of float64, shape (4, n, m)
        Filled with: the largest weight, 0 without any window of known bases;
        the sum of the weights; the number of windows with a weight of 1 or
        more on either strand; where the window of the largest weight starts,
        the first of them, and of equal ones within rounding.

    Returns
    -------
    int
        How many motifs there are.
    """
    tables = np.empty(16 * 256 * 2)
    _read_words(codes, offsets, words, known)
    for motif in range(len(starts) - 1):
        width = starts[motif + 1] - starts[motif]
        n_chunks = U64(_fill_tables(weights, starts[motif], width, n_strands, tables))
        for row in range(len(offsets) - 1):
            first = U64(offsets[row])
            last = U64(max(offsets[row + 1] - width + 1, offsets[row]))
            best, total, n_hits, where = 0.0, 0.0, 0, ZERO
            for place in range(first, last):
                if known[place] < width:
                    continue
                entry = U64(words[place]) * TWO
                ahead, back = tables[entry], tables[entry + ONE]
                for chunk in range(ONE, n_chunks):
                    entry = (chunk * N_WORDS + U64(words[place + FOUR * chunk])) * TWO
                    ahead *= tables[entry]
                    back *= tables[entry + ONE]
                total += ahead + back
                weight = max(ahead, back)
                if weight >= 1.0:
                    n_hits += 1
                if weight > best * TIE:
                    best, where = weight, place - first
            found[0, row, motif] = best
            found[1, row, motif] = total
            found[2, row, motif] = n_hits
            found[3, row, motif] = where
    return len(starts) - 1
