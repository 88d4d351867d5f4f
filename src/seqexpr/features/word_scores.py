"""A weighted sum of word counts, as a table that says what each word adds.

With it the change of one base costs the few words that it is part of, and not a
new look at the whole sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seqexpr.sequences import EncodedSequences

__all__ = ["LONGEST_WORD", "WordScores", "change_each_base"]

Floats = npt.NDArray[np.float64]

LONGEST_WORD = 12
"""Bases of the longest words that are kept in a table, of 4**12 numbers."""
LONGEST_MERGED = 7
"""Bases up to which words of all lengths are looked up at once, in a table of 5**7 numbers."""


@dataclass(frozen=True, eq=False)
class WordScores:
    """What each word of k bases adds to a sum, wherever it stands or by its position.

    Attributes
    ----------
    k : int
        Bases of a word.
    scores : ndarray of float64, shape (1, 4**k) or (length - k + 1, 4**k)
        By the word's number in base four, first base first; one row a position
        where positions are looked at.
    anchor : {"left", "right"}
        Which end positions are counted from. Default "left".
    length : int or None
        Positions looked at; None = it does not matter where a word stands.
        Default None.
    same : ndarray of int64, shape (4**k,), or None
        Words that share a number count once, however often they occur; None =
        every word counts every time. Default None.
    is_mean : bool
        Whether the sum is divided by the number of words. Default False.
    """

    k: int
    scores: Floats
    anchor: Literal["left", "right"] = "left"
    length: int | None = None
    same: npt.NDArray[np.int64] | None = None
    is_mean: bool = False

    @property
    def is_sum(self) -> bool:
        """Whether every word counts every time, wherever it stands."""
        return self.length is None and self.same is None and not self.is_mean


def change_each_base(encoded: EncodedSequences, tables: Sequence[WordScores]) -> Floats:
    """Return how the sum of all tables changes when one base is replaced.

    Parameters
    ----------
    encoded : EncodedSequences
        n sequences.
    tables : sequence of WordScores
        What is added up.

    Returns
    -------
    ndarray of float64, shape (n, 4, length of the longest)
        The sum with base A, C, G or T at a position, less that of the sequence as
        it is; 0 for the base that is there, and after the end.

    Examples
    --------
    >>> from seqexpr.features.kmers import KmerCounter
    >>> from seqexpr.sequences import encode
    >>> tables = KmerCounter(k=2).word_scores(np.eye(16)[1])  # counts AC
    >>> change_each_base(encode(["AAC"]), tables)[0].astype(int).tolist()
    [[0, 0, -1], [0, 0, 0], [0, -1, -1], [0, -1, -1]]
    """
    from seqexpr.features._word_scores import change_merged, change_words

    width = int(encoded.lengths.max(initial=0))
    changes = np.zeros((len(encoded), 4, width))
    merged = [table for table in tables if table.is_sum and table.k <= LONGEST_MERGED]
    if merged:
        k = max(table.k for table in merged)
        change_merged(encoded.codes, encoded.offsets, k, _merge(merged, k), changes)
        tables = [table for table in tables if not (table.is_sum and table.k <= LONGEST_MERGED)]
    none = np.zeros(0, dtype=np.int64)
    for table in tables:
        length = -1 if table.length is None else table.length
        origins = np.zeros(len(encoded), dtype=np.int64)
        if table.anchor == "right":
            origins = encoded.lengths - length
        same = none if table.same is None else table.same
        counters = np.zeros(int(same.max(initial=-1)) + 1, dtype=np.int64)
        arrays: tuple[Any, ...] = (encoded.codes, encoded.offsets, origins)
        change_words(*arrays, table.k, table.scores, length, same, counters, table.is_mean, changes)
    return changes


def _merge(tables: Sequence[WordScores], k: int) -> Floats:
    """Return what all words that start at a place add, by the k letters from there on.

    Letters are A, C, G, T and a fifth, for what is unknown or after the end: words
    that reach it add nothing.

    Returns
    -------
    ndarray of float64, shape (5**k,)
        By the letters as a number in base five, the first one most significant.
    """
    total = np.zeros((5,) * k)
    for table in tables:
        # Known letters first, then whatever follows the word.
        own = table.scores[0].reshape((4,) * table.k + (1,) * (k - table.k))
        total[(slice(4),) * table.k] += own
    return total.ravel()
