"""What a line or trees over words say, laid back on the bases that the words stand on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.interpretation.attributions import Attributions, Method, name_rows, present_bases
from seqexpr.interpretation.terms import Term, locate_features, terms_of

__all__ = ["lay_back_model"]

Floats = npt.NDArray[np.float64]

BATCH = 256
"""Sequences at a time: every word of each is held in memory."""


def lay_back_model(
    model: Any,
    sequences: list[str],
    *,
    ids: list[str] | None = None,
    target: int = 0,
    target_name: str = "prediction",
) -> Attributions:
    """Lay what each feature contributes back on the bases that it stands on, evenly.

    For a line over features a feature contributes its coefficient times its
    value. For boosted trees it is the feature's Shapley value (TreeSHAP, exact);
    what a feature contributes that is not there lies on no base, and stays in
    `rest`, as the intercept does.

    Parameters
    ----------
    model : estimator
        Fitted, over sequences: a line or trees over features that know where
        they stand, or a weighted sum of such.
    sequences : list of str, length n
        Upper-case DNA.
    ids : list of str, length n, optional
        Names; by default 1, 2, ….
    target : int
        Which target. Default 0.
    target_name : str
        What it is called. Default "prediction".

    Returns
    -------
    Attributions
        Of the method "weights", or "trees" if there are any; rest and contributions add
        up to the prediction.

    References
    ----------
    Lundberg et al. (2020), From local explanations to global understanding with
    explainable AI for trees, Nature Machine Intelligence 2:56-67 (TreeSHAP).

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> model = make_model("ridge").fit(["ACGT", "AAAA", "CCCC"] * 5, [1.0, 0.0, 0.0] * 5)
    >>> found = lay_back_model(model, ["ACGTA"])
    >>> bool(abs(found.deltas[0]) < 1e-9), found.method
    (True, 'weights')
    """
    width = max(map(len, sequences), default=0)
    laid = np.zeros((len(sequences), width))
    constant, terms = terms_of(model, target)
    rest = np.full(len(sequences), constant)
    method: Method = "trees" if any(term.kind == "trees" for term in terms) else "weights"
    for term in terms:
        lay_back = _lay_back_trees if term.kind == "trees" else _lay_back_line
        for start in range(0, len(sequences), BATCH):
            rows = slice(start, start + BATCH)
            bases, beside = lay_back(term, sequences[rows], width)
            laid[rows] += term.weight * bases
            rest[rows] += term.weight * beside
    predictions = np.asarray(model.predict(sequences), dtype=np.float64)
    predictions = predictions if predictions.ndim == 1 else predictions[:, target]
    names = name_rows(ids, len(sequences))
    return Attributions(
        laid[:, None, :] * present_bases(sequences),
        tuple(sequences),
        names,
        target_name,
        method,
        predictions,
        rest,
    )


def _lay_back_line(term: Term, sequences: list[str], width: int) -> tuple[Floats, Floats]:
    """Return what lies on the bases, and what on none."""
    places = locate_features(term.features, sequences)
    amounts = term.regressor.coef_[term.target][places.columns] * places.values
    intercept = np.full(len(sequences), term.regressor.intercept_[term.target])
    return places.lay_back(amounts, width=width), intercept


def _lay_back_trees(term: Term, sequences: list[str], width: int) -> tuple[Floats, Floats]:
    places = locate_features(term.features, sequences)
    values = term.features.transform(sequences).toarray().astype(np.float64)
    shapley = term.regressor.shapley_values(values, term.target)
    where = (places.rows, places.columns)
    laid = places.lay_back(shapley[where] * places.values / values[where], width=width)
    absent = shapley[:, -1] + (shapley[:, :-1] * (values == 0)).sum(axis=1)
    return laid, absent
