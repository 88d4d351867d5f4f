"""What speaks against an explanation: each check has a value, a limit and a plain sentence.

An explanation says what a model does, so a model that predicts nothing has none;
and a method can fail without a word. Each check compares what was found with
something that it must agree with if it is right.

References
----------
Adebayo et al. (2018), Sanity checks for saliency maps, NeurIPS (an explanation
that does not depend on the labels explains nothing). Shrikumar, Greenside & Kundaje (2017),
Learning important features through propagating activation differences, ICML,
equation 1 (summation to delta). Prakash et al. (2022), Towards more realistic simulated
datasets for benchmarking deep learning models in regulatory genomics, MLCB (planted truth).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqexpr.interpretation.attributions import Attributions

__all__ = [
    "LIMITS",
    "Check",
    "check_agreement",
    "check_evidence",
    "check_members",
    "check_signal",
    "check_sum",
    "check_twin",
    "correlate_contributions",
]

Floats = npt.NDArray[np.float64]

LIMITS = {
    "signal": 0.05,
    "sum": 0.05,
    "agreement": 0.5,
    "members": 0.5,
    "twin": 0.6,
    "evidence": 1.0,
}
"""What each check must reach; "sum" must not be above its limit."""


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes
    ----------
    name : str
        A key of :data:`LIMITS`.
    value : float or None
        What was found; None = it could not be looked at.
    limit : float
        What it must reach, or for "sum" must not pass.
    is_passed : bool or None
        None where it could not be looked at.
    text : str
        What was compared and what came of it, in a plain sentence.
    """

    name: str
    value: float | None
    limit: float
    is_passed: bool | None
    text: str


def check_signal(low: float | None, value: float | None, *, what: str) -> Check:
    """Check that the model predicts sequences that it was not trained on.

    Parameters
    ----------
    low, value : float or None
        Lower end of the 95% interval of the Pearson correlation on test, and the correlation.
    what : str
        Where that comes from.
    """
    limit = LIMITS["signal"]
    if low is None or value is None or not np.isfinite(low):
        text = "No score on test is known, so nobody knows whether the model predicts anything."
        return Check("signal", None, limit, None, text)
    passed = low >= limit
    text = f"Correlation with what was measured, {what}: {value:.2f}, at least {low:.2f}."
    if not passed:
        text += " The model does not predict; there is nothing to explain."
    return Check("signal", low, limit, passed, text)


def check_sum(attributions: Attributions) -> Check:
    """Check that contributions and the rest add up to the prediction.

    The value is the 95th percentile of the differences, in standard deviations of
    the predictions.
    """
    deltas, limit = attributions.deltas, LIMITS["sum"]
    if deltas is None or not len(deltas):
        text = "Mutagenesis asks one change at a time; there is nothing that must add up."
        return Check("sum", None, limit, None, text)
    scale = float(attributions.predictions.std()) or 1.0
    value = float(np.quantile(np.abs(deltas), 0.95)) / scale
    text = (
        f"Contributions add up to the prediction within {value:.1e} standard deviations of the "
        "predictions, for 95% of the sequences."
    )
    return Check("sum", value, limit, value <= limit, text)


def correlate_contributions(one: Floats, other: Floats, present: npt.NDArray[np.bool_]) -> float:
    """Return the median over sequences of the correlation of contributions along each.

    Parameters
    ----------
    one, other : ndarray of float64, shape (n, width)
        Contributions of the bases of the same sequences.
    present : ndarray of bool, shape (n, width)
        Where there is a base.

    Returns
    -------
    float
        Median Pearson correlation; sequences along which one of them is constant are
        left out; NaN if none is left.

    Examples
    --------
    >>> one = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
    >>> correlate_contributions(one, -one, np.ones((2, 3), dtype=bool))
    -1.0
    """
    times = np.maximum(present.sum(axis=1, keepdims=True), 1)

    def centred(values: Floats) -> Floats:
        kept = np.where(present, values, 0.0)
        return np.where(present, kept - kept.sum(axis=1, keepdims=True) / times, 0.0)

    a, b = centred(one), centred(other)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    usable = scale > 1e-12 * max(float(scale.max(initial=0.0)), 1e-300)
    if not usable.any():
        return float("nan")
    return float(np.median((a * b).sum(axis=1)[usable] / scale[usable]))


def check_agreement(attributions: Attributions, other: Attributions | None) -> Check:
    """Check contributions against those of the same sequences by another method.

    Parameters
    ----------
    attributions : Attributions
        What is explained with.
    other : Attributions or None
        By another method; None = the model has no other.
    """
    limit = LIMITS["agreement"]
    if other is None or other.method == attributions.method:
        text = "For such a model there is no other method than mutagenesis."
        return Check("agreement", None, limit, None, text)
    inside = np.asarray(attributions.present.any(axis=1))
    value = correlate_contributions(attributions.contributions, other.contributions, inside)
    text = (
        f"Correlation of {attributions.method} and {other.method} along a sequence: {value:.2f} in "
        f"the median of {len(other.sequences):,} sequences."
    )
    return Check("agreement", value, limit, bool(value >= limit), text)


def check_members(each: Sequence[Floats], present: npt.NDArray[np.bool_], *, what: str) -> Check:
    """Check that several models, fitted on other rows or from other seeds, say the same.

    Parameters
    ----------
    each : sequence of ndarray, shape (n, width)
        Contributions by each of them, at least two for the check to be made.
    present : ndarray of bool, shape (n, width)
        Where there is a base.
    what : str
        What they are: "members of the ensemble".
    """
    limit = LIMITS["members"]
    if len(each) < 2:
        text = "There is one model only, so nobody knows what another seed would say."
        return Check("members", None, limit, None, text)
    pairs = [
        correlate_contributions(one, other, present)
        for number, one in enumerate(each)
        for other in each[number + 1 :]
    ]
    value = float(np.mean(pairs))
    text = f"Correlation between {len(each)} {what} along a sequence: {value:.2f} on average."
    return Check("members", value, limit, bool(value >= limit), text)


def check_twin(n_found: int, n_planted: int, *, n_rows: int) -> Check:
    """Check that the same kind of model, on as many rows, shows motifs that were planted."""
    value, limit = n_found / max(n_planted, 1), LIMITS["twin"]
    text = (
        f"A twin of the model, trained on {n_rows:,} simulated sequences, shows {n_found} of the "
        f"{n_planted} motifs planted in them."
    )
    return Check("twin", value, limit, bool(value >= limit), text)


def check_evidence(n_confirmed: int, n_found: int, *, n_rows: int) -> Check:
    """Check that at least one motif is borne out by measurements the model has not seen."""
    limit = LIMITS["evidence"]
    if not n_rows:
        text = "There are no measurements that the model has not seen, so no motif is confirmed."
        return Check("evidence", None, limit, None, text)
    text = (
        f"{n_confirmed} of {n_found} motifs do the same in {n_rows:,} measurements that the model "
        "has not seen (5% false discoveries)."
    )
    return Check("evidence", float(n_confirmed), limit, n_confirmed >= limit, text)
