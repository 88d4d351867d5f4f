"""What is wrong in the columns of covariates: gaps, text among numbers, too many categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.cells import as_labels, as_texts, to_numbers
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.covariates import (
    MAX_CATEGORIES,
    Kind,
    describe_covariates,
    kind_of_column,
    type_covariates,
)
from seqexpr.data.findings import FindingCollector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["covariate_findings"]

Mask = npt.NDArray[np.bool_]


def covariate_findings(
    found: FindingCollector, frame: pd.DataFrame, roles: ColumnRoles, *, used: Mask
) -> None:
    """Look at the covariates in the rows that are used, and say how each is read.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    frame : DataFrame, n rows
        The table as read.
    roles : ColumnRoles
        What each column is.
    used : ndarray of bool, shape (n,)
        Rows that are not dropped.
    """
    kinds = roles.covariate_kinds or (None,) * len(roles.covariates)
    for name, asked in zip(roles.covariates, kinds, strict=True):
        if used.any():
            _look(found, frame[name], used, kind=asked or kind_of_column(frame[name]))


def _look(found: FindingCollector, column: pd.Series[Any], used: Mask, *, kind: Kind) -> None:
    name, labels, n = str(column.name), as_labels(column), len(used)
    missing = used & (labels == "")
    taken = "the mean" if kind == "numeric" else "a category of their own"
    found.add(
        "covariate-missing", "warning", missing, column=name,
        meaning=f"covariate '{name}' is empty in {int(missing.sum()):,} of {n:,} rows; they are "
        f"taken for {taken}",
        remedy="fill it in, or leave the covariate out",
    )  # fmt: skip
    if kind == "numeric":
        wrong = used & (labels != "") & np.isnan(to_numbers(column))
        found.add(
            "covariate-not-numbers", "error", wrong, column=name, cells=as_texts(column),
            meaning=f"covariate '{name}': {int(wrong.sum()):,} of {n:,} values are not numbers "
            "({first})",
            remedy=f"fix them, or take the column for categories: --covariate {name}:categorical",
        )  # fmt: skip
    own = column[used].rename(name).to_frame()
    about = describe_covariates(type_covariates(own, {name: kind}))[0]
    if len(about.categories) > MAX_CATEGORIES:
        found.add(
            "covariate-categories", "error", None, column=name,
            meaning=f"covariate '{name}' has {len(about.categories):,} categories, more than "
            f"{MAX_CATEGORIES}: it looks like names of rows",
            remedy="leave it out; if rows with the same name belong together, pass it as --group",
        )  # fmt: skip
        return
    if len(set(labels[used])) == 1:
        found.add(
            "covariate-constant", "warning", None, column=name,
            meaning=f"covariate '{name}' is the same in all rows: nothing can be learnt from it",
            remedy="leave it out",
        )  # fmt: skip
    found.add(
        "covariate-read", "info", None, column=name,
        meaning=f"covariate '{name}' is read as {about.in_words()}",
        remedy="nothing to do, if that is meant; else --covariate NAME:categorical or NAME:numeric",
    )  # fmt: skip
