"""What must be left of a search's budget for what comes after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqexpr.search.finish import Finalists, choose_finalists
from seqexpr.search.kept import are_kept
from seqexpr.search.learners import LEARNERS

if TYPE_CHECKING:
    from seqexpr.search.search import Search
    from seqexpr.search.triallog import TriedCandidate
    from seqexpr.workflow.budget import Budget
    from seqexpr.workflow.ladder import Rung

__all__ = ["BLEND", "Reserve", "rung_name"]

BLEND = "blend"
"""Name of the model that adds up the best candidates."""

_APPRAISAL_FITS = 8
"""Fits on all train rows that controls, learning curve and inflation are worth, measured."""
_FIXED_SECONDS = 12.0
_SECONDS_A_ROW = 5e-4
"""What reading, calibrating and drawing take, measured on two cores."""
_STAND_IN_SHARE = 0.015
"""Share of the budget that one fit of the model that is appraised may take, cores added up."""


def rung_name(tried: TriedCandidate) -> str:
    """Return the name that a finalist has in the ladder."""
    return tried.candidate.model or f"{tried.candidate.kind}_{tried.index}"


class Reserve:
    """Knows what must be left of the budget for what comes after the search."""

    def __init__(self, search: Search, budget: Budget, *, refits: bool) -> None:
        self.search = search
        self.budget = budget
        self.refits = refits
        self._known: tuple[int, Finalists] | None = None

    def finalists(self) -> Finalists:
        """Return what would be fitted if the search ended now."""
        if self._known is None or self._known[0] != len(self.search.tried):
            material = self.search.material
            found = choose_finalists(
                self.search.tried, material.targets, material.weights, groups=material.units
            )
            self._known = (len(self.search.tried), found)
        return self._known[1]

    def seconds_left(self) -> float:
        """Return the seconds left for trials."""
        seconds = [self._last_fit(tried) for tried in self.finalists().needed]
        fits = max([sum(seconds) / self.search.n_jobs, *seconds], default=0.0)
        return self.budget.left(reserve=1.1 * fits + self.appraisal())

    def appraisal(self) -> float:
        """Return the seconds that everything after the fits will take."""
        quick = self._quickest_good(self._learned())
        fit = 0.0 if quick is None else self._fit_alone(quick)
        rows = len(self.search.material.sequences)
        seconds = _FIXED_SECONDS + _SECONDS_A_ROW * rows
        return seconds + _APPRAISAL_FITS * fit + self._refit()

    def _refit(self) -> float:
        """Return the seconds that the selected model takes on all rows, members in turn."""
        found = self.finalists()
        if not self.refits or found.best is None:
            return 0.0
        return sum(self._full_fit(tried) for tried in found.members or (found.best,))

    def stand_in(self, rungs: list[Rung]) -> str:
        """Return the name of the rung that is appraised in place of the blend."""
        names = [rung.spec.name for rung in rungs]
        quick = self._quickest_good([t for t in self._learned() if rung_name(t) in names])
        return names[-1] if quick is None else rung_name(quick)

    @property
    def dear(self) -> frozenset[str]:
        """Names of what takes too long to be fitted some dozen times."""
        limit = _STAND_IN_SHARE * self.budget.seconds / self.search.n_jobs
        slow = (t for t in self.finalists().in_order if self._fit_alone(t) > limit)
        return frozenset({BLEND, *map(rung_name, slow)})

    def _learned(self) -> list[TriedCandidate]:
        return [t for t in self.finalists().in_order if t.candidate.model is None]

    def _quickest_good(self, fits: list[TriedCandidate]) -> TriedCandidate | None:
        """Return the best single finalist whose fit takes a small share of the budget."""
        quick = [t for t in fits if rung_name(t) not in self.dear]
        if quick:
            return max(quick, key=lambda t: t.outcome.scores.get("all", -np.inf))
        return min(fits, key=self._full_fit, default=None)

    def _fit_alone(self, tried: TriedCandidate) -> float:
        """Return the seconds of a fit with all cores: for a small network those with one."""
        learner = LEARNERS.get(tried.candidate.kind)
        is_network = learner is not None and learner.extra is not None
        return self._full_fit(tried) / (1 if is_network else self.search.n_jobs)

    def _last_fit(self, tried: TriedCandidate) -> float:
        """Return the seconds until a finalist is there, once trials have ended."""
        if are_kept(tried.candidate, self.search.material):
            return 0.0  # it is the mean of those without one fold each
        return self._full_fit(tried)

    def _full_fit(self, tried: TriedCandidate) -> float:
        """Return the seconds of a fit on all train rows, from those of one without a fold."""
        folds = self.search.material.folds
        held = np.bincount(folds[folds >= 0]).max(initial=0)
        return tried.outcome.fit_seconds * len(folds) / max(1, len(folds) - int(held))
