"""The preset "best": search on the train rows, and the rungs that it ends with."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import model_inputs
from seqexpr.errors import InputError
from seqexpr.models.blending import BlendedRegressor, blend_out_of_fold, blending_weights
from seqexpr.models.fitting import set_jobs
from seqexpr.models.registry import ModelSpec
from seqexpr.models.training.context import current_context
from seqexpr.models.with_covariates import build_model
from seqexpr.search.blocks import motif_sets
from seqexpr.search.finish import Finalists, choose_finalists, fit_finalists, out_of_fold
from seqexpr.search.kept import are_kept
from seqexpr.search.material import Material
from seqexpr.search.proposals import BASELINES, parameter_importance
from seqexpr.search.search import Search, SearchState
from seqexpr.search.triallog import TriedCandidate
from seqexpr.search.workers import FinalFit
from seqexpr.workflow.budget import Budget
from seqexpr.workflow.ladder import Rung
from seqexpr.workflow.progress import Progress, Step

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.data.inputs import Inputs
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split

__all__ = ["BLEND", "Found", "search_rungs"]

BLEND = "blend"
"""Name of the model that adds up the best candidates."""

_LONGEST_SHARE = 0.35
"""Share of the budget that one trial may take."""
_APPRAISAL_FITS = 8
"""Fits on all train rows that controls, learning curve and inflation are worth, measured."""
_FIXED_SECONDS = 12.0
_SECONDS_A_ROW = 5e-4
"""What reading, calibrating and drawing take, measured on two cores."""
_STAND_IN_SHARE = 0.015
"""Share of the budget that one fit of the model that is appraised may take."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search ends with.

    Attributes
    ----------
    rungs : list of Rung
        Baselines, the best of each learner and the blend, simplest first.
    stand_in : str
        Name of the rung that controls and learning curve are run with where the
        selected one is dear: the best that is quick enough.
    dear : frozenset of str
        Names of the rungs that are too slow for that; the blend is one.
    summary : dict
        ``search`` of evaluation.json.
    """

    rungs: list[Rung]
    stand_in: str
    dear: frozenset[str]
    summary: dict[str, Any]


def search_rungs(
    recipe: Recipe,
    train: Dataset,
    tested: Inputs,
    *,
    split: Split,
    units: npt.NDArray[np.int64],
    budget: Budget,
    jobs: int,
    on_step: Progress,
    cache: Path | None,
) -> Found:
    """Search, then fit the finalists on all train rows.

    Parameters
    ----------
    recipe : Recipe
        ``trials`` and ``seed``.
    train : Dataset
        The train rows, on the modelled scale.
    tested : array of str, or DataFrame with covariates, n_test rows
        Sequences of the test rows. Their targets are not here.
    split : Split
        Where the folds come from.
    units : ndarray of int64, shape (n_train,)
        Unit of each train row.
    budget : Budget
        Time for the whole run.
    jobs : int
        Processes.
    on_step : callable
        Told how far the search is.
    cache : Path or None
        Where trials are kept and looked for; None = nowhere.
    """
    material = Material(
        list(train.sequences), train.targets, train.weights, split.folds, units, recipe.seed,
        train.covariates, recipe.device, current_context().init_from,
    )  # fmt: skip
    with _folder(cache) as folder:
        search = Search(
            material, folder, n_jobs=jobs, n_trials=recipe.trials,
            motifs=motif_sets(recipe.motifs), longest=_LONGEST_SHARE * budget.seconds,
        )  # fmt: skip
        try:
            if search.n_resumed:
                text = f"{search.n_resumed} trials kept from the interrupted run"
                on_step(Step(text, kind="note"))
            budget.spent += search.spent
            keeper = _Reserve(search, budget, refits=recipe.refit == "all")
            search.run(keeper.seconds_left, on_state=partial(_tell, on_step, budget, keeper))
            finalists = keeper.finalists()
            fits = fit_finalists(
                search, finalists, model_inputs(tested),
                seconds_left=lambda: budget.left(reserve=keeper.appraisal()),
                on_fit=lambda t, done, n: on_step(
                    Step(f"{t.candidate.title}: all training rows", done, n)
                ),
                on_failure=lambda t, message: on_step(
                    Step(f"{t.candidate.title} is left out: {message}", kind="warning")
                ),
            )  # fmt: skip
            if all(search.tried[index].candidate.is_baseline for index in fits):
                raise InputError(_no_model(search))
        finally:
            search.close()
    rungs, members = _rungs(search, finalists, fits, train, units=units, jobs=jobs)
    stand_in = keeper.stand_in(rungs)
    summary = _summary(search, budget, recipe, members)
    return Found(rungs, stand_in, keeper.dear, summary)


def _no_model(search: Search) -> str:
    messages = [t.outcome.message for t in search.tried.values() if t.outcome.message]
    first = f"; the first said: {messages[0]}" if messages else ""
    return (
        f"the search found no model: none of {len(search.tried)} trials could be fitted on all "
        f"train rows{first}; --preset fast shows the reason in full"
    )


@contextmanager
def _folder(cache: Path | None) -> Iterator[Path]:
    if cache is not None:
        yield cache / "search"
        return
    with tempfile.TemporaryDirectory(prefix="seqexpr-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _tell(on_step: Progress, budget: Budget, keeper: _Reserve, state: SearchState) -> None:
    """One line: the best score so far, and the time left."""
    best = "no score yet"
    if state.best is not None:
        score = state.best.outcome.scores["all"]
        title = textwrap.shorten(state.best.candidate.title, width=40, placeholder=" …")
        best = f"best R² {score:.3f} ({title})"
    left = max(0, round(keeper.seconds_left()))
    text = f"search, {best}: {state.n_finished} trials, {left // 60}:{left % 60:02d} left"
    on_step(Step(text, round(budget.elapsed), round(budget.seconds)))


class _Reserve:
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
        fit = 0.0 if quick is None else self._full_fit(quick)
        rows = len(self.search.material.sequences)
        seconds = _FIXED_SECONDS + _SECONDS_A_ROW * rows
        return seconds + _APPRAISAL_FITS * fit / self.search.n_jobs + self._refit()

    def _refit(self) -> float:
        """Return the seconds that the selected model takes on all rows, members in turn."""
        found = self.finalists()
        if not self.refits or found.best is None:
            return 0.0
        return sum(self._full_fit(tried) for tried in found.members or (found.best,))

    def stand_in(self, rungs: list[Rung]) -> str:
        """Return the name of the rung that is appraised in place of the blend."""
        names = [rung.spec.name for rung in rungs]
        quick = self._quickest_good([t for t in self._learned() if _name(t) in names])
        return names[-1] if quick is None else _name(quick)

    @property
    def dear(self) -> frozenset[str]:
        """Names of what takes too long to be fitted some dozen times."""
        limit = _STAND_IN_SHARE * self.budget.seconds
        slow = (t for t in self.finalists().in_order if self._full_fit(t) > limit)
        return frozenset({BLEND, *map(_name, slow)})

    def _learned(self) -> list[TriedCandidate]:
        return [t for t in self.finalists().in_order if t.candidate.model is None]

    def _quickest_good(self, fits: list[TriedCandidate]) -> TriedCandidate | None:
        """Return the best single finalist whose fit takes a small share of the budget."""
        quick = [t for t in fits if _name(t) not in self.dear]
        if quick:
            return max(quick, key=lambda t: t.outcome.scores.get("all", -np.inf))
        return min(fits, key=self._full_fit, default=None)

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


def _name(tried: TriedCandidate) -> str:
    return tried.candidate.model or f"{tried.candidate.kind}_{tried.index}"


def _rungs(
    search: Search,
    finalists: Finalists,
    fits: Mapping[int, FinalFit],
    train: Dataset,
    *,
    units: npt.NDArray[np.int64],
    jobs: int,
) -> tuple[list[Rung], list[dict[str, Any]]]:
    """Return every fitted finalist and the blend as rungs, and the blend's members."""
    rungs = []
    for tried in finalists.in_order:
        fit = fits.get(tried.index)
        if fit is None:
            continue
        rungs.append(
            Rung(
                spec=tried.candidate.spec(_name(tried), place=tried.index),
                model=set_jobs(fit.model, jobs),
                out_of_fold=np.where(finalists.rows[:, None], out_of_fold([tried])[0], np.nan),
                test=fit.test,
                seconds=tried.outcome.seconds + fit.seconds,
                n_features=fit.n_features,
                warnings=tuple(f"{_name(tried)}: {text}" for text in fit.warnings),
            )
        )
    members = [tried for tried in finalists.members if tried.index in fits]
    described: list[dict[str, Any]] = []
    if len(members) > 1:
        blend, described = _blend(
            search, members, fits, train, units=units, jobs=jobs, rows=finalists.rows
        )
        rungs.append(blend)
    return sorted(rungs, key=lambda rung: rung.spec.complexity), described


def _blend(
    search: Search,
    members: list[TriedCandidate],
    fits: Mapping[int, FinalFit],
    train: Dataset,
    *,
    units: npt.NDArray[np.int64],
    jobs: int,
    rows: npt.NDArray[np.bool_],
) -> tuple[Rung, list[dict[str, Any]]]:
    seed = search.material.seed
    predictions = np.where(rows[:, None], out_of_fold(members), np.nan)
    weights = blending_weights(predictions, train.targets, train.weights)
    build = partial(_build_blend, [member.candidate for member in members], weights.tolist())
    spec = ModelSpec(
        name=BLEND,
        title=f"Blend of {len(members)} models",
        description="Adds up the best models that the search found, by weights learnt out of fold.",
        is_baseline=False,
        complexity=10**6,
        needs_equal_length=False,
        build=build,
    )
    targets = train.targets[:, 0] if train.targets.shape[1] == 1 else train.targets
    model = build_model(spec, train.covariates, random_state=seed, n_jobs=jobs)
    model.steps[-1][1].assemble(
        [fits[m.index].model for m in members], targets, sample_weight=train.weights
    )
    rung = Rung(
        spec=spec,
        model=model,
        out_of_fold=blend_out_of_fold(
            predictions, train.targets, groups=units, sample_weight=train.weights,
            random_state=seed,
        ),
        test=_mixed(model, [fits[m.index].test for m in members]),
        seconds=sum(m.outcome.seconds + fits[m.index].seconds for m in members),
        n_features=None,
    )  # fmt: skip
    described = [
        {"name": _name(m), "title": m.candidate.title, "weight": float(weight)}
        for m, weight in zip(members, weights.mean(axis=0), strict=True)
    ]
    return rung, described


def _mixed(model: Any, tests: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Add up the members' predictions as the blend does."""
    blend = model.steps[-1][1]
    total: npt.NDArray[np.float64] = np.zeros_like(tests[0]) + blend.intercept_
    for test, weights in zip(tests, blend.coef_.T, strict=True):
        total += weights * test
    return total


def _build_blend(candidates: list[Any], weights: Any, *, random_state: int, n_jobs: int) -> Any:
    from sklearn.pipeline import Pipeline

    members = [c.build(random_state=random_state, n_jobs=n_jobs) for c in candidates]
    blend = BlendedRegressor(members, weights, n_jobs=n_jobs)
    return Pipeline([("features", "passthrough"), ("regressor", blend)])


def _summary(
    search: Search, budget: Budget, recipe: Recipe, members: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what evaluation.json says of the search."""
    tried = [search.tried[i] for i in sorted(search.tried)]
    states = [t.outcome.state for t in tried]
    importance = parameter_importance(
        {t.index: (t.candidate, t.outcome) for t in tried}, seed=recipe.seed
    )
    by_number = recipe.trials is not None and len(tried) >= recipe.trials + len(BASELINES)
    return {
        "budget_seconds": budget.seconds,
        "seconds": round(max((t.elapsed for t in tried), default=0.0), 1),
        "n_trials": len(tried),
        "n_pruned": states.count("pruned") + states.count("slow"),
        "n_failed": states.count("failed"),
        "n_resumed": search.n_resumed,
        "ended_by": "trials" if by_number else "budget",
        "members": members,
        "importance": [{"choice": name, "share": share} for name, share in importance.items()],
        "trials": [_trial(t) for t in tried],
    }


def _trial(tried: TriedCandidate) -> dict[str, Any]:
    outcome = tried.outcome
    scores = {k: v if np.isfinite(v) else None for k, v in outcome.scores.items()}
    return {
        "trial": tried.index,
        "name": _name(tried),
        "title": tried.candidate.title,
        "choices": dict(tried.candidate.choices),
        "state": outcome.state,
        "part_r2": scores.get("part"),
        "fold_r2": scores.get("fold"),
        "r2": scores.get("all"),
        "seconds": round(outcome.seconds, 2),
        "message": outcome.message,
    }
