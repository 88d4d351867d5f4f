"""What is compared: seqexpr, with networks and without, FLAML, scikit-learn's boosting, and the
networks of gReLU and CREsted.

Each is given the train rows of a problem and a number of seconds for everything from sequences to
the final model. FLAML and boosting get the counts of all 1- to 5-mers.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.problems import Problem
from benchmarks.peer_networks import run_peer
from seqexpr.features.kmers import KmerCounter

Floats = npt.NDArray[np.float64]
KMERS = (1, 5)


@dataclass(frozen=True, eq=False)
class Settings:
    """What a run is given.

    Attributes
    ----------
    budget : str
        As seqexpr takes it, "20m".
    seconds : float
        The same.
    jobs, seed : int
        Threads; seed of every random choice.
    preset : str
        Of seqexpr, or the name of one of its models.
    """

    budget: str
    seconds: float
    jobs: int = 2
    seed: int = 0
    preset: str = "best"


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model.

    Attributes
    ----------
    predict : callable
        From sequences to predictions, shape (n,).
    notes : dict
        What was chosen, and of how much.
    """

    predict: Callable[[npt.NDArray[np.object_]], Floats]
    notes: dict[str, Any]


def fit_seqexpr(problem: Problem, settings: Settings) -> Fitted:
    """`seqexpr.train` on a table that names its test rows."""
    import seqexpr

    choices: dict[str, Any] = {"preset": settings.preset}
    if settings.preset in seqexpr.MODELS:
        choices = {"models": (settings.preset,)}
    elif settings.preset == "best":
        choices["budget"] = settings.budget
    run = seqexpr.train(
        problem.to_table(),
        split="column:split",
        jobs=settings.jobs,
        seed=settings.seed,
        **choices,
    )
    n_train = len(run.split.train)
    if n_train != len(problem.sequences):
        raise RuntimeError(f"seqexpr trained on {n_train} of {len(problem.sequences)} rows")
    notes: dict[str, Any] = {"selected": run.evaluation.selected}
    if run.evaluation.search is not None:
        inner = run.evaluation.score("r2", set="validation")
        members = run.evaluation.search["members"]
        notes |= {
            "candidates": run.evaluation.search["n_trials"],
            "inner_r2": inner.value,
            "members": [f"{item['title']} ({item['weight']:.2f})" for item in members],
        }
    return Fitted(run.predict, notes)


def fit_without_networks(problem: Problem, settings: Settings) -> Fitted:
    """seqexpr where PyTorch is not installed: its search takes networks wherever it is."""
    if settings.preset == "best" and importlib.util.find_spec("torch") is not None:
        raise RuntimeError("PyTorch is installed here; fit 'networks', or leave out the extra deep")
    return fit_seqexpr(problem, settings)


def fit_networks(problem: Problem, settings: Settings) -> Fitted:
    """seqexpr with the extra deep."""
    if importlib.util.find_spec("torch") is None:
        raise RuntimeError('needs PyTorch: pip install "seqexpr[deep]"')
    return fit_seqexpr(problem, settings)


def import_flaml() -> tuple[Any, list[str]]:
    """Return FLAML's AutoML, and those of the learners it takes by itself that are installed."""
    learners = ["lgbm", "rf", "extra_tree", "sgd"]
    if importlib.util.find_spec("xgboost") is None:
        # FLAML imports xgboost whatever the learners: its version, and two classes to wrap. What
        # stands in for it here is never called.
        from sklearn.dummy import DummyClassifier, DummyRegressor

        stand_in = types.ModuleType("xgboost")
        classes = {"XGBRegressor": DummyRegressor, "XGBClassifier": DummyClassifier}
        vars(stand_in).update(__version__="0", **classes)
        sys.modules["xgboost"] = stand_in
    else:
        learners += ["xgboost", "xgb_limitdepth"]
    if importlib.util.find_spec("catboost") is not None:
        learners.append("catboost")
    from flaml.automl.automl import AutoML

    logging.getLogger("flaml.automl").setLevel(logging.ERROR)
    return AutoML, learners


def fit_flaml(problem: Problem, settings: Settings) -> Fitted:
    """FLAML's AutoML on a sparse matrix of float32."""
    started = time.perf_counter()
    auto_ml, learners = import_flaml()
    counter = KmerCounter(KMERS, n_jobs=settings.jobs)
    X = counter.fit_transform(problem.sequences)
    grouped = {}
    if problem.groups is not None:
        codes = np.unique(problem.groups.astype(str), return_inverse=True)[1]
        grouped = {"groups": codes, "split_type": "group"}
    search = auto_ml()
    search.fit(
        X_train=X,
        y_train=problem.target,
        task="regression",
        metric="r2",
        estimator_list=learners,
        time_budget=settings.seconds - (time.perf_counter() - started),
        # The last fit, on all rows, is held to the budget too.
        retrain_full="budget",
        n_jobs=settings.jobs,
        seed=settings.seed,
        verbose=0,
        **grouped,
    )
    notes = {
        "selected": str(search.best_estimator),
        "learners": learners,
        "configuration": {name: _plain(value) for name, value in search.best_config.items()},
        "inner_r2": float(1 - search.best_loss),
    }
    return Fitted(lambda rows: np.asarray(search.predict(counter.transform(rows))), notes)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def fit_hgb(problem: Problem, settings: Settings) -> Fitted:
    """Boosting of histograms, tuned by random search, on a dense matrix of float32.

    The first candidate is what scikit-learn sets by itself. Each is scored by its mean R² over
    three folds, groups kept whole; its number of trees is where the fold stops to gain. Candidates
    are drawn until no further one, and the last fit on all rows, can be done in time.
    """
    from benchmarks.accuracy.boosting import RandomSearch

    deadline = time.perf_counter() + settings.seconds
    counter = KmerCounter(KMERS, n_jobs=settings.jobs, dense=True)
    X = counter.fit_transform(problem.sequences)
    search = RandomSearch(deadline=deadline, seed=settings.seed)
    search.fit(X, problem.target, groups=problem.groups)
    return Fitted(lambda rows: search.predict(counter.transform(rows)), search.notes)


def fit_peer(peer: str, problem: Problem, settings: Settings) -> Fitted:
    """A network of another package, in the environment that holds it.

    A tenth of the train rows, groups kept whole, says when to stop and which learning rate stays.
    The test sequences are handed over with the rest, without what was measured of them. Both
    packages want one length: shorter sequences get N at both ends, as gReLU itself pads.
    """
    held = _tenth(problem, settings.seed)
    tests = np.concatenate([test.sequences.astype(str) for test in problem.tests.values()])
    sequences, y = problem.sequences.astype(str), problem.target
    data = {
        "train": sequences[~held], "y_train": y[~held], "validation": sequences[held],
        "y_validation": y[held], "test": tests,
    }  # fmt: skip
    width = max(map(len, [*sequences, *tests]))
    for part in ("train", "validation", "test"):
        data[part] = np.array([row.center(width, "N") for row in data[part].tolist()])
    predicted, facts = run_peer(peer, data, seconds=settings.seconds, seed=settings.seed)
    known = dict(zip(tests.tolist(), predicted.tolist(), strict=True))
    facts["selected"] = f"learning rate {facts['rate']:g}"
    return Fitted(lambda rows: np.array([known[row] for row in rows]), facts)


def _tenth(problem: Problem, seed: int) -> npt.NDArray[np.bool_]:
    """Return which tenth of the train rows is held out; rows of one group stay together."""
    groups = (
        np.arange(len(problem.target)) if problem.groups is None else problem.groups.astype(str)
    )
    codes = np.unique(groups, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).random(codes.max() + 1)
    return np.asarray(drawn[codes] < np.quantile(drawn[codes], 0.1))


SYSTEMS: dict[str, Callable[[Problem, Settings], Fitted]] = {
    "seqexpr": fit_without_networks,
    "flaml": fit_flaml,
    "hgb": fit_hgb,
    "networks": fit_networks,
    "grelu": partial(fit_peer, "grelu"),
    "crested": partial(fit_peer, "crested"),
}
