"""The Dataset: sequences, what was measured on them, and nothing fitted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.covariates import type_covariates
from seqexpr.data.inputs import Inputs, join_inputs
from seqexpr.errors import InputError
from seqexpr.sequences import as_strings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset"]


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = array.view()
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Dataset:
    """n sequences with t measured targets. Immutable, without fitted state.

    Parameters
    ----------
    sequences : array of str, shape (n,)
        DNA in upper case; IUPAC codes may occur.
    targets : ndarray of float64, shape (n, t) or (n,)
        One column a target; NaN = not measured.
    target_names : tuple of str, length t
        Column names of the targets.
    target_units : tuple of str, length t, optional
        Unit of each target, empty where it is not known.
    ids : array of str, shape (n,), optional
        Names of the rows; "row 1", "row 2", … by default.
    weights : ndarray of float64, shape (n,), optional
        Non-negative sample weights.
    replicates : ndarray of float64, shape (n, r), optional
        Replicate measurements of the first target; NaN = not measured.
    standard_errors : ndarray of float64, shape (n,), optional
        Standard error of the first target, in its unit; NaN = not known.
    reads : ndarray of float64, shape (n,), optional
        Read counts behind each row; NaN = not known.
    groups : array of str, shape (n,), optional
        Rows of one group are never divided between train and test.
    chromosomes : array of str, shape (n,), optional
        Chromosome of each row.
    split_labels : array of str, shape (n,), optional
        The user's own split: fold numbers or train, validation, test; empty
        where a row has none.
    covariates : pandas.DataFrame, n rows, optional
        Further inputs beside the sequence, numbers or categories, as
        :func:`seqexpr.data.covariates.type_covariates` returns them.

    Raises
    ------
    InputError
        If a length differs from n, a target is infinite, or a standard error or
        read count is negative or infinite.

    Examples
    --------
    >>> data = Dataset(np.array(["ACGT", "TTTT"], dtype=object), np.array([1.0, 2.0]),
    ...                target_names=("expression",))
    >>> len(data), data.targets.shape, data.ids.tolist()
    (2, (2, 1), ['row 1', 'row 2'])
    >>> data.take([1]).sequences.tolist()
    ['TTTT']
    """

    sequences: npt.NDArray[np.object_]
    targets: npt.NDArray[np.float64]
    target_names: tuple[str, ...]
    target_units: tuple[str, ...] = ()
    ids: npt.NDArray[np.object_] = None  # type: ignore[assignment]  # filled in below
    weights: npt.NDArray[np.float64] | None = None
    replicates: npt.NDArray[np.float64] | None = None
    groups: npt.NDArray[np.object_] | None = None
    chromosomes: npt.NDArray[np.object_] | None = None
    split_labels: npt.NDArray[np.object_] | None = None
    covariates: pd.DataFrame | None = None
    standard_errors: npt.NDArray[np.float64] | None = None
    reads: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        sequences = np.empty(len(self.sequences), dtype=object)
        sequences[:] = as_strings(self.sequences)
        n = len(sequences)
        targets = np.asarray(self.targets, dtype=np.float64)
        targets = targets[:, None] if targets.ndim == 1 else targets
        if np.isinf(targets).any():
            raise InputError("a target is infinite; drop such rows or mark them as missing")
        ids = self.ids
        if ids is None:
            ids = np.array([f"row {i}" for i in range(1, n + 1)], dtype=object)
        arrays: dict[str, npt.NDArray[Any]] = {"sequences": sequences, "targets": targets}
        arrays["ids"] = np.asarray(ids, dtype=object)
        for name in ("weights", "replicates", "standard_errors", "reads"):
            if getattr(self, name) is not None:
                arrays[name] = np.asarray(getattr(self, name), dtype=np.float64)
        for name in ("groups", "chromosomes", "split_labels"):
            if getattr(self, name) is not None:
                arrays[name] = np.asarray(getattr(self, name), dtype=object)
        for name, array in arrays.items():
            if len(array) != n:
                raise InputError(f"{name} has {len(array):,} rows, sequences has {n:,}")
            object.__setattr__(self, name, _frozen(array))
        for name in ("standard_errors", "reads"):
            if name in arrays and ((arrays[name] < 0) | np.isinf(arrays[name])).any():
                raise InputError(
                    f"{name} holds a negative or infinite value; give 0 or more, or NaN"
                )
        if self.covariates is not None and len(self.covariates) != n:
            raise InputError(f"covariates has {len(self.covariates):,} rows, sequences has {n:,}")
        if self.covariates is not None:
            typed = type_covariates(self.covariates, dict.fromkeys(map(str, self.covariates)))
            join_inputs(sequences, typed)  # refuses one that is called as the sequences are
            object.__setattr__(self, "covariates", typed)
        if len(self.target_names) != targets.shape[1]:
            raise InputError(
                f"{targets.shape[1]} target columns but {len(self.target_names)} target names"
            )
        if not self.target_units:
            object.__setattr__(self, "target_units", ("",) * len(self.target_names))

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def inputs(self) -> Inputs:
        """What a model reads: the sequences, or a DataFrame of them with the covariates."""
        return join_inputs(self.sequences, self.covariates)

    def take(self, rows: npt.ArrayLike) -> Dataset:
        """Return the Dataset of the given row indices, in that order.

        Parameters
        ----------
        rows : array-like of int, or of bool with shape (n,)
            Which rows.
        """
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        changed: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                changed[field.name] = value[index]
        if self.covariates is not None:
            changed["covariates"] = self.covariates.iloc[index]
        return replace(self, **changed)

    @cached_property
    def sha256(self) -> str:
        """Digest of the sequences, the targets and every other column, in row order."""
        digest = hashlib.sha256(repr((self.target_names, len(self))).encode())
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, np.ndarray):
                continue
            digest.update(field.name.encode())
            if value.dtype == object:
                for text in value.tolist():
                    encoded = str(text).encode()
                    digest.update(len(encoded).to_bytes(8, "little") + encoded)
            else:
                digest.update(np.ascontiguousarray(value).tobytes())
        if self.covariates is not None:
            digest.update(self.covariates.to_csv(index=False).encode())
        return digest.hexdigest()
