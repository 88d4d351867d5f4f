"""What a KmerCounter counts: the range of k, the strands, and the columns they give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["KmerPlan", "column_of_code"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class KmerPlan:
    """What is counted, checked and complete.

    A k-mer's number is its bases in base four (A = 0, C = 1, G = 2, T = 3, the
    first base most significant). A code is a number plus the start of its k.

    Attributes
    ----------
    low, high : int
        Smallest and largest k, in 1..31.
    canonical : bool
        Whether a k-mer and its reverse complement are one feature.
    n_features : int
        Number of columns to hash to; 0 = one column a k-mer.

    Examples
    --------
    >>> plan = KmerPlan(1, 2, canonical=True, n_features=0)
    >>> plan.n_columns, plan.n_codes, plan.starts.tolist()
    (12, 20, [0, 4])
    """

    low: int
    high: int
    canonical: bool
    n_features: int

    @property
    def ks(self) -> range:
        """Every k."""
        return range(self.low, self.high + 1)

    @property
    def n_codes(self) -> int:
        """Number of different codes without hashing."""
        return sum(4**k for k in self.ks)

    @property
    def block_sizes(self) -> list[int]:
        """Number of different features of each k, before hashing."""
        if not self.canonical:
            return [4**k for k in self.ks]
        # Only k-mers of even length can be their own reverse complement.
        return [(4**k + (4 ** (k // 2) if k % 2 == 0 else 0)) // 2 for k in self.ks]

    @property
    def n_columns(self) -> int:
        """Number of columns of the matrix."""
        return self.n_features or sum(self.block_sizes)

    @property
    def force(self) -> np.uint64:
        """The kernels' switch: 0 for both strands, all ones for one."""
        return np.uint64(0) if self.canonical else ~np.uint64(0)

    @cached_property
    def starts(self) -> npt.NDArray[np.uint64]:
        """What is added to the numbers of each k, shape (n_k,).

        Without hashing, the codes of each k follow those of the smaller k. To be
        hashed, a k-mer is 4**k plus its number, whatever the other k are.
        """
        sizes = [4**k for k in self.ks]
        if self.n_features:
            return np.array(sizes, dtype=np.uint64)
        return np.cumsum([0, *sizes[:-1]]).astype(np.uint64)

    def numbers_of(self, k: int) -> Ints:
        """Return the numbers of the k-mers that are features, ascending."""
        numbers = np.arange(4**k, dtype=np.int64)
        return numbers[numbers <= _reverse_complements(k)] if self.canonical else numbers

    def row_bounds(self, lengths: Ints) -> Ints:
        """Return how many different features each row can have at most, shape (n,)."""
        total = np.zeros(len(lengths), dtype=np.int64)
        for k, size in zip(self.ks, self.block_sizes, strict=True):
            total += np.clip(lengths - (k - 1), 0, None if self.n_features else size)
        return total


def _reverse_complements(k: int) -> Ints:
    """Return the number of the reverse complement of each k-mer, shape (4**k,)."""
    if k == 1:
        return np.array([3, 2, 1, 0], dtype=np.int64)
    left, right = k // 2, k - k // 2
    # The reverse complement of two halves is theirs, in the other order.
    swapped: Ints = _reverse_complements(right) * 4**left + _reverse_complements(left)[:, None]
    return swapped.reshape(4**k)


@lru_cache(maxsize=2)
def column_of_code(low: int, high: int) -> npt.NDArray[np.int32]:
    """Return the column of each canonical code of a range of k; the others are of no use.

    Examples
    --------
    >>> column_of_code(1, 1)[:2].tolist()  # A and C; G and T are read as C and A
    [0, 1]
    """
    canonical = [np.arange(4**k) <= _reverse_complements(k) for k in range(low, high + 1)]
    return (np.cumsum(np.concatenate(canonical)) - 1).astype(np.int32)
