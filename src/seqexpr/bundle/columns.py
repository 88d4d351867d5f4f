"""The columns of a prediction: the value, its interval, and whether it lies in the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.data.covariates import CovariateReading

__all__ = ["prediction_columns", "prediction_values"]


def prediction_columns(target_names: tuple[str, ...], prefix: str = "predicted") -> tuple[str, ...]:
    """Return the names of the columns that there is one of for each target.

    Examples
    --------
    >>> prediction_columns(("expression",)), prediction_columns(("a", "b"), "lower")
    (('predicted',), ('lower_a', 'lower_b'))
    """
    if len(target_names) == 1:
        return (prefix,)
    return tuple(f"{prefix}_{name}" for name in target_names)


def prediction_values(
    bundle: Bundle,
    sequences: list[str],
    rows: npt.NDArray[np.bool_],
    *,
    beside: CovariateReading | None = None,
) -> dict[str, Any]:
    """Predict sequences, and say how far to trust each prediction.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    sequences : list of str, length m
        Upper-case DNA.
    rows : ndarray of bool, shape (n,)
        Which of the n rows of the result they are, m of them; the others stay
        empty.

    beside : CovariateReading of n rows, optional
        Covariates, if the model reads any.

    Returns
    -------
    dict
        For each target predicted, lower and upper; then in_domain and
        domain_score. Columns of length n.
    """
    import pandas as pd

    names, n = bundle.target_names, len(rows)
    value, lower, upper = (np.full((n, len(names)), np.nan) for _ in range(3))
    scores = np.full(n, np.nan)
    inside = np.full(n, None, dtype=object)
    if sequences:
        covariates = None if beside is None else beside.frame[rows]
        value[rows] = bundle.predict_clean(
            sequences, batch_size=len(sequences), covariates=covariates
        )
        strangeness = None if beside is None else beside.strangeness[rows]
        trust = bundle.calibration.judge(sequences, value[rows], strangeness=strangeness)
        lower[rows], upper[rows] = trust.lower, trust.upper
        if trust.domain_scores is not None:
            scores[rows] = trust.domain_scores
        inside[rows] = trust.in_domain
    if beside is not None:
        inside[beside.unknown] = False  # a category that training lacked is outside, for sure
    columns: dict[str, Any] = {}
    for target in range(len(names)):
        for prefix, table in (("predicted", value), ("lower", lower), ("upper", upper)):
            columns[prediction_columns(names, prefix)[target]] = table[:, target]
    columns["in_domain"] = pd.array(inside, dtype="boolean")
    columns["domain_score"] = scores
    return columns
