"""Sequences base by base, for the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from seqexpr.bundle.columns import prediction_columns
from seqexpr.bundle.intake import take_in
from seqexpr.data.covariates import read_covariates
from seqexpr.interpretation.mutagenesis import mutagenesis
from seqexpr.sequences import BASES
from seqexpr.serve.models import predict_rows
from seqexpr.serve.schemas import Effects, Explanation

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.serve.batching import Columns, Rows

__all__ = ["explain_rows"]


def explain_rows(
    bundle: Bundle,
    rows: Rows,
    *,
    ids: list[str],
    target: int,
    is_unwanted: Callable[[], bool],
) -> list[Explanation]:
    """Explain sequences by in-silico mutagenesis, one after the other.

    Parameters
    ----------
    bundle : Bundle
        The model.
    rows : Rows of n sequences
        What to explain.
    ids : list of str, length n
        Their names.
    target : int
        Which quantity.
    is_unwanted : callable
        Asked before each sequence; True ends it.

    Returns
    -------
    list of Explanation
        As many as there are sequences, fewer if it was not wanted any more.
    """
    columns = predict_rows(bundle, rows)
    intake = take_in(pd.Series(rows.sequences, dtype=object))
    beside = None
    if bundle.covariates:
        beside = read_covariates(pd.DataFrame(rows.covariates), bundle.covariates).frame
    found: list[Explanation] = []
    for row, sequence in enumerate(intake.sequences):
        if is_unwanted():
            break
        trust = _trust(columns, row, bundle.target_names, target)
        contributions: list[float] = []
        effects: dict[str, list[float]] = {base: [] for base in BASES}
        if trust["problem"] is None:
            covariates = None if beside is None else beside.iloc[[row]].reset_index(drop=True)
            made = mutagenesis(bundle.model, [sequence], target=target, covariates=covariates)
            contributions = made.contributions[0].tolist()
            effects = dict(zip(BASES, made.effects[0].tolist(), strict=True))
        found.append(
            Explanation(
                id=ids[row],
                sequence=sequence,
                contributions=contributions,
                effects=Effects(**effects),
                **trust,
            )
        )
    return found


def _trust(columns: Columns, row: int, names: tuple[str, ...], target: int) -> dict[str, Any]:
    """Return one row of the prediction of one target."""
    own = {
        prefix: columns[prediction_columns(names, prefix)[target]][row]
        for prefix in ("predicted", "lower", "upper")
    }
    rest = {name: columns[name][row] for name in ("in_domain", "domain_score", "problem")}
    return {name: None if value != value else value for name, value in (own | rest).items()}
