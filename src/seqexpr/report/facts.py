"""What an Evaluation says about one target, as numbers that words and figures share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.comparison import SIGNIFICANT

if TYPE_CHECKING:
    from seqexpr.evaluation.evaluation import Evaluation, ModelSummary, Score, SetName

__all__ = ["Floor", "TargetFacts", "concordance", "find_floor", "overlap"]

Floats = npt.NDArray[np.float64]

FLOOR_SHARE = 0.05
"""Share of the rows at the lowest value from which on it is called a floor."""


@dataclass(frozen=True)
class Floor:
    """The lowest value of a target, where many rows share it.

    Attributes
    ----------
    value : float
        The lowest value.
    share : float
        Share of the rows that have it, in (0, 1].
    """

    value: float
    share: float


def find_floor(values: Floats) -> Floor | None:
    """Return the floor of a target, or None where there is none.

    A floor is the lowest value when at least 5% of the rows share it, it is
    three times as common as any other, and there are more than 20 values, which
    leaves scores on a short scale, such as sort bins 0 to 9, without a floor.
    The input doctor's finding "target-floor" goes by the same rule.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Measured values, without NaN.

    Examples
    --------
    >>> find_floor(np.concatenate([np.full(60, -5.0), np.linspace(-4, 3, 40)]))
    Floor(value=-5.0, share=0.6)
    >>> find_floor(np.repeat(np.arange(10.0), 7)) is None
    True
    """
    if values.size == 0:
        return None
    distinct, counts = np.unique(values, return_counts=True)
    share = float(counts[0] / values.size)
    if distinct.size <= 20 or share < FLOOR_SHARE or counts[0] < 3 * counts[1:].max():
        return None
    return Floor(float(distinct[0]), share)


def overlap(one: Score | None, other: Score | None) -> bool | None:
    """Return whether two intervals overlap; None where one of them is not defined."""
    if one is None or other is None:
        return None
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return one.low <= other.high and other.low <= one.high


def concordance(observed: Floats, predicted: Floats, *, n_pairs: int = 200_000) -> float | None:
    """Return how often the higher of two values is also predicted higher.

    Pairs are drawn at random with a fixed seed; pairs with equal observed
    values are left out, equal predictions count half. 0.5 is a coin toss.

    Parameters
    ----------
    observed, predicted : ndarray of float64, shape (n,)
        Measured and predicted values.
    n_pairs : int
        Number of pairs drawn. With 200,000 the standard error is 0.001.

    Returns
    -------
    float or None
        In [0, 1]; None when no two observed values differ.

    Examples
    --------
    >>> concordance(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.9]))
    1.0
    """
    if observed.size < 2:
        return None
    rng = np.random.default_rng(0)
    first, second = rng.integers(observed.size, size=(2, n_pairs))
    gap = observed[first] - observed[second]
    keep = gap != 0
    if not keep.any():
        return None
    agreement = np.sign(gap[keep]) * np.sign(predicted[first[keep]] - predicted[second[keep]])
    return float(((agreement + 1) / 2).mean())


@dataclass(frozen=True, eq=False)
class TargetFacts:
    """One target of an Evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    name : str
        Name of the target.

    Attributes
    ----------
    unit : str
        Unit of the target, or an empty string.
    """

    evaluation: Evaluation
    name: str

    @classmethod
    def all_of(cls, evaluation: Evaluation) -> tuple[TargetFacts, ...]:
        """Return the facts of every target, in the order of the data set."""
        return tuple(cls(evaluation, str(t["name"])) for t in evaluation.dataset["targets"])

    @classmethod
    def of(cls, evaluation: Evaluation, target: str | None) -> TargetFacts:
        """Return the facts of one target, of the first if `target` is None."""
        return cls(evaluation, target or str(evaluation.dataset["targets"][0]["name"]))

    @cached_property
    def unit(self) -> str:
        """Unit of the target, or an empty string."""
        units = {t["name"]: t.get("unit") for t in self.evaluation.dataset["targets"]}
        return str(units.get(self.name) or "")

    @cached_property
    def _scores(self) -> dict[tuple[str, str, str], Score]:
        rows = (row for row in self.evaluation.rows if row.target == self.name)
        return {(row.model, row.set, row.metric): row for row in rows}

    def score(
        self, metric: str, *, model: str | None = None, set: SetName = "test"
    ) -> Score | None:
        """Return one score of one model (the selected one by default), or None."""
        return self._scores.get((model or self.evaluation.selected, set, metric))

    def value(
        self, metric: str, *, model: str | None = None, set: SetName = "test"
    ) -> float | None:
        """Return one score's value, or None where there is none or it is not defined."""
        score = self.score(metric, model=model, set=set)
        return None if score is None else score.value

    @cached_property
    def sets(self) -> tuple[SetName, ...]:
        """Sets that were scored: out-of-fold before test."""
        found = {key[1] for key in self._scores}
        names: tuple[SetName, ...] = ("validation", "test")
        return tuple(name for name in names if name in found)

    @cached_property
    def inside(self) -> str:
        """What the scores inside train are called: "out-of-fold", or "validation" for one fold."""
        return "validation" if self.evaluation.split.get("n_folds") == 1 else "out-of-fold"

    @cached_property
    def is_nested(self) -> bool:
        """Whether every row was tested, by nested cross-validation."""
        return self.evaluation.split.get("scheme") == "nested"

    @cached_property
    def inside_words(self) -> str:
        """How to say where the scores inside train come from."""
        return "in validation" if self.inside == "validation" else "out of fold"

    @cached_property
    def selected(self) -> ModelSummary:
        """The model that was chosen."""
        return next(m for m in self.evaluation.models if m.name == self.evaluation.selected)

    @cached_property
    def ranking(self) -> tuple[ModelSummary, ...]:
        """Models by R², best first: out-of-fold where there are folds, else on test."""
        by: SetName = self.sets[0] if self.sets else "test"

        def order(model: ModelSummary) -> float:
            value = self.value("r2", model=model.name, set=by)
            return np.inf if value is None else -value

        return tuple(sorted(self.evaluation.models, key=order))

    def is_settled(self, other: str) -> bool | None:
        """Whether the selected model and `other` differ for sure in R² on test.

        By the paired comparison, corrected for the number of pairs; by whether
        the intervals are apart where there is none. None where neither is known.
        """
        pair = {self.selected.name, other}
        for row in self.evaluation.comparisons:
            kind = (row.set, row.metric, row.target)
            if kind == ("test", "r2", self.name) and {row.model, row.other} == pair:
                return None if row.p_holm is None else row.p_holm < SIGNIFICANT
        meeting = overlap(self.score("r2"), self.score("r2", model=other))
        return None if meeting is None else not meeting

    @cached_property
    def best_baseline(self) -> ModelSummary | None:
        """The baseline with the highest R² on test, other than the selected model."""
        scored = [
            (value, model)
            for model in self.evaluation.models
            if model.is_baseline and model.name != self.evaluation.selected
            if (value := self.value("r2", model=model.name)) is not None
        ]
        return max(scored, key=lambda pair: pair[0])[1] if scored else None

    @cached_property
    def _rows(self) -> Any:
        frame = self.evaluation.predictions
        return frame[frame["target"] == self.name]

    def pairs(self, set: SetName = "test") -> tuple[Floats, Floats]:
        """Return observed and predicted values of the selected model, each of shape (n,).

        Rows without a finite value of either are left out.
        """
        rows = self._rows[self._rows["set"] == set]
        observed = rows["observed"].to_numpy(dtype=np.float64, na_value=np.nan)
        predicted = rows["predicted"].to_numpy(dtype=np.float64, na_value=np.nan)
        keep = np.isfinite(observed) & np.isfinite(predicted)
        return observed[keep], predicted[keep]

    @cached_property
    def measured(self) -> Floats:
        """Measured values, of out-of-fold and test rows together, shape (n,)."""
        return np.concatenate([self.pairs("validation")[0], self.pairs("test")[0]])

    @cached_property
    def floor(self) -> Floor | None:
        """The floor of the measured values, if there is one."""
        return find_floor(self.measured)

    @cached_property
    def concordance(self) -> float | None:
        """How often the higher of two test sequences is also predicted higher."""
        return concordance(*self.pairs("test"))
