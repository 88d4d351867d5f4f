"""Which bases a feature stands on: the way back from a matrix to the sequences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from seqexpr.sequences import UNKNOWN, EncodedSequences, StringsLike

__all__ = ["LocatedFeatures", "Occurrences", "windows_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WIDEST = 32
"""Bases that one occurrence can reach over."""


@runtime_checkable
class LocatedFeatures(Protocol):
    """A featurizer each of whose values is a sum over places in the sequence."""

    def locate(self, X: StringsLike) -> Occurrences:
        """Return every place, with what it adds to which feature."""


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Every place in n sequences where something adds to one of p features.

    The values of all places of a row and column add up to the matrix that the
    featurizer's ``transform`` returns.

    Attributes
    ----------
    rows, columns : ndarray of int64, shape (m,)
        Which sequence, which feature.
    values : ndarray of float64, shape (m,)
        What the place adds to the feature.
    starts : ndarray of int64, shape (m,)
        First base, from 0, in the sequence.
    masks : ndarray of uint32, shape (m,)
        Which of the 32 bases from `starts` on are meant: bit i is base
        ``start + i``. At least one.
    shape : (int, int)
        n and p.

    Examples
    --------
    >>> from seqexpr.features.kmers import KmerCounter
    >>> places = KmerCounter(k=2).locate(["ACA"])
    >>> places.starts.tolist(), places.columns.tolist(), places.masks.tolist()
    ([0, 1], [1, 4], [3, 3])
    >>> places.lay_back(np.array([1.0, 0.5]), width=3).tolist()
    [[0.5, 0.75, 0.25]]
    """

    rows: Ints
    columns: Ints
    values: Floats
    starts: Ints
    masks: npt.NDArray[np.uint32]
    shape: tuple[int, int]

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Return the occurrences of several featurizers on the same sequences, side by side."""
        found = list(parts)
        first = np.cumsum([0, *(part.shape[1] for part in found)])
        return cls(
            np.concatenate([part.rows for part in found]),
            np.concatenate([part.columns + at for part, at in zip(found, first, strict=False)]),
            np.concatenate([part.values for part in found]),
            np.concatenate([part.starts for part in found]),
            np.concatenate([part.masks for part in found]),
            (found[0].shape[0], int(first[-1])),
        )

    def to_matrix(self) -> csr_matrix:
        """Return the features, shape (n, p): what ``transform`` returns."""
        matrix = csr_matrix((self.values, (self.rows, self.columns)), shape=self.shape)
        matrix.sum_duplicates()
        return matrix

    def lay_back(self, amounts: Floats, *, width: int) -> Floats:
        """Share out amounts, one a place, evenly among the bases of the place.

        Parameters
        ----------
        amounts : ndarray of float64, shape (m,)
            What each place has to share out.
        width : int
            Bases of the longest sequence.

        Returns
        -------
        ndarray of float64, shape (n, width)
            Adds up to the sum of `amounts`.
        """
        shares = amounts / np.bitwise_count(self.masks)
        first = self.rows * width + self.starts
        total = np.zeros(self.shape[0] * width)
        widest = int(self.masks.max(initial=0)).bit_length()
        for bit in range(widest):
            here = (self.masks >> np.uint32(bit) & np.uint32(1)).astype(bool)
            total += np.bincount(first[here] + bit, weights=shares[here], minlength=len(total))
        return total.reshape(self.shape[0], width)


def windows_of(encoded: EncodedSequences, k: int) -> tuple[Ints, Ints, Ints]:
    """Return every window of k known bases.

    Parameters
    ----------
    encoded : EncodedSequences
        n sequences.
    k : int
        Bases of a window, in 1..31.

    Returns
    -------
    rows, starts, numbers : ndarray of int64, shape (m,)
        Which sequence, which first base in it, and the k-mer as a number in base
        four, first base first. In the order of the sequences.

    Examples
    --------
    >>> from seqexpr.sequences import encode
    >>> [part.tolist() for part in windows_of(encode(["ACNTT", "G"]), 2)]
    [[0, 0], [0, 3], [1, 15]]
    """
    codes = encoded.codes.astype(np.int64)
    n = max(len(codes) - k + 1, 0)
    numbers, known = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    for i in range(k):
        part = codes[i : i + n]
        numbers = numbers << 2 | part & 3
        known &= part != UNKNOWN
    rows = np.repeat(np.arange(len(encoded)), encoded.lengths)
    starts = np.arange(len(codes)) - encoded.offsets[rows]
    known &= starts[:n] + k <= encoded.lengths[rows[:n]]
    kept = np.flatnonzero(known)
    return rows[kept], starts[kept], numbers[kept]
