"""The search: trials side by side within a budget of time, none of them lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqexpr.processes import start_workers
from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate
from seqexpr.search.material import Material
from seqexpr.search.proposals import BASELINES, bars_for, long_starts, portfolio, propose
from seqexpr.search.shared import SharedTrial
from seqexpr.search.triallog import TrialLog, TriedCandidate
from seqexpr.search.trials import KEEPS_UP, Outcome
from seqexpr.search.workers import MATERIAL_FILE, try_candidate, try_fold

__all__ = ["MATRIX_BYTES", "Search", "SearchState"]

MATRIX_BYTES = 8 * 2**30
"""Largest size of the feature matrices kept on disk."""
_PATIENCE = 1.5
LOOKBACK = 8
"""Trial k learns from the trials up to k - LOOKBACK, so that as many run side by side."""


@dataclass(frozen=True)
class SearchState:
    """How far a search is.

    Attributes
    ----------
    n_finished : int
        Trials that have ended.
    best : TriedCandidate or None
        The one with the best out-of-fold score.
    elapsed : float
        Seconds spent.
    """

    n_finished: int
    best: TriedCandidate | None
    elapsed: float


@dataclass(frozen=True)
class _Running:
    """A trial, or one fold of a trial that is shared, that is being run."""

    index: int
    started: float
    fold: int | None = None
    alone: bool = False
    """Whether nothing runs beside it, since a process has ended while it ran."""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


@dataclass(eq=False)
class Search:
    """A search over pipelines, on train rows only.

    Trial k is proposed from the trials up to k - 8, and is stopped early by
    what those reached, so that the same seed gives the same trials whatever
    the number of processes, the order in which trials end, and the number of
    times that the search was killed and resumed. (With more than eight
    processes the distance is their number.) What time alone decides is how
    many trials there are. Networks that may take all the time there is, which
    nothing is learnt from, are fitted without several folds side by side.

    Parameters
    ----------
    material : Material
        Train rows.
    folder : Path
        Where trials and feature matrices are kept; trials that are there are
        taken up.
    n_jobs : int
        Worker processes, of one thread each. Default 1.
    n_trials : int, optional
        Trials after which it ends, baselines not counted; None = when time is
        up.
    motifs : tuple of str
        Sets of motifs that may be tried; see
        :func:`seqexpr.search.blocks.motif_sets`.
    longest : float
        Seconds that one trial may take. Default any.
    """

    material: Material
    folder: Path
    n_jobs: int = 1
    n_trials: int | None = None
    motifs: tuple[str, ...] = ()
    longest: float = float("inf")
    tried: dict[int, TriedCandidate] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.library = Library.of(
            self.material.sequences,
            motifs=self.motifs,
            covariates=self.material.covariates is not None,
            transfers=bool(self.material.init_from),
        )
        self.log = TrialLog(self.folder, self.library)
        self.tried = self.log.read()
        self.n_resumed = len(self.tried)
        self.spent = max((tried.elapsed for tried in self.tried.values()), default=0.0)
        self.starts = portfolio(self.library)
        self.n_free = len(portfolio(self.library, free_only=True))
        long = {start.key for start in long_starts(self.library)}
        self.apart = frozenset(i for i, start in enumerate(self.starts) if start.key in long)
        self.material.write(self.folder / MATERIAL_FILE)
        self._candidates: dict[int, Candidate] = {}
        self._shared: dict[int, SharedTrial] = {}
        self._suspects: set[int] = set()  # were running when a process broke
        self._executor: Any = None

    @property
    def best(self) -> TriedCandidate | None:
        """The complete trial with the best out-of-fold score."""
        return max(
            (t for t in self.tried.values() if np.isfinite(t.outcome.scores.get("all", np.nan))),
            key=lambda t: (t.outcome.scores["all"], -t.index), default=None,
        )  # fmt: skip

    @property
    def may_end(self) -> bool:
        """Whether there is a model to end with, or nothing is left that was sure to be tried."""
        return len(self.tried) >= len(self.starts) or any(
            t.outcome.out_of_fold is not None and not t.candidate.is_baseline
            for t in self.tried.values()
        )

    @property
    def executor(self) -> Any:
        """The worker processes, started when they are first needed."""
        if self._executor is None:
            self._executor = start_workers(self.n_jobs)
        return self._executor

    def submit(self, call: Callable[..., Any], candidate: Candidate, **named: Any) -> Any:
        """Let a worker process call a function of the folder, the choices and the library.

        Returns
        -------
        Future or None
            None where a process has ended since the last call: what was running
            is lost, and the next call starts new processes.
        """
        choices = dict(candidate.choices)
        try:
            return self.executor.submit(call, str(self.folder), choices, self.library, **named)
        except BrokenExecutor:
            self.stop_workers()
            return None

    def stop_workers(self) -> None:
        """End the worker processes, whatever they are doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None

    def close(self) -> None:
        """End the worker processes and let go of the files."""
        self.stop_workers()
        self.log.close()

    def run(
        self, seconds_left: Callable[[], float], *, on_state: Callable[[SearchState], None]
    ) -> None:
        """Run trials until their number or the time is reached, but not before there is a model.

        Parameters
        ----------
        seconds_left : callable
            Seconds that may still be spent on trials; asked again and again.
        on_state : callable
            Told how far the search is, about once a second.
        """
        started = time.monotonic() - self.spent
        running: dict[Future[Outcome], _Running] = {}
        try:
            while seconds_left() > 0 or not self.may_end:
                self._submit(running, seconds_left() if self.may_end else float("inf"))
                if not running:
                    break
                done, _ = wait(running, timeout=1, return_when=FIRST_COMPLETED)
                for future in done:
                    self._finish(running.pop(future), future, time.monotonic() - started)
                self._end_overdue(running, time.monotonic() - started)
                on_state(SearchState(len(self.tried), self.best, time.monotonic() - started))
            for index, trial in self._shared.items():  # with the folds that there was time for
                self._keep(index, trial.ended(self.material.targets), time.monotonic() - started)
            self._shared.clear()
        finally:
            if running:  # time is up, or the user has had enough
                self.stop_workers()

    def _end_overdue(self, running: dict[Future[Outcome], _Running], elapsed: float) -> None:
        """End a trial that takes far longer than one may: others wait to learn from it.

        Its process cannot be ended alone; the other trials begin again.
        """
        late = [
            one for one in running.values()
            if one.index not in self.apart and one.seconds > _PATIENCE * self.longest
        ]  # fmt: skip
        if not late:
            return
        self.stop_workers()
        for one in running.values():
            self._give_back(one)
        running.clear()
        for one in late:
            self._keep(one.index, Outcome("slow", {}, seconds=one.seconds), elapsed)

    def _submit(self, running: dict[Future[Outcome], _Running], seconds_left: float) -> None:
        while len(running) < self.n_jobs:
            indices = {one.index for one in running.values()}
            shared = self._next_shared(seconds_left, indices)
            index = self._next(indices) if shared is None else shared
            alone = bool(self._suspects & {index, *indices})
            if index is None or (alone and running):
                return
            fold = None if shared is None else self._shared[shared].begin()
            one = _Running(index, time.monotonic(), fold, alone)
            future = self._start(one, seconds_left)
            if future is not None:
                running[future] = one
                continue
            self._give_back(one)
            if running:
                return

    def _start(self, one: _Running, seconds_left: float) -> Any:
        """Let a worker run a trial or a fold; None where a process has ended, as in `submit`."""
        candidate, index = self._candidate(one.index), one.index
        if one.fold is not None:
            return self.submit(
                try_fold, candidate, fold=one.fold, seconds_left=seconds_left,
                max_bytes=MATRIX_BYTES,
            )  # fmt: skip
        bars = {} if index < self.n_free else bars_for(self._known(index))
        if index not in self.apart:
            seconds_left, rounds = min(seconds_left, self.longest), 0
        elif index == min(self.apart):
            rounds = 1
        else:  # where there is time for all its folds beside those of the best so far
            seconds_left -= self._owed(seconds_left)
            rounds = self._rounds(self.material.n_folds)
        return self.submit(
            try_candidate, candidate, bars=bars, seconds_left=seconds_left, rounds=rounds,
            max_bytes=MATRIX_BYTES,
        )  # fmt: skip

    def _give_back(self, one: _Running) -> None:
        """Let what was begun and lost wait again."""
        if one.fold is not None:
            self._shared[one.index].give_back(one.fold)

    def _next_shared(self, seconds_left: float, running: set[int]) -> int | None:
        """Return the shared trial whose next fold is to be fitted, None if none is.

        The best of those that there is time for, once all that may be shared have been begun.
        """
        begun = {*self.tried, *self._shared, *running}
        if any(index not in begun and index < self._end for index in self.apart):
            return None
        return self._best_shared(seconds_left)

    def _best_shared(self, seconds_left: float) -> int | None:
        """Return the best shared trial with a fold that waits and that there is time for."""
        return max(
            (
                index for index, trial in self._shared.items()
                if trial.waiting and trial.outcome.fit_seconds <= seconds_left
            ),
            key=lambda index: self._shared[index].score, default=None,
        )  # fmt: skip

    def _owed(self, seconds_left: float) -> float:
        """Return the seconds that the folds of the best shared trial will take."""
        best = self._best_shared(seconds_left)
        if best is None:
            return 0.0
        trial = self._shared[best]
        return trial.outcome.fit_seconds * self._rounds(len(trial.waiting))

    def _rounds(self, n_folds: int) -> int:
        """Return how many fits in turn the folds take, as many at a time as there are processes."""
        return -(-n_folds // self.n_jobs)

    def _prune_shared(self, elapsed: float) -> None:
        """End the shared trials that another has turned out to be clearly better than."""
        scores = [trial.score for trial in self._shared.values()]
        scores += [
            self.tried[i].outcome.scores.get("fold", np.nan) for i in self.apart if i in self.tried
        ]
        best = max((score for score in scores if np.isfinite(score)), default=-np.inf)
        for index, trial in list(self._shared.items()):
            if trial.score < best - KEEPS_UP:
                trial.prune()
            if trial.is_over:
                self._keep(index, self._shared.pop(index).ended(self.material.targets), elapsed)

    def _next(self, running: set[int]) -> int | None:
        """Return the first trial that can begin, None if there is none."""
        begun = {*self.tried, *self._shared, *running}
        index = next(i for i in range(len(begun) + 1) if i not in begun)
        if index >= self._end:
            return None
        waits = index >= self.n_free and any(i not in self.tried for i in self._before(index))
        return None if waits else index

    @property
    def _end(self) -> float:
        """Number of the first trial that is not to be run."""
        return float("inf") if self.n_trials is None else self.n_trials + len(BASELINES)

    @property
    def _lookback(self) -> int:
        return max(LOOKBACK, self.n_jobs)

    def _known(self, index: int) -> dict[int, tuple[Candidate, Outcome]]:
        """Return what trial `index` may learn from."""
        return {i: (self.tried[i].candidate, self.tried[i].outcome) for i in self._before(index)}

    def _before(self, index: int) -> list[int]:
        """Return the trials that trial `index` learns from."""
        return [i for i in range(index - self._lookback + 1) if i not in self.apart]

    def _candidate(self, index: int) -> Candidate:
        if index in self.tried:
            return self.tried[index].candidate
        if index < len(self.starts):
            return self.starts[index]
        if index not in self._candidates:
            taken = [self._candidate(i).key for i in range(index)]
            self._candidates[index] = propose(
                index, self._known(index), library=self.library, seed=self.material.seed,
                taken=taken,
            )  # fmt: skip
        return self._candidates[index]

    def _finish(self, one: _Running, future: Future[Outcome], elapsed: float) -> None:
        try:
            outcome = future.result()
        except BrokenExecutor as error:  # most often the system's last word on memory
            self.stop_workers()
            if not one.alone:  # whose fault it was shows when it runs alone
                self._suspects.add(one.index)
                self._give_back(one)
                return
            outcome = Outcome("failed", {}, message=f"its process ended: {error}")
        self._suspects.discard(one.index)
        if one.fold is not None:
            self._shared[one.index].add(one.fold, outcome)
        elif outcome.state == "open":
            self._shared[one.index] = SharedTrial(outcome, list(range(1, self.material.n_folds)))
        else:
            self._keep(one.index, outcome, elapsed)
        self._prune_shared(elapsed)

    def _keep(self, index: int, outcome: Outcome, elapsed: float) -> None:
        tried = TriedCandidate(index, self._candidate(index), outcome, elapsed)
        self.log.add(tried)
        self.tried[index] = tried
