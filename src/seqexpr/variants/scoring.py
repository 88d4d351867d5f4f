"""The effect of a change: the difference of two predictions, its interval, and both domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.columns import prediction_columns
from seqexpr.bundle.fixed_covariates import fixed_covariates
from seqexpr.errors import InputError

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle

__all__ = ["EFFECT_COLUMNS", "Effects", "score_pairs"]

Floats = npt.NDArray[np.float64]

EFFECT_COLUMNS = ("effect", "effect_lower", "effect_upper", "reference", "alternative")
"""Columns of each target, in this order; with several targets followed by ``_NAME``."""


@dataclass(frozen=True, eq=False)
class Effects:
    """What n changes do to t targets.

    Attributes
    ----------
    reference, alternative : ndarray of float64, shape (n, t)
        Predictions without and with the change, on the modelled scale.
    lower, upper : ndarray of float64, shape (n, t)
        Ends of the interval of the effect; NaN where the model has none.
    in_domain : ndarray of object, shape (n,)
        Whether both sequences are like those of training; None = not judged.
    domain_scores : ndarray of float64, shape (n,)
        Of the sequence that is further away, 1 = the border; NaN = not judged.
    """

    reference: Floats
    alternative: Floats
    lower: Floats
    upper: Floats
    in_domain: Any
    domain_scores: Floats

    @property
    def effect(self) -> Floats:
        """The difference, alternative less reference, shape (n, t)."""
        return self.alternative - self.reference

    def columns(self, target_names: tuple[str, ...]) -> dict[str, Any]:
        """Return a column of each kind for each target, then those of the domain.

        Parameters
        ----------
        target_names : tuple of str, length t
            As the bundle has them.
        """
        import pandas as pd

        tables = (self.effect, self.lower, self.upper, self.reference, self.alternative)
        columns: dict[str, Any] = {}
        for target in range(len(target_names)):
            for prefix, table in zip(EFFECT_COLUMNS, tables, strict=True):
                columns[prediction_columns(target_names, prefix)[target]] = table[:, target]
        columns["in_domain"] = pd.array(self.in_domain, dtype="boolean")
        columns["domain_score"] = self.domain_scores
        return columns


def score_pairs(
    bundle: Bundle,
    references: list[str],
    alternatives: list[str],
    *,
    covariates: Mapping[str, object] | None = None,
) -> Effects:
    """Predict the effect of changes, given the sequence without and with each.

    Each distinct sequence is predicted once. The interval is one of the difference
    that an assay would measure: see :mod:`seqexpr.evaluation.differences`.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    references, alternatives : list of str, length n
        Upper-case DNA.
    covariates : mapping, optional
        The value of each covariate, for a model that reads any: see
        :func:`~seqexpr.bundle.fixed_covariates.fixed_covariates`.

    Returns
    -------
    Effects

    Raises
    ------
    InputError
        If the lists differ in length, or a covariate is missing.
    """
    if len(references) != len(alternatives):
        raise InputError(
            f"{len(references):,} references for {len(alternatives):,} alternatives; "
            "give one for each"
        )
    distinct = {
        sequence: row for row, sequence in enumerate(dict.fromkeys([*references, *alternatives]))
    }
    sequences = list(distinct)
    first, second = (
        np.fromiter((distinct[s] for s in side), dtype=np.int64, count=len(side))
        for side in (references, alternatives)
    )
    beside = fixed_covariates(bundle, covariates, n=len(sequences))
    values = bundle.predict_clean(
        sequences, batch_size=max(1, len(sequences)),
        covariates=None if beside is None else beside.frame,
    )  # fmt: skip
    strangeness = None if beside is None else beside.strangeness
    trust = bundle.calibration.judge(sequences, values, strangeness=strangeness)
    half = _half_widths(bundle, values, trust.domain_scores, first=first, second=second)
    effect = values[second] - values[first]
    scores = np.full(len(sequences), np.nan) if trust.domain_scores is None else trust.domain_scores
    further = np.maximum(scores[first], scores[second])
    inside: Any = (further <= 1).astype(object)
    inside[np.isnan(further)] = None
    return Effects(values[first], values[second], effect - half, effect + half, inside, further)


def _half_widths(
    bundle: Bundle,
    values: Floats,
    domain_scores: Floats | None,
    *,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
) -> Floats:
    intervals, differences = bundle.calibration.intervals, bundle.calibration.differences
    if intervals is None or differences is None:
        return np.full((len(first), values.shape[1]), np.nan)
    sigma = intervals.sigma(values, domain_scores)
    half = differences.half_widths(sigma[first], sigma[second])
    half[first == second] = 0.0  # the same sequence differs from itself by nothing
    return half
