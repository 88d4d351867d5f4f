"""The Split: which rows train, which test, and which fold a row belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.splits.units import find_units

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset

__all__ = ["Split"]


@dataclass(frozen=True, eq=False)
class Split:
    """A test set, and folds inside train. Serves as scikit-learn's ``cv``.

    Row numbers are those of the Dataset that was split. Model choice uses
    `train` and `folds` only.

    Parameters
    ----------
    train : ndarray of int64, shape (n_train,)
        Rows that models may see, sorted.
    test : ndarray of int64, shape (n_test,)
        Rows that are looked at once, after the model was chosen, sorted.
    folds : ndarray of int64, shape (n_train,)
        Fold of each train row, 0 to n_folds - 1; a row is validated in its
        fold and trains in the others. -1 = always trains, never validated, as
        in scikit-learn's PredefinedSplit (a published train/validation split
        has -1 for its train rows and 0 for its validation rows).
    excluded : ndarray of int64, shape (n_excluded,)
        Rows in neither set (no label in the user's split, or a copy of a test
        sequence among the train rows).
    strategy : str
        Name of the strategy that made it ("random", "group", "chromosome",
        "column:NAME").
    parameters : mapping
        Parameters of the strategy, JSON-ready.
    seed : int
        Seed of the strategy.
    dataset_sha256 : str
        Digest of the Dataset.
    reason : str
        One sentence: why this strategy.
    warnings : tuple of str
        What the user should know about this split.
    units : ndarray of int64, shape (n,), optional
        Unit of each row of the Dataset: rows that belong together and that no
        division of the data may part. None = copies, reverse complements and
        the Dataset's groups.

    Examples
    --------
    >>> split = Split(train=np.array([0, 1, 2, 3]), test=np.array([4]),
    ...               folds=np.array([0, 1, 0, -1]), strategy="random")
    >>> [(fit.tolist(), validate.tolist()) for fit, validate in split.split()]
    [([1, 3], [0, 2]), ([0, 2, 3], [1])]
    >>> split.get_n_splits()
    2
    """

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    folds: npt.NDArray[np.int64]
    strategy: str
    excluded: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    dataset_sha256: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()
    units: npt.NDArray[np.int64] | None = None

    def units_of(self, dataset: Dataset) -> npt.NDArray[np.int64]:
        """Return the unit of each row of the Dataset that was split, shape (n,)."""
        if self.units is not None:
            return self.units
        return find_units(dataset.sequences, dataset.groups)

    def split(
        self, X: object = None, y: object = None, groups: object = None
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Yield (fit, validate) positions within the train rows, fold by fold.

        The arguments are ignored; they are there for scikit-learn.
        """
        for fold in range(self.get_n_splits()):
            validate = self.folds == fold
            yield np.flatnonzero(~validate), np.flatnonzero(validate)

    @property
    def sha256(self) -> str:
        """Digest of the index arrays and folds."""
        digest = hashlib.sha256()
        for rows in (self.train, self.test, self.folds, self.excluded):
            digest.update(len(rows).to_bytes(8, "little"))
            digest.update(np.ascontiguousarray(rows, dtype="<i8").tobytes())
        return digest.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return what evaluation.json holds of the split: how it was made, not its rows."""
        return {
            "strategy": self.strategy,
            "parameters": dict(self.parameters),
            "seed": self.seed,
            "reason": self.reason,
            "n_train": len(self.train),
            "n_test": len(self.test),
            "n_excluded": len(self.excluded),
            "n_folds": self.get_n_splits(),
            "sha256": self.sha256,
        }

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of folds inside train."""
        return int(self.folds.max(initial=-1)) + 1
