"""The end of a search: which of the tried candidates are fitted on all train rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.models.blending import blend_out_of_fold, blending_weights
from seqexpr.search.search import MATRIX_BYTES, Search
from seqexpr.search.triallog import TriedCandidate
from seqexpr.search.trials import mean_r2
from seqexpr.search.workers import FinalFit, fit_finally

__all__ = ["Finalists", "choose_finalists", "fit_finalists", "out_of_fold"]

Floats = npt.NDArray[np.float64]

_POOL = 30
"""Best trials that may be members of the blend."""
_MOST_MEMBERS = 8
_LEAST_WEIGHT = 0.02
"""Share of the weights below which a member is not worth its time."""


@dataclass(frozen=True, eq=False)
class Finalists:
    """What is fitted on all train rows.

    Attributes
    ----------
    best : TriedCandidate or None
        Best single candidate by out-of-fold score; None before one is complete.
    of_each_kind : tuple of TriedCandidate
        Baselines, and the best of each learner.
    members : tuple of TriedCandidate
        Members of the blend, the one with the largest weight first; fewer than
        two = no blend.
    rows : ndarray of bool, shape (n,)
        Rows that all of them have out-of-fold predictions of, where they are
        compared: fewer than were validated if there was time for a member on
        some folds only.
    """

    best: TriedCandidate | None
    of_each_kind: tuple[TriedCandidate, ...]
    members: tuple[TriedCandidate, ...]
    rows: npt.NDArray[np.bool_]

    @property
    def in_order(self) -> list[TriedCandidate]:
        """Each once: those that are needed, then the best of the other learners."""
        wanted = [*self.needed, *self.of_each_kind]
        return list({tried.index: tried for tried in wanted}.values())

    @property
    def needed(self) -> list[TriedCandidate]:
        """Each once: the best, the quick baselines, the members."""
        quick = [t for t in self.of_each_kind if t.candidate.model is not None]
        wanted = [*([] if self.best is None else [self.best]), *quick, *self.members]
        return list({tried.index: tried for tried in wanted}.values())


def choose_finalists(
    tried: Mapping[int, TriedCandidate],
    targets: Floats,
    weights: Floats | None = None,
    *,
    groups: Any = None,
) -> Finalists:
    """Choose by out-of-fold predictions alone.

    Trials that predicted the rows of some folds only are taken into account
    where the blend with them is better on those rows; all are compared there
    then.

    Parameters
    ----------
    tried : mapping of int to TriedCandidate
        Finished trials.
    targets : ndarray of float64, shape (n, t)
        Of the train rows; NaN = not measured.
    weights : ndarray of float64, shape (n,), optional
        Sample weights.
    groups : array-like, shape (n,), optional
        Rows of a group are weighed together.
    """
    predicted = [t for t in tried.values() if t.outcome.out_of_fold is not None]
    complete = [t for t in predicted if t.outcome.state != "partial"]
    partial = [t for t in predicted if t.outcome.state == "partial"]
    found = _choose(complete, targets, weights)
    if not partial:
        return found
    every = _choose([*complete, *partial], targets, weights)
    if found.best is None or _gain(every, found, targets, weights, groups=groups) > 0:
        return every
    return found


def _choose(
    candidates: Sequence[TriedCandidate], targets: Floats, weights: Floats | None
) -> Finalists:
    """Choose on the rows that all of them predicted."""
    rows = np.ones(len(targets), dtype=bool)
    for t in candidates:
        rows &= np.isfinite(_predictions(t)).all(axis=1)
    scores = {t.index: _score(t, targets, rows) for t in candidates}
    ordered = sorted(candidates, key=lambda t: (-scores[t.index], t.index))
    best_of_kind: dict[str, TriedCandidate] = {}
    for t in ordered:
        best_of_kind.setdefault(t.candidate.kind, t)
    learned = [t for t in ordered if not t.candidate.is_baseline]
    pool = [t for t in learned if t.candidate.model is None and scores[t.index] > 0]
    firsts = [t for t in best_of_kind.values() if t in pool]
    pool = list({t.index: t for t in [*pool[:_POOL], *firsts]}.values())
    return Finalists(
        best=next(iter(learned), None),
        of_each_kind=tuple(best_of_kind.values()),
        members=tuple(_members(pool, targets, weights, rows)),
        rows=rows,
    )


def _gain(
    every: Finalists, found: Finalists, targets: Floats, weights: Floats | None, *, groups: Any
) -> float:
    """Return the R² that partial trials add on their rows, with cross-fitted weights."""
    scores = []
    for one in (every, found):
        members = one.members or tuple(t for t in (one.best,) if t is not None)
        predictions = out_of_fold(members)
        predictions = np.where(every.rows[:, None], predictions, np.nan)
        units = np.arange(len(targets)) if groups is None else groups
        blended = blend_out_of_fold(predictions, targets, groups=units, sample_weight=weights)
        scores.append(mean_r2(targets, blended))
    return scores[0] - scores[1]


def _predictions(tried: TriedCandidate) -> Floats:
    if tried.outcome.out_of_fold is None:
        raise RuntimeError("asked only of trials that predicted")
    return tried.outcome.out_of_fold


def _score(tried: TriedCandidate, targets: Floats, rows: npt.NDArray[np.bool_]) -> float:
    score = mean_r2(targets[rows], _predictions(tried)[rows])
    return score if np.isfinite(score) else -np.inf


def out_of_fold(tried: Sequence[TriedCandidate]) -> Floats:
    """Return the out-of-fold predictions of complete trials, shape (m, n, t)."""
    return np.stack([t.outcome.out_of_fold for t in tried if t.outcome.out_of_fold is not None])


def _members(
    pool: Sequence[TriedCandidate],
    targets: Floats,
    weights: Floats | None,
    rows: npt.NDArray[np.bool_],
) -> list[TriedCandidate]:
    """Return those that the best non-negative sum needs, the heaviest first."""
    for _ in range(2):  # the second time without those that weighed next to nothing
        if len(pool) < 2:
            return []
        share = blending_weights(
            out_of_fold(pool)[:, rows], targets[rows], None if weights is None else weights[rows]
        ).mean(axis=0)
        order = np.argsort(-share, kind="stable")[:_MOST_MEMBERS]
        pool = [pool[i] for i in order if share[i] > _LEAST_WEIGHT * share.sum()]
    return list(pool) if len(pool) > 1 else []


def fit_finalists(
    search: Search,
    finalists: Finalists,
    test: Any,
    *,
    seconds_left: Callable[[], float],
    on_fit: Callable[[TriedCandidate, int, int], None],
    on_failure: Callable[[TriedCandidate, str], None],
) -> dict[int, FinalFit]:
    """Fit the finalists on all train rows, the most wanted first, until time is up.

    The best candidate is always waited for, so that there is a model; where it
    cannot be fitted, the next. If a process ends, most often for want of memory,
    what is left is fitted one by one.

    Parameters
    ----------
    search : Search
        Whose processes do it.
    finalists : Finalists
        What is fitted.
    test : list of str, or DataFrame with covariates, n_test rows
        What to predict. Their targets are not here.
    seconds_left : callable
        Seconds that may still be spent.
    on_fit : callable
        Told of each finished fit, how many there are, and of how many.
    on_failure : callable
        Told of each finalist that could not be fitted, and why.

    Returns
    -------
    dict of int to FinalFit
        By number of the trial.
    """
    wanted, n_wanted, n_jobs = finalists.in_order, len(finalists.in_order), search.n_jobs
    queue = list(wanted)
    running: dict[Future[FinalFit], TriedCandidate] = {}
    fits: dict[int, FinalFit] = {}
    try:
        while wanted and (queue or running) and (seconds_left() > 0 or wanted[0].index not in fits):
            while queue and len(running) < n_jobs:
                future = search.submit(
                    fit_finally, queue[0].candidate, test=test, max_bytes=MATRIX_BYTES
                )
                if future is not None:
                    running[future] = queue.pop(0)
                elif running:
                    break
            done, _ = wait(running, timeout=1, return_when=FIRST_COMPLETED)
            for future in done:
                tried = running.pop(future, None)
                if tried is None:  # it was lost with another, and waits again
                    continue
                try:
                    fits[tried.index] = future.result()
                    on_fit(tried, len(fits), n_wanted)
                    continue
                except BrokenExecutor as error:
                    search.stop_workers()
                    if running:  # whose fault it was shows when each runs alone
                        queue, n_jobs = [tried, *running.values(), *queue], 1
                        running.clear()
                        continue
                    message = f"its process ended: {error}"
                except Exception as error:  # the others may do
                    message = f"{type(error).__name__}: {error}"
                wanted.remove(tried)
                on_failure(tried, message)
    finally:
        search.stop_workers()
    return fits
