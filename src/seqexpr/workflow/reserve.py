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
_PREDICTING_SHARE = 0.2
"""Share of a network's fit that its fits without one fold each, which are kept, take to predict the
test rows: 40 s of 277 s where they were a fifth of all rows, on both strands."""
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
        self._known: tuple[frozenset[int], Finalists] | None = None
        self._late: set[int] = set()

    def finalists(self) -> Finalists:
        """Return what would be fitted if the search ended now.

        A trial that ends so late that there is no time left to fit it, and what would be chosen
        with it, on all rows, changes nothing: what was chosen before it has had its time kept.
        """
        tried = self.search.tried
        if self._known is None or self._known[0] != tried.keys():
            material = self.search.material
            found = choose_finalists(
                {index: one for index, one in tried.items() if index not in self._late},
                material.targets, material.weights, groups=material.units,
            )  # fmt: skip
            if self._known is not None and self._known[1].best is not None:
                seen, before = self._known
                if self._left(found) < min(0.0, self._left(before)):
                    self._late |= {t.index for t in found.needed} - seen
                    found = before
            self._known = (frozenset(tried), found)
        return self._known[1]

    def seconds_left(self) -> float:
        """Return the seconds left for trials."""
        return self._left(self.finalists())

    def _left(self, found: Finalists) -> float:
        seconds = [self._last_fit(tried) for tried in found.needed]
        fits = max([sum(seconds) / self.search.n_jobs, *seconds], default=0.0)
        return self.budget.left(reserve=1.1 * fits + self._after(found))

    def appraisal(self) -> float:
        """Return the seconds that everything after the fits will take."""
        return self._after(self.finalists())

    def _after(self, found: Finalists) -> float:
        quick = self._quickest_good(_learned(found), dear=self._dear(found))
        fit = 0.0 if quick is None else self._fit_alone(quick)
        rows = len(self.search.material.sequences)
        seconds = _FIXED_SECONDS + _SECONDS_A_ROW * rows
        return seconds + _APPRAISAL_FITS * fit + self._refit(found)

    def _refit(self, found: Finalists) -> float:
        """Return the seconds that the selected model takes on all rows, members in turn."""
        if not self.refits or found.best is None:
            return 0.0
        return sum(self._full_fit(tried) for tried in found.members or (found.best,))

    def stand_in(self, rungs: list[Rung]) -> str:
        """Return the name of the rung that is appraised in place of the blend."""
        names = [rung.spec.name for rung in rungs]
        fitted = [t for t in _learned(self.finalists()) if rung_name(t) in names]
        quick = self._quickest_good(fitted, dear=self.dear)
        return names[-1] if quick is None else rung_name(quick)

    @property
    def dear(self) -> frozenset[str]:
        """Names of what takes too long to be fitted some dozen times."""
        return self._dear(self.finalists())

    def _dear(self, found: Finalists) -> frozenset[str]:
        limit = _STAND_IN_SHARE * self.budget.seconds / self.search.n_jobs
        slow = (t for t in found.in_order if self._fit_alone(t) > limit)
        return frozenset({BLEND, *map(rung_name, slow)})

    def _quickest_good(
        self, fits: list[TriedCandidate], *, dear: frozenset[str]
    ) -> TriedCandidate | None:
        """Return the best single finalist whose fit takes a small share of the budget."""
        quick = [t for t in fits if rung_name(t) not in dear]
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
            return _PREDICTING_SHARE * tried.outcome.fit_seconds
        return self._full_fit(tried)

    def _full_fit(self, tried: TriedCandidate) -> float:
        """Return the seconds of a fit on all train rows, from those of one without a fold."""
        folds = self.search.material.folds
        held = np.bincount(folds[folds >= 0]).max(initial=0)
        return tried.outcome.fit_seconds * len(folds) / max(1, len(folds) - int(held))


def _learned(found: Finalists) -> list[TriedCandidate]:
    return [t for t in found.in_order if t.candidate.model is None]
