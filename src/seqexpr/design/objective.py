"""What is sought, and how well a sequence serves it: by what the model is sure of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.interpretation.mutagenesis import mutation_effects

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.bundle import Bundle
    from seqexpr.data.covariates import CovariateReading

__all__ = ["By", "Goal", "Judge", "Judged", "Objective", "View", "widen"]

Floats = npt.NDArray[np.float64]

TIE = 0.1
"""What the prediction counts beside the bound."""

Goal: TypeAlias = Literal["max", "min", "value", "separate"]
By: TypeAlias = Literal["bound", "prediction"]


@dataclass(frozen=True, eq=False)
class View:
    """What of a model is looked at: one target, under one set of covariates.

    Attributes
    ----------
    target : int
        Which target.
    beside : CovariateReading of one row or None
        What the model reads beside every sequence.
    """

    target: int
    beside: CovariateReading | None = None

    @property
    def strangeness(self) -> float:
        """How strange the covariates are, 1 = the border of the training domain."""
        return 0.0 if self.beside is None else float(self.beside.strangeness[0])

    def covariates(self, n: int) -> pd.DataFrame | None:
        """Return what stands beside each of n sequences."""
        if self.beside is None:
            return None
        return self.beside.frame.iloc[np.zeros(n, dtype=int)].reset_index(drop=True)


@dataclass(frozen=True)
class Objective:
    """What is sought.

    Attributes
    ----------
    goal : {"max", "min", "value", "separate"}
        Raise the first view, lower it, bring it to a value, or raise it and lower
        the second one. Default "max".
    value : float or None
        For "value": where to, in units of the prediction.
    by : {"bound", "prediction"}
        "bound" goes by the end of the calibrated interval that speaks against a
        sequence: the lower one to raise, the upper one to lower, the one that is
        further from a value, lower less upper to separate. Beyond the span that
        intervals were calibrated on, bounds are all alike; so a tenth of what the
        prediction says is added. "prediction" goes by the prediction alone.
        Default "bound".
    in_domain : bool
        Whether designs must lie in the training domain. Default True.

    Examples
    --------
    >>> both = np.array([[3.0], [2.5]]), np.array([[1.0], [2.0]]), np.array([[5.0], [3.0]])
    >>> Objective("max").score(*both).tolist(), Objective("value", value=3).score(*both).tolist()
    ([1.3, 2.25], [-2.0, -1.05])
    >>> Objective("max", by="prediction").score(*both).tolist()
    [3.0, 2.5]
    """

    goal: Goal = "max"
    value: float | None = None
    by: By = "bound"
    in_domain: bool = True

    def measure(self, lower: Floats, upper: Floats) -> Floats:
        """Return what can be counted on, between two ends of what sequences may do.

        Parameters
        ----------
        lower, upper : ndarray of float64, shape (n, views)
            In units of the target.

        Returns
        -------
        ndarray of float64, shape (n,)
            The lower end to raise, the upper one to lower, the largest distance from
            a value, or the smallest difference.
        """
        if self.goal == "max":
            return lower[:, 0]
        if self.goal == "min":
            return upper[:, 0]
        if self.goal == "separate":
            return np.asarray(lower[:, 0] - upper[:, 1])
        wanted = float(self.value or 0.0)
        return np.maximum(np.abs(lower[:, 0] - wanted), np.abs(upper[:, 0] - wanted))

    def score(self, predicted: Floats, lower: Floats, upper: Floats) -> Floats:
        """Return how well sequences serve, shape (n,); higher is better.

        Parameters
        ----------
        predicted, lower, upper : ndarray of float64, shape (n, views)
            The predictions, and the ends of their intervals.
        """
        sign = -1.0 if self.goal in ("min", "value") else 1.0
        plain = self.measure(predicted, predicted)
        if self.by == "prediction":
            return sign * plain
        return sign * (self.measure(lower, upper) + TIE * plain)

    def reach(self, predicted: Floats) -> Floats:
        """Return the predictions, or to separate their difference, shape (n,)."""
        return predicted[:, 0] - predicted[:, 1] if self.goal == "separate" else predicted[:, 0]


@dataclass(frozen=True, eq=False)
class Judged:
    """n sequences and what the model says of them.

    Attributes
    ----------
    predicted, lower, upper : ndarray of float64, shape (n, views)
        NaN for the ends where the model has no intervals.
    domain_scores : ndarray of float64, shape (n,)
        1 = the border; NaN where the model has no domain.
    score : ndarray of float64, shape (n,)
        How well they serve; see :class:`Objective`.
    is_inside : ndarray of bool, shape (n,)
        Whether they lie where designs may lie.
    """

    predicted: Floats
    lower: Floats
    upper: Floats
    domain_scores: Floats
    score: Floats
    is_inside: npt.NDArray[np.bool_]

    def take(self, rows: Any) -> Self:
        """Return some of the sequences."""
        return type(self)(*(getattr(self, item.name)[rows] for item in fields(self)))

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Return several as one."""
        names = [item.name for item in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def rank(self) -> Floats:
        """One number that orders them: outside ones come last, the strangest at the very end."""
        outside = -1e300 * (1.0 + np.nan_to_num(self.domain_scores))
        return np.where(self.is_inside, self.score, outside)


def widen(
    predicted: Floats, lower: Floats, upper: Floats, *, span: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return the ends of intervals that reach back to the span that was calibrated.

    A prediction beyond all that were compared with a measurement is extrapolated,
    and its interval promises nothing. What is added beyond the span is not believed:
    the lower end stays where it would be at the end of the span.

    Parameters
    ----------
    predicted, lower, upper : ndarray of float64, shape (n,)
        Predictions and the ends of their intervals.
    span : (float, float)
        Smallest and largest prediction that intervals were calibrated on.

    Examples
    --------
    >>> ends = widen(np.array([1.0, 5.0]), np.array([0.0, 4.0]), np.array([2.0, 6.0]), span=(0, 3))
    >>> [end.tolist() for end in ends]
    [[0.0, 2.0], [2.0, 6.0]]
    """
    beyond = predicted - np.clip(predicted, *span)
    return lower - np.maximum(beyond, 0), upper - np.minimum(beyond, 0)


class Judge:
    """Judge sequences by a model and an objective.

    Parameters
    ----------
    bundle : Bundle
        The model, with its intervals and its domain.
    objective : Objective
        What is sought.
    views : tuple of View
        One, or to separate two.

    Attributes
    ----------
    n_judged : int
        How many sequences were judged so far, changes by mutagenesis included.

    Raises
    ------
    InputError
        If the objective needs intervals or a domain that the model does not have.
    """

    def __init__(self, bundle: Bundle, objective: Objective, views: tuple[View, ...]) -> None:
        self.bundle, self.objective, self.views = bundle, objective, views
        self.n_judged = 0
        calibration = bundle.calibration
        if objective.by == "bound" and calibration.intervals is None:
            raise InputError(
                "the model has no calibrated intervals (it was trained on too few rows), so there "
                "is no bound to go by; pass --objective prediction"
            )
        if objective.in_domain and calibration.domain is None:
            raise InputError(
                "the model has no training domain (it was trained on too few rows), so designs "
                "cannot be held inside of it; pass --outside-domain"
            )

    def judge(self, sequences: list[str], predicted: Floats | None = None) -> Judged:
        """Predict sequences, and say how well they serve.

        Parameters
        ----------
        sequences : list of str, length n
            Upper-case DNA.
        predicted : ndarray of float64, shape (n, views), optional
            Their predictions, where they are known.
        """
        if predicted is None:
            predicted = self.predict(sequences)
        self.n_judged += len(sequences)
        domain = self.bundle.calibration.domain
        scores = np.full(len(sequences), np.nan)
        if domain is not None and sequences:
            scores = domain.score(sequences)[0]
        lower, upper = self._ends(predicted, scores)
        scores = np.maximum(scores, max(view.strangeness for view in self.views))
        score = self.objective.score(predicted, lower, upper)
        inside = np.isfinite(score)
        if self.objective.in_domain:
            inside &= scores <= 1
        return Judged(predicted, lower, upper, scores, score, inside)

    def best_case(self, predicted: Floats) -> Floats:
        """Return scores that sequences with these predictions cannot exceed, shape (n,).

        They are those of sequences right in the middle of the training domain:
        intervals never narrow as a sequence gets stranger.
        """
        return self.objective.score(predicted, *self._ends(predicted, np.zeros(len(predicted))))

    def _ends(self, predicted: Floats, domain_scores: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the intervals, shape (n, views); NaN where there are none."""
        lower, upper = np.full(predicted.shape, np.nan), np.full(predicted.shape, np.nan)
        intervals = self.bundle.calibration.intervals
        if intervals is None or not len(predicted):
            return lower, upper
        for column, view in enumerate(self.views):
            # Intervals are of all targets at once; only the column of this one is looked at.
            table = np.zeros((len(predicted), len(intervals.targets)))
            table[:, view.target] = predicted[:, column]
            ends = intervals.predict(table, np.maximum(domain_scores, view.strangeness))
            lower[:, column], upper[:, column] = widen(
                predicted[:, column], ends[0][:, view.target], ends[1][:, view.target],
                span=intervals.span(view.target),
            )  # fmt: skip
        return lower, upper

    def predict(self, sequences: list[str]) -> Floats:
        """Predict sequences, shape (n, views)."""
        found = np.empty((len(sequences), len(self.views)))
        known: dict[int, Floats] = {}
        for column, view in enumerate(self.views):
            key = id(view.beside)
            if key not in known:
                beside = view.covariates(len(sequences))
                known[key] = self.bundle.predict_clean(sequences, covariates=beside)
            found[:, column] = known[key][:, view.target]
        return found

    def effects(self, sequences: list[str]) -> Floats:
        """Return the change of each view by each change of a base.

        Parameters
        ----------
        sequences : list of str, length n
            Upper-case DNA, all of one length.

        Returns
        -------
        ndarray of float64, shape (n, 4, length, views)
        """
        each = [
            mutation_effects(
                self.bundle.model, sequences, target=view.target,
                covariates=view.covariates(len(sequences)),
            )
            for view in self.views
        ]  # fmt: skip
        return np.stack(each, axis=-1)
