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
from seqexpr.processes import count_workers
from seqexpr.search.blocks import motif_sets
from seqexpr.search.finish import Finalists, fit_finalists, out_of_fold
from seqexpr.search.material import Material
from seqexpr.search.proposals import BASELINES, parameter_importance
from seqexpr.search.search import Search, SearchState
from seqexpr.search.triallog import TriedCandidate
from seqexpr.search.workers import FinalFit
from seqexpr.workflow.budget import Budget
from seqexpr.workflow.ladder import Rung
from seqexpr.workflow.progress import Progress, Step
from seqexpr.workflow.reserve import BLEND, Reserve, rung_name

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.data.inputs import Inputs
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split

__all__ = ["Found", "search_rungs"]

_LONGEST_SHARE = 0.35
"""Share of the budget that one trial may take."""


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
            material, folder, n_jobs=count_workers(jobs), n_trials=recipe.trials,
            motifs=motif_sets(recipe.motifs), longest=_LONGEST_SHARE * budget.seconds,
        )  # fmt: skip
        try:
            if search.n_resumed:
                text = f"{search.n_resumed} trials kept from the interrupted run"
                on_step(Step(text, kind="note"))
            budget.spent += search.spent
            keeper = Reserve(search, budget, refits=recipe.refit == "all")
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


def _tell(on_step: Progress, budget: Budget, keeper: Reserve, state: SearchState) -> None:
    """One line: the best score so far, and the time left."""
    best = "no score yet"
    if state.best is not None:
        score = state.best.outcome.scores["all"]
        title = textwrap.shorten(state.best.candidate.title, width=40, placeholder=" …")
        best = f"best R² {score:.3f} ({title})"
    left = max(0, round(keeper.seconds_left()))
    text = f"search, {best}: {state.n_finished} trials, {left // 60}:{left % 60:02d} left"
    on_step(Step(text, round(budget.elapsed), round(budget.seconds)))


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
                spec=tried.candidate.spec(rung_name(tried), place=tried.index),
                model=set_jobs(fit.model, jobs),
                out_of_fold=np.where(finalists.rows[:, None], out_of_fold([tried])[0], np.nan),
                test=fit.test,
                seconds=tried.outcome.seconds + fit.seconds,
                n_features=fit.n_features,
                warnings=tuple(f"{rung_name(tried)}: {text}" for text in fit.warnings),
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
        {"name": rung_name(m), "title": m.candidate.title, "weight": float(weight)}
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
        "name": rung_name(tried),
        "title": tried.candidate.title,
        "choices": dict(tried.candidate.choices),
        "state": outcome.state,
        "part_r2": scores.get("part"),
        "fold_r2": scores.get("fold"),
        "r2": scores.get("all"),
        "seconds": round(outcome.seconds, 2),
        "message": outcome.message,
    }
