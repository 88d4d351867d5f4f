"""Sets of a table that is read row by row: a number for each unit decides, and none is kept.

Copies, reverse complements and rows of one group get one number, whatever the
order of the rows, so that they lie in one set although no row knows of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.errors import SplitError
from seqexpr.sequences import reverse_complements

__all__ = ["LowestHashes", "hash_units"]

Hashes = npt.NDArray[np.uint64]


def hash_units(
    sequences: Sequence[str], groups: npt.NDArray[np.object_] | None = None, *, seed: int = 42
) -> Hashes:
    """Return a number in [0, 2**64) for each row, the same for all rows of a unit.

    Parameters
    ----------
    sequences : sequence of str, length n
        Upper-case DNA.
    groups : array of str, shape (n,), optional
        Rows of one group get one number, whatever their sequences; rows with
        an empty label are told apart by their sequences.
    seed : int
        Another seed, other numbers. Default 42.

    Returns
    -------
    ndarray of uint64, shape (n,)
        As if drawn uniformly, once for each unit.

    Examples
    --------
    >>> numbers = hash_units(["AAC", "GTT", "CCC"])
    >>> bool(numbers[0] == numbers[1]), bool(numbers[0] == numbers[2])
    (True, False)
    """
    rows = list(sequences)
    labels = np.array(list(map(min, rows, reverse_complements(rows))), dtype=object)
    if groups is not None:
        named = np.array([bool(label) for label in groups.tolist()], dtype=bool)
        labels[named] = [f"group {label}" for label in groups[named].tolist()]
    key = f"{seed % 10**16:016d}"
    return np.asarray(pd.util.hash_array(labels, hash_key=key, categorize=False), dtype=np.uint64)


class LowestHashes:
    """Keep the rows of the lowest numbers, whole units of them, of any number of rows.

    Parameters
    ----------
    most : int
        Rows to keep at most, in the end; up to twice as many meanwhile.

    Attributes
    ----------
    limit : int
        Rows with numbers of this or more are not kept.

    Examples
    --------
    >>> lowest = LowestHashes(2)
    >>> lowest.add(pd.DataFrame({"x": range(5)}), np.array([50, 10, 40, 20, 30], dtype=np.uint64))
    >>> frame, hashes = lowest.kept()
    >>> frame["x"].tolist(), hashes.tolist(), lowest.limit
    ([1, 3], [10, 20], 30)
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit = most, 2**64
        self._frames: list[pd.DataFrame] = []
        self._hashes: list[Hashes] = []
        self._n = 0

    def add(self, frame: pd.DataFrame, hashes: Hashes) -> None:
        """Take rows, and leave out those that are not among the lowest."""
        low = self._below(hashes)
        self._frames.append(frame[low])
        self._hashes.append(hashes[low])
        self._n += int(low.sum())
        if self._n > 2 * self.most:
            self._narrow()

    def kept(self) -> tuple[pd.DataFrame, Hashes]:
        """Return the rows that are left, in the order they came, and their numbers."""
        if self._n > self.most:
            self._narrow()
        if not self._frames:
            return pd.DataFrame(), np.zeros(0, dtype=np.uint64)
        return pd.concat(self._frames, ignore_index=True), np.concatenate(self._hashes)

    def _below(self, hashes: Hashes) -> npt.NDArray[Any]:
        if self.limit == 2**64:
            return np.ones(len(hashes), dtype=bool)
        return np.asarray(hashes < np.uint64(self.limit))

    def _narrow(self) -> None:
        hashes = np.concatenate(self._hashes)
        # The first number that is too many: rows that share it are a unit, and go together.
        self.limit = int(np.partition(hashes, self.most)[self.most])
        low = self._below(hashes)
        if not low.any():
            raise SplitError(
                f"more than {self.most:,} rows are of one group: a table that is read row by row "
                "cannot be divided by it; name a finer group, or raise --memory"
            )
        frame = pd.concat(self._frames, ignore_index=True)
        self._frames, self._hashes = [frame[low]], [hashes[low]]
        self._n = int(low.sum())
