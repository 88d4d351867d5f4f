"""The training sequences of a model, as far as they can still be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.bundle import Bundle, sequence_digests
from seqexpr.bundle.intake import take_in
from seqexpr.data.cells import as_labels
from seqexpr.data.table import Table, read_table
from seqexpr.errors import InputError, SeqexprError
from seqexpr.interpretation.attributions import base_matrix
from seqexpr.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Measured", "read_measured", "read_sequences"]


@dataclass(frozen=True, eq=False)
class Measured:
    """Sequences of a table, and which of them a model was trained on.

    Attributes
    ----------
    ids, sequences : list of str, length n
        Names, and upper-case DNA.
    is_train : ndarray of bool, shape (n,)
        Which the model was trained on, in either orientation.
    n_missing : int
        Distinct training sequences that the table lacks.
    source : str
        Where they come from.
    """

    ids: list[str]
    sequences: list[str]
    is_train: npt.NDArray[np.bool_]
    n_missing: int
    source: str

    @property
    def train_codes(self) -> npt.NDArray[np.uint8]:
        """Base codes of the distinct training sequences, 5 after the end, shape (t, width)."""
        rows = np.flatnonzero(self.is_train)
        return np.unique(base_matrix([self.sequences[row] for row in rows]), axis=0)


def read_measured(
    bundle: Bundle, table: str | Path | pd.DataFrame | Table | None = None
) -> Measured:
    """Read the table that a model was trained on, or another one.

    Parameters
    ----------
    bundle : Bundle
        The model.
    table : str, Path, DataFrame or Table, optional
        By default the table that the model's recipe names.

    Raises
    ------
    InputError
        If it cannot be read, or holds no sequence.
    """
    recipe = Recipe.create(**bundle.manifest.recipe)
    if table is not None:
        ids, sequences, source = read_sequences(table, column=recipe.sequence)
    else:
        try:
            ids, sequences, source = read_sequences(
                recipe.table, column=recipe.sequence, id=recipe.id, sheet=recipe.sheet
            )
        except (SeqexprError, OSError) as error:
            raise InputError(
                f"the table that the model was trained on cannot be read ({error}); name it with "
                "--from TABLE"
            ) from error
    digests = sequence_digests(sequences)
    is_train = np.isin(digests, bundle.train_digests)
    n_found = len(np.intersect1d(digests, bundle.train_digests))
    return Measured(ids, sequences, is_train, len(bundle.train_digests) - n_found, source)


def read_sequences(
    table: Any, *, column: str | None = None, id: str | None = None, sheet: str | None = None
) -> tuple[list[str], list[str], str]:
    """Return names and sequences of a table, without rows that hold none, and its name.

    Parameters
    ----------
    table : str, Path, DataFrame or Table
        As for :func:`seqexpr.data.table.read_table`.
    column, id : str, optional
        Column names; used if they are there, else recognised.
    sheet : str, optional
        For Excel: which sheet.

    Raises
    ------
    InputError
        If it cannot be read, or holds no sequence.
    """
    read = table if isinstance(table, Table) else _read(table, column=column, id=id, sheet=sheet)
    intake = take_in(read.frame[read.roles.sequence])
    labels = [""] * len(intake.sequences)
    if read.roles.id is not None:
        labels = as_labels(read.frame[read.roles.id]).tolist()
    rows = [row for row, sequence in enumerate(intake.sequences) if sequence]
    if not rows:
        raise InputError(f"{read.source} holds no DNA sequence")
    names = [labels[row] or f"row {row + 1}" for row in rows]
    return names, [intake.sequences[row] for row in rows], read.source


def _read(table: Any, *, column: str | None, id: str | None, sheet: str | None) -> Table:
    try:
        return read_table(table, sequence=column, id=id, sheet=sheet, require_target=False)
    except InputError:
        if column is None and id is None:
            raise
        return read_table(table, sheet=sheet, require_target=False)
