"""One trial: a candidate on more and more of the folds, as long as it keeps up."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from seqexpr.data.inputs import take_rows
from seqexpr.evaluation.metrics import METRICS
from seqexpr.models.fitting import fit_model
from seqexpr.models.training.context import training_context
from seqexpr.search.blocks import BLOCKS
from seqexpr.search.candidates import Candidate
from seqexpr.search.kept import KeptFits, are_kept
from seqexpr.search.material import Material
from seqexpr.search.matrices import MatrixStore

__all__ = ["KEEPS_UP", "Outcome", "Stage", "mean_r2", "run_fold", "run_trial", "stages_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ENOUGH_FOR_A_PART = 5_000
"""Train rows from which the first stage looks at a part of them."""
_PART = 0.25
_STOPPED_EARLY = 0.9
"""Share of its epochs that a network is reckoned to take; the deadline ends one that takes more."""
KEEPS_UP = 0.01
"""R² by which a network may be behind the best other one and still be fitted without every fold."""


@dataclass(frozen=True)
class Stage:
    """One step of successive halving.

    Attributes
    ----------
    name : {"part", "fold", "all"}
        "part": a quarter of the units, one fold; "fold": all rows, one fold;
        "all": all folds.
    folds : tuple of int
        Folds that are fitted without and validated.
    share : float
        Share of the units fitted on, in (0, 1].
    """

    name: str
    folds: tuple[int, ...]
    share: float = 1.0


def stages_of(n_rows: int, n_folds: int) -> tuple[Stage, ...]:
    """Return the stages of every trial, the cheapest first.

    Examples
    --------
    >>> [stage.name for stage in stages_of(20_000, 5)]
    ['part', 'fold', 'all']
    >>> [stage.name for stage in stages_of(2_000, 5)]
    ['fold', 'all']
    """
    stages = [Stage("fold", (0,)), Stage("all", tuple(range(n_folds)))]
    stages = stages if n_folds > 1 else stages[1:]
    if n_rows >= ENOUGH_FOR_A_PART:
        stages.insert(0, Stage("part", (0,), _PART))
    return tuple(stages)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a trial found.

    Attributes
    ----------
    state : {"complete", "partial", "pruned", "slow", "failed", "open"}
        "partial": there was time for some folds only; "pruned": worse than two
        thirds of the others at its last stage; "slow": could not have ended in
        time; "failed": raised an error; "open": other folds are still to be
        fitted.
    scores : mapping of str to float
        Mean R² over the targets on the validated rows, by stage.
    seconds : float
        Wall-clock time.
    fit_seconds : float
        That of one fit without one fold, features included.
    n_features : int or None
        Number of features.
    out_of_fold : ndarray of float64, shape (n, t), or None
        Predictions of a complete, partial or open trial; NaN for rows that it did
        not validate.
    message : str
        What went wrong.
    """

    state: str
    scores: Mapping[str, float]
    seconds: float = 0.0
    fit_seconds: float = 0.0
    n_features: int | None = None
    out_of_fold: Floats | None = None
    message: str = ""


def mean_r2(targets: Floats, predicted: Floats) -> float:
    """Return R², averaged over the targets, on rows measured and predicted.

    Examples
    --------
    >>> mean_r2(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [np.nan]]))
    1.0
    """
    values = []
    for y, p in zip(targets.T, predicted.T, strict=True):
        known = np.isfinite(y) & np.isfinite(p)
        if known.sum() > 1 and np.ptp(y[known]) > 0:
            values.append(METRICS["r2"].compute(y[known], p[known]))
    return float(np.mean(values)) if values else float("nan")


def run_trial(
    candidate: Candidate,
    material: Material,
    *,
    store: MatrixStore,
    bars: Mapping[str, float],
    seconds_left: float = float("inf"),
    fits: Path | None = None,
    rounds: int = 0,
) -> Outcome:
    """Take a candidate through the stages.

    Parameters
    ----------
    candidate : Candidate
        What is tried.
    material : Material
        Train rows.
    store : MatrixStore
        Where features are kept.
    bars : mapping of str to float
        Score below which it does not go on after a stage, by name of the stage.
    seconds_left : float
        Time that it may take; one that would take longer ends after a stage.
    fits : Path, optional
        Folder in which the fits of a network are kept. A network that would
        take longer than that is then fitted without as many folds as there is
        time for, and without none if there is not time for one.
    rounds : int
        A network whose fits are kept ends as "open" after the first fold, so
        that the others can be fitted side by side by :func:`run_fold`; it is
        not begun where there is no time for so many fits in turn. Default 0:
        it goes on by itself.
    """
    trial = _Trial(candidate, material, store, fits=fits)
    scores: dict[str, float] = {}
    return _outcome(
        trial, lambda: trial.climb(scores, bars, seconds_left, rounds=rounds), scores=scores
    )


def run_fold(
    candidate: Candidate,
    material: Material,
    fold: int,
    *,
    store: MatrixStore,
    fits: Path,
    seconds_left: float = float("inf"),
) -> Outcome:
    """Fit a network without one fold, keep the fit, and return an open outcome with that fold.

    Parameters are those of :func:`run_trial`.
    """
    trial = _Trial(candidate, material, store, fits=fits)
    trial.deadline = time.monotonic() + seconds_left
    return _outcome(trial, lambda: trial.open_fold(fold), scores={})


def _outcome(trial: _Trial, run: Callable[[], str], *, scores: dict[str, float]) -> Outcome:
    """Run a trial and return what it found, an error too."""
    message = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a hundred models; the shipped one's are shown
            state = run()
    except MemoryError:
        state, message = "failed", "out of memory"
    except Exception as error:  # a candidate that cannot be fitted is a result, not an end
        state, message = "failed", f"{type(error).__name__}: {error}"
    return Outcome(
        state=state,
        scores=scores,
        seconds=trial.elapsed,
        fit_seconds=trial.fit_seconds,
        n_features=trial.n_features,
        out_of_fold=trial.out_of_fold if state in ("complete", "partial", "open") else None,
        message=message,
    )


class _Trial:
    """Fits a candidate without folds, each once."""

    def __init__(
        self, candidate: Candidate, material: Material, store: MatrixStore, *, fits: Path | None
    ) -> None:
        self.started = time.perf_counter()
        self.deadline: float | None = None
        self.candidate = candidate
        kept = fits is not None and are_kept(candidate, material)
        self.kept = KeptFits(fits, candidate) if fits is not None and kept else None
        self.material = material
        self.store = store
        self.out_of_fold = np.full(material.targets.shape, np.nan)
        self.done: set[int] = set()
        self.feature_seconds = 0.0  # next to nothing where they were computed before
        self.model_seconds = 0.0  # of the last fit, features not counted
        self.n_features: int | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self.started

    def climb(
        self,
        scores: dict[str, float],
        bars: Mapping[str, float],
        seconds_left: float,
        *,
        rounds: int,
    ) -> str:
        """Go from stage to stage, note the scores, and return how it ended."""
        n_folds = self.material.n_folds
        if self.kept is not None:
            if max(1, rounds) * self._guess() > seconds_left:
                return "slow"
            self.deadline = time.monotonic() + seconds_left
        for stage in stages_of(len(self.material.sequences), n_folds):
            if self.kept is not None and stage.share < 1 and stage.name not in bars:
                continue  # a fit that is not kept, and that nothing is decided by
            scores[stage.name] = self.reach(stage)
            if stage.name == "all":
                return "complete"
            if scores[stage.name] < max(bars.get(stage.name, -np.inf), self._network_bar(stage)):
                return "pruned"
            if rounds and self.kept is not None and stage.share == 1:
                return "open"
            if self.elapsed + self.seconds_ahead(stage) > seconds_left:
                if self.kept is None or stage.share < 1:
                    return "slow"
                for fold in range(n_folds):
                    if self.elapsed + self.model_seconds > seconds_left:
                        break
                    self._reach_fold(fold)
                return "partial"
        return "complete"

    def open_fold(self, fold: int) -> str:
        """Fit without one fold, and return that others are open."""
        self._reach_fold(fold)
        return "open"

    def _network_bar(self, stage: Stage) -> float:
        """Return what a network must score to go on, by what others did without the same fold."""
        if self.kept is None or stage.share < 1:
            return -np.inf
        self.kept.note_score(mean_r2(self.material.targets, self.out_of_fold))
        return self.kept.best_other() - KEEPS_UP

    def _guess(self) -> float:
        """Return about the seconds of a network's fit without one fold."""
        from seqexpr.models.training.cost import seconds_of_fit

        material = self.material
        n = int((material.folds != 0).sum())
        return _STOPPED_EARLY * seconds_of_fit(
            self.candidate.regressor(random_state=material.seed, n_jobs=1),
            material.sequences, n_rows=n, n_targets=material.targets.shape[1],
        )  # fmt: skip

    @property
    def fit_seconds(self) -> float:
        """Seconds of features and model together."""
        return self.feature_seconds + self.model_seconds

    def seconds_ahead(self, stage: Stage) -> float:
        """Return the seconds that the stages after this one will take."""
        n_folds = self.material.n_folds
        if stage.share < 1:
            return self.model_seconds / stage.share * n_folds
        return self.model_seconds * (n_folds - len(self.done))

    def reach(self, stage: Stage) -> float:
        """Fit what the stage needs and is not there, and return its score."""
        if stage.share < 1:
            predicted = np.full_like(self.out_of_fold, np.nan)
            self._fit_without(stage.folds[0], predicted, share=stage.share)
            return mean_r2(self.material.targets, predicted)
        for fold in stage.folds:
            self._reach_fold(fold)
        return mean_r2(self.material.targets, self.out_of_fold)

    def _reach_fold(self, fold: int) -> None:
        if fold not in self.done:
            model = self._fit_without(fold, self.out_of_fold)
            if self.kept is not None:
                self.kept.add(fold, model)
            self.done.add(fold)

    def _fit_without(self, fold: int, predicted: Floats, *, share: float = 1.0) -> Any:
        material = self.material
        held = np.flatnonzero(material.folds == fold)
        fit = np.flatnonzero(material.folds != fold)
        if share < 1:
            fit = _part_of(fit, material.units, share=share, seed=material.seed)
        y = _as_fitted(material.targets[fit])
        weights = None if material.weights is None else material.weights[fit]
        started = time.perf_counter()
        model, X = self._features(fit)
        fitting = time.perf_counter()
        self.feature_seconds = max(self.feature_seconds, fitting - started)
        with training_context(deadline=self.deadline):
            fit_model(model, _rows(X, fit), y, sample_weight=weights, groups=material.units[fit])
        values = np.asarray(model.predict(_rows(X, held)), dtype=np.float64)
        predicted[held] = values.reshape(len(held), -1)
        self.model_seconds = time.perf_counter() - fitting
        if not np.isfinite(predicted[held]).all():  # the score leaves such rows out
            raise ValueError("a prediction is not a finite number")
        return model

    def _features(self, fit: Ints) -> tuple[Any, Any]:
        """Return the model that is left to fit, and what it reads, all rows."""
        candidate, material = self.candidate, self.material
        blocks = {} if candidate.model else candidate.blocks(n_jobs=1)
        if not blocks or material.covariates is not None:
            return material.build(candidate), material.inputs
        parts = []
        for name, featurizer in blocks.items():
            # Lengths come from all train rows; whatever else is learnt, from the fit rows.
            learns = BLOCKS[name].learns
            y = _as_fitted(material.targets) if learns else None
            parts.append(
                self.store.get(
                    featurizer, material.sequences, fit_rows=fit if learns else None, targets=y
                )
            )
        X = parts[0] if len(parts) == 1 else _side_by_side(parts)
        self.n_features = int(X.shape[1])
        return candidate.regressor(random_state=material.seed, n_jobs=1), X


def _as_fitted(targets: Floats) -> Floats:
    """Return one target as a vector, several as a table."""
    return targets[:, 0] if targets.shape[1] == 1 else targets


def _rows(X: Any, rows: Ints) -> Any:
    return [X[i] for i in rows] if isinstance(X, list) else take_rows(X, rows)


def _side_by_side(parts: Sequence[Any]) -> Any:
    """Join features as scikit-learn's FeatureUnion does."""
    if any(sparse.issparse(part) for part in parts):
        return sparse.hstack(parts, format="csr", dtype=np.float32)
    return np.hstack(parts)


def _part_of(rows: Ints, units: Ints, *, share: float, seed: int) -> Ints:
    """Return a share of the rows at random, units kept whole."""
    own = np.unique(units[rows])
    rng = np.random.default_rng([seed, len(own)])
    kept = rng.permutation(own)[: max(2, int(np.ceil(share * len(own))))]
    return rows[np.isin(units[rows], kept)]
