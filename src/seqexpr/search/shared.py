"""A long trial that several processes share: each fits the candidate without another fold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from seqexpr.search.trials import Outcome, mean_r2

__all__ = ["SharedTrial"]


@dataclass(eq=False)
class SharedTrial:
    """A network that keeps up after its first fold, whose other folds any process may fit.

    Parameters
    ----------
    outcome : Outcome
        What is known of it: at first its "open" outcome, after one fold.
    waiting : list of int
        Folds that nobody has begun; the next first.

    Examples
    --------
    >>> first = Outcome("open", {"fold": 0.5}, out_of_fold=np.array([[1.0], [np.nan]]))
    >>> trial = SharedTrial(first, waiting=[1])
    >>> trial.begin()
    1
    >>> trial.add(1, Outcome("open", {}, seconds=2.0, out_of_fold=np.array([[np.nan], [3.0]])))
    >>> trial.is_over, trial.ended(np.array([[1.0], [3.0]])).scores["all"]
    (True, 1.0)
    """

    outcome: Outcome
    waiting: list[int]
    running: set[int] = field(default_factory=set)

    @property
    def score(self) -> float:
        """R² on the rows of the first fold."""
        return self.outcome.scores.get("fold", -np.inf)

    @property
    def is_over(self) -> bool:
        """Whether no fold is left, or being fitted."""
        return not self.waiting and not self.running

    def begin(self) -> int:
        """Take the next fold."""
        fold = self.waiting.pop(0)
        self.running.add(fold)
        return fold

    def give_back(self, fold: int) -> None:
        """Let a fold whose process has ended wait again."""
        self.running.discard(fold)
        self.waiting.insert(0, fold)

    def prune(self) -> None:
        """Begin no other fold: another trial is clearly better."""
        self.waiting.clear()
        self.outcome = replace(self.outcome, state="pruned", out_of_fold=None)

    def add(self, fold: int, fitted: Outcome) -> None:
        """Add the predictions of a fold; where its fit failed, the trial has failed."""
        self.running.discard(fold)
        before, now = self.outcome.out_of_fold, fitted.out_of_fold
        if before is None:  # it has failed, or was pruned
            return
        if now is None:
            self.waiting.clear()
            self.outcome = replace(
                self.outcome, state="failed", message=fitted.message, out_of_fold=None
            )
            return
        known = np.where(np.isfinite(now), now, before)
        seconds = self.outcome.seconds + fitted.seconds
        self.outcome = replace(self.outcome, out_of_fold=known, seconds=seconds)

    def ended(self, targets: npt.NDArray[np.float64]) -> Outcome:
        """Return the outcome: complete, or partial where there was time for some folds only."""
        predicted = self.outcome.out_of_fold
        if predicted is None:
            return self.outcome
        if not np.isfinite(predicted).all():
            return replace(self.outcome, state="partial")
        scores = {**self.outcome.scores, "all": mean_r2(targets, predicted)}
        return replace(self.outcome, state="complete", scores=scores)
