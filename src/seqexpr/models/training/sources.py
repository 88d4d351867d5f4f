"""Rows that do not fit in memory, as a network is trained on them; PyTorch is not needed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from seqexpr.data.row_store import RowBatch

__all__ = ["RowSource"]

Floats = npt.NDArray[np.float64]


class RowSource(Protocol):
    """Rows that are read again in each epoch, in an order that a seed decides.

    Attributes
    ----------
    n_rows, n_targets : int
        Rows to train on, and targets.
    longest : int
        Length of the longest sequence, in bases, those that validate among them.
    center, scale : ndarray of float64, shape (t,)
        Weighted mean and standard deviation of each target.
    mean_weight : float
        Of the rows; 1 without weights.
    validation : RowBatch
        Rows that decide which epoch's weights are kept. Of these and of all others
        `targets` are on the modelled scale, NaN = not measured.
    fingerprint : str
        Digest of the rows, and of what else their order depends on.
    """

    n_rows: int
    n_targets: int
    longest: int
    center: Floats
    scale: Floats
    mean_weight: float
    validation: RowBatch
    fingerprint: str

    def pieces(self, seed: Sequence[int]) -> Iterator[RowBatch]:
        """Yield every row to train on once, mixed by `seed`, as many at a time as fit."""
        ...
