"""The scale on which targets are modelled, scored and predicted.

There is no way back to the scale of the table: a model of log2 expression is
scored on log2 expression and predicts log2 expression. So an error or an
interval always has the scale that was modelled, and the name says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, did_you_mean

__all__ = ["TargetTransform", "TransformKind"]

TransformKind = Literal["none", "log2", "zscore", "rank"]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TargetTransform:
    """A scale for targets, fitted on the train rows and applied to all.

    Use :meth:`fit`; the attributes are what was learned.

    Attributes
    ----------
    kind : {"none", "log2", "zscore", "rank"}
        - ``"none"``: as measured.
        - ``"log2"``: logarithm to base two; every value must be positive.
        - ``"zscore"``: minus the train mean, divided by the train standard
          deviation (by 1 where that is zero).
        - ``"rank"``: the empirical distribution function of the train rows, in
          ``[0, 1]``: the share of train values below, plus half the share of
          equal ones (midranks), interpolated in between and constant outside.
    means, scales : tuple of float, length t
        Train mean and standard deviation of each target, for ``"zscore"``.
    levels, ranks : tuple of ndarray, length t
        Distinct train values of each target, ascending, and their rank in
        ``[0, 1]``, for ``"rank"``.

    Examples
    --------
    >>> train = np.array([[1.0], [2.0], [2.0], [8.0]])
    >>> scale = TargetTransform.fit(train, "rank")
    >>> scale.apply(np.array([[0.5], [1.0], [2.0], [5.0], [np.nan]]))[:, 0].tolist()
    [0.125, 0.125, 0.5, 0.6875, nan]
    >>> scale.name("expression")
    'rank(expression)'
    >>> TargetTransform.fit(train, "log2").apply(train)[:, 0].tolist()
    [0.0, 1.0, 1.0, 3.0]
    """

    kind: TransformKind
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    levels: tuple[FloatArray, ...] = ()
    ranks: tuple[FloatArray, ...] = ()

    @classmethod
    def fit(cls, targets: npt.ArrayLike, kind: TransformKind) -> Self:
        """Learn the scale from the targets of the train rows.

        Parameters
        ----------
        targets : array-like of float, shape (n,) or (n, t)
            Train targets; NaN = not measured.
        kind : {"none", "log2", "zscore", "rank"}
            Which scale.

        Raises
        ------
        InputError
            If `kind` is unknown, a target has no measured row, or ``"log2"``
            meets a value that is not positive.
        """
        if kind not in get_args(TransformKind):
            known = get_args(TransformKind)
            hint = did_you_mean(str(kind), known)
            raise InputError(f"unknown transform {kind!r}{hint} (known: {', '.join(known)})")
        columns = _columns(targets)
        measured = [column[~np.isnan(column)] for column in columns.T]
        for number, values in enumerate(measured, start=1):
            if kind != "none" and not len(values):
                raise InputError(f"target {number} has no measured value among the train rows")
        if kind == "log2":
            _check_positive(columns)
        if kind == "zscore":
            deviations = [float(values.std()) for values in measured]
            return cls(
                kind,
                means=tuple(float(values.mean()) for values in measured),
                # The deviation of equal values can be a rounding error away from zero.
                scales=tuple(
                    d if d > 1e-12 * np.abs(v).max() else 1.0
                    for d, v in zip(deviations, measured, strict=True)
                ),
            )
        if kind == "rank":
            pairs = [_midranks(values) for values in measured]
            return cls(kind, levels=tuple(p[0] for p in pairs), ranks=tuple(p[1] for p in pairs))
        return cls(kind)

    def apply(self, targets: npt.ArrayLike) -> FloatArray:
        """Return targets on this scale.

        Parameters
        ----------
        targets : array-like of float, shape (n,) or (n, t)
            As measured; NaN = not measured.

        Returns
        -------
        ndarray of float64
            A new array of the same shape; NaN stays NaN.

        Raises
        ------
        InputError
            If a value is not positive for ``"log2"``, or the number of
            targets is not that of the train rows.
        """
        columns = _columns(targets)
        fitted = len(self.means) or len(self.levels) or columns.shape[1]
        if columns.shape[1] != fitted:
            raise InputError(f"expected {fitted} targets as in training, got {columns.shape[1]}")
        if self.kind == "log2":
            _check_positive(columns)
            out = np.log2(columns)
        elif self.kind == "zscore":
            out = (columns - np.array(self.means)) / np.array(self.scales)
        elif self.kind == "rank":
            out = np.column_stack(
                [
                    np.interp(column, levels, ranks)
                    for column, levels, ranks in zip(
                        columns.T, self.levels, self.ranks, strict=True
                    )
                ]
            )
        else:
            out = columns.copy()
        return out.reshape(np.shape(targets))

    def name(self, target: str) -> str:
        """Return what the values are called on this scale: ``log2(expression)``.

        Examples
        --------
        >>> TargetTransform("none").name("expression")
        'expression'
        """
        return target if self.kind == "none" else f"{self.kind}({target})"

    def to_dict(self) -> dict[str, Any]:
        """Return the scale as plain values that JSON can hold."""
        return {
            "kind": self.kind,
            "means": list(self.means),
            "scales": list(self.scales),
            "levels": [levels.tolist() for levels in self.levels],
            "ranks": [ranks.tolist() for ranks in self.ranks],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the scale that :meth:`to_dict` described.

        Raises
        ------
        InputError
            If something is missing or does not fit together.

        Examples
        --------
        >>> scale = TargetTransform.fit([3.0, 5.0], "zscore")
        >>> TargetTransform.from_dict(scale.to_dict()).apply([7.0]).tolist()
        [3.0]
        """
        try:
            kind = content["kind"]
            means, scales = (tuple(map(float, content[key])) for key in ("means", "scales"))
            levels, ranks = (
                tuple(np.asarray(values, dtype=np.float64) for values in content[key])
                for key in ("levels", "ranks")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a target transform: {error!r} in {content!r:.80}") from error
        pairs = zip(levels, ranks, strict=False)
        whole = (
            kind in get_args(TransformKind)
            and len(means) == len(scales)
            and len(levels) == len(ranks)
            and bool(means) == (kind == "zscore")
            and bool(levels) == (kind == "rank")
            and all(a.ndim == 1 and a.shape == b.shape and len(a) for a, b in pairs)
        )
        if not whole:
            raise InputError(f"not a target transform: its parts do not fit in {content!r:.80}")
        return cls(kind, means, scales, levels, ranks)


def _columns(targets: npt.ArrayLike) -> FloatArray:
    array = np.asarray(targets, dtype=np.float64)
    if array.ndim not in (1, 2):
        raise InputError(f"expected targets of shape (n,) or (n, t), got {array.shape}")
    return array[:, None] if array.ndim == 1 else array


def _check_positive(columns: FloatArray) -> None:
    bad = columns <= 0
    if not bad.any():
        return
    row, column = np.argwhere(bad)[0]
    where = f"target {column + 1}: " if columns.shape[1] > 1 else ""
    raise InputError(
        f"{where}log2 needs positive values, but {bad.sum():,} of {(~np.isnan(columns)).sum():,} "
        f"are zero or less (first: {columns[row, column]:g}); use transform 'none' or 'rank', or "
        "add a constant to the column"
    )


def _midranks(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    levels, counts = np.unique(values, return_counts=True)
    below = np.cumsum(counts) - counts
    return levels, (below + counts / 2) / len(values)
