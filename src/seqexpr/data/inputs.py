"""What a model reads: sequences alone, or a DataFrame of sequences and covariates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.sequences import as_strings

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SEQUENCE",
    "Inputs",
    "has_covariates",
    "join_inputs",
    "model_inputs",
    "sequences_of",
    "take_rows",
    "with_sequences",
]

SEQUENCE = "sequence"
"""Name of the column of sequences in a DataFrame that a model reads."""

Inputs: TypeAlias = "npt.NDArray[np.object_] | pd.DataFrame"
"""n sequences: an array of str, or a DataFrame with a column :data:`SEQUENCE` and covariates."""


def has_covariates(inputs: object) -> bool:
    """Whether `inputs` is a DataFrame rather than a column of sequences."""
    return hasattr(inputs, "columns")


def join_inputs(sequences: npt.NDArray[np.object_], covariates: pd.DataFrame | None) -> Inputs:
    """Return what a model reads of n rows.

    Parameters
    ----------
    sequences : array of str, shape (n,)
        DNA.
    covariates : DataFrame, n rows, or None
        Columns beside it; None for sequences alone.

    Raises
    ------
    InputError
        If a covariate is called "sequence".

    Examples
    --------
    >>> import pandas as pd
    >>> rows = np.array(["ACGT", "TTTT"], dtype=object)
    >>> join_inputs(rows, None).tolist()
    ['ACGT', 'TTTT']
    >>> list(join_inputs(rows, pd.DataFrame({"dose": [1.0, 2.0]})).columns)
    ['sequence', 'dose']
    """
    if covariates is None:
        return sequences
    if SEQUENCE in covariates.columns:
        raise InputError(
            f"a covariate is called {SEQUENCE!r}, which is the name of the DNA; rename the column"
        )
    joined = covariates.reset_index(drop=True)
    joined.insert(0, SEQUENCE, np.asarray(sequences, dtype=object))
    return joined


def take_rows(inputs: Any, rows: Any) -> Any:
    """Return some rows of sequences, of a DataFrame or of a matrix.

    Parameters
    ----------
    inputs : array, sparse matrix or DataFrame, n rows
        What to take from.
    rows : array of int, or of bool with shape (n,)
        Which rows.
    """
    return inputs.iloc[rows] if has_covariates(inputs) else inputs[rows]


def model_inputs(inputs: Any) -> Any:
    """Return inputs as they are handed to a model: a list of str, or the DataFrame."""
    return inputs if has_covariates(inputs) else list(inputs)


def sequences_of(inputs: Any) -> npt.NDArray[np.object_]:
    """Return the sequences of some inputs, without the covariates, shape (n,)."""
    strings = as_strings(inputs[SEQUENCE] if has_covariates(inputs) else inputs)
    array = np.empty(len(strings), dtype=object)
    array[:] = strings
    return array


def with_sequences(inputs: Inputs, sequences: Any) -> Inputs:
    """Return inputs with other sequences and the same covariates.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"sequence": ["ACGT"], "dose": [1.0]})
    >>> with_sequences(frame, ["TGCA"]).to_dict("records")
    [{'sequence': 'TGCA', 'dose': 1.0}]
    """
    array = sequences_of(sequences)
    # A DataFrame is what has_covariates says it is; mypy cannot see that.
    return inputs.assign(**{SEQUENCE: array}) if has_covariates(inputs) else array  # type: ignore[union-attr]
