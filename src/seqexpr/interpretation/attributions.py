"""What each base of some sequences contributes to what a model predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.sequences import UNKNOWN, encode

__all__ = ["Attributions", "Method", "base_matrix", "name_rows", "present_bases"]

Floats: TypeAlias = npt.NDArray[np.float64]
Method: TypeAlias = Literal["weights", "trees", "mutagenesis", "deeplift", "integrated_gradients"]


@dataclass(frozen=True, eq=False)
class Attributions:
    """What each base contributes to the prediction of one target.

    Attributes
    ----------
    values : ndarray of float64, shape (n, 4, width)
        What base A, C, G or T at a position contributes, or would contribute if
        it stood there, in target units. 0 after the end of a sequence. The
        methods "weights" and "trees" know the base that is there only; of others
        they say 0.
    sequences : tuple of str, length n
        The longest has `width` bases.
    ids : tuple of str, length n
        Names of the sequences.
    target : str
        What is predicted.
    method : {"weights", "trees", "mutagenesis", "deeplift", "integrated_gradients"}
        How it was found.
    predictions : ndarray of float64, shape (n,)
        What the model predicts.
    rest : ndarray of float64, shape (n,) or None
        The part of the prediction that no base carries: the intercept, what is
        absent, the reference that bases are compared with. With it
        contributions add up to the prediction; None for mutagenesis, whose
        contributions add up to nothing in particular.
    spread : ndarray of float64, shape (n, 4, width) or None
        Standard deviation of `values` over the members of an ensemble.
    deltas : ndarray of float64, shape (n,) or None
        How far rest and contributions are from adding up to the prediction;
        None where nothing is to add up.

    Notes
    -----
    Mutagenesis gives, for each position, the prediction with each base less the
    mean over the four, so that values at a position add up to 0, and the base
    that is there contributes what it is better than the mean base.
    """

    values: Floats
    sequences: tuple[str, ...]
    ids: tuple[str, ...]
    target: str
    method: Method
    predictions: Floats
    rest: Floats | None = None
    spread: Floats | None = None

    def __post_init__(self) -> None:
        n, width = len(self.sequences), max(map(len, self.sequences), default=0)
        if self.values.shape != (n, 4, width) or len(self.ids) != n:
            raise InputError(
                f"Attributions: {n} sequences of up to {width} bases and {len(self.ids)} ids do "
                f"not fit values of shape {self.values.shape}"
            )

    @property
    def contributions(self) -> Floats:
        """What the bases that are there contribute, shape (n, width); 0 where there is none."""
        present = self.present
        return np.asarray((self.values * present).sum(axis=1))

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which base is there, shape (n, 4, width)."""
        return present_bases(self.sequences)

    @property
    def deltas(self) -> Floats | None:
        """How far contributions are from adding up to the prediction, shape (n,)."""
        if self.rest is None:
            return None
        return np.asarray(self.predictions - self.rest - self.contributions.sum(axis=1))

    @property
    def effects(self) -> Floats:
        """The change of the prediction by each change of a base, shape (n, 4, width).

        Meant for mutagenesis. 0 for the base that is there.
        """
        inside = (base_matrix(self.sequences) < 5)[:, None, :]
        return np.asarray((self.values - self.contributions[:, None, :]) * inside)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Attributions:
        """Return some of the sequences."""
        picked = [int(row) for row in rows]
        sequences = tuple(self.sequences[row] for row in picked)
        width = max(map(len, sequences), default=0)
        return Attributions(
            self.values[picked, :, :width], sequences, tuple(self.ids[row] for row in picked),
            self.target, self.method, self.predictions[picked],
            None if self.rest is None else self.rest[picked],
            None if self.spread is None else self.spread[picked, :, :width],
        )  # fmt: skip


def base_matrix(sequences: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return base codes, one row a sequence: 0..3, 4 = unknown, 5 = after the end.

    Examples
    --------
    >>> base_matrix(["ACG", "N"]).tolist()
    [[0, 1, 2], [4, 5, 5]]
    """
    encoded = encode(list(sequences))
    width = int(encoded.lengths.max(initial=0))
    codes = np.full((len(encoded), width), UNKNOWN + 1, dtype=np.uint8)
    codes[np.arange(width) < encoded.lengths[:, None]] = encoded.codes
    return codes


def present_bases(sequences: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which base is there, shape (n, 4, width).

    Examples
    --------
    >>> present_bases(["AN", "C"])[:, :2].astype(int).tolist()
    [[[1, 0], [0, 0]], [[0, 0], [1, 0]]]
    """
    codes = base_matrix(sequences)
    return np.asarray(codes[:, None, :] == np.arange(4, dtype=np.uint8)[:, None])


def name_rows(ids: Sequence[str] | None, n: int) -> tuple[str, ...]:
    """Return the names of n sequences: the given ones, or 1, 2, ….

    Examples
    --------
    >>> name_rows(None, 2), name_rows(["a"], 1)
    (('1', '2'), ('a',))
    """
    return tuple(str(i + 1) for i in range(n)) if ids is None else tuple(ids)
