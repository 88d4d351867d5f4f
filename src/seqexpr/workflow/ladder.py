"""Fit every rung of the ladder on the same folds."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import Inputs, model_inputs
from seqexpr.files import atomic_path
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import ModelSpec
from seqexpr.models.training.context import TrainingProgress, training_context
from seqexpr.models.with_covariates import build_model
from seqexpr.workflow.progress import Progress, Step

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.splits.split import Split

__all__ = ["Rung", "cache_key", "climb", "count_features", "fit_rung", "predict_targets"]


@dataclass(frozen=True, eq=False)
class Rung:
    """One model, fitted on all train rows, with its honest predictions.

    Attributes
    ----------
    spec : ModelSpec
        Which model.
    model : Pipeline or None
        Fitted on all train rows; None when the rung was restored from disk.
    out_of_fold : ndarray of float64, shape (n_train, t)
        Prediction of each train row by a model that did not see it; NaN for
        rows that are never validated.
    test : ndarray of float64, shape (n_test, t)
        Predictions of the test rows.
    seconds : float
        Wall-clock time of all fits.
    n_features : int or None
        Number of features of the fitted model.
    warnings : tuple of str
        Warnings that its fits gave.
    """

    spec: ModelSpec
    model: Any
    out_of_fold: npt.NDArray[np.float64]
    test: npt.NDArray[np.float64]
    seconds: float
    n_features: int | None
    warnings: tuple[str, ...] = ()


def predict_targets(model: Any, inputs: Inputs, n_targets: int) -> Any:
    """Return predictions as a table, shape (n, n_targets)."""
    return np.asarray(model.predict(model_inputs(inputs)), dtype=np.float64).reshape(-1, n_targets)


def fit_rung(
    spec: ModelSpec, train: Dataset, *, units: npt.NDArray[np.int64], seed: int, jobs: int
) -> Any:
    """Fit a model on all rows of `train` and return it.

    Choices that the model makes by folds of its own (the penalty of ridge) keep
    the `units`, shape (n_train,), whole too.
    """
    model = build_model(spec, train.covariates, random_state=seed, n_jobs=jobs)
    targets = train.targets[:, 0] if train.targets.shape[1] == 1 else train.targets
    inputs = model_inputs(train.inputs)
    return fit_model(model, inputs, targets, sample_weight=train.weights, groups=units)


def count_features(model: Any) -> int | None:
    """Return the number of features of a fitted pipeline, None where it does not say."""
    try:
        names = model[:-1].get_feature_names_out()
    except AttributeError:
        return None
    return None if names is None else len(names)  # a stack hands its input through


def climb(
    specs: Sequence[ModelSpec],
    train: Dataset,
    test_inputs: Inputs,
    *,
    split: Split,
    units: npt.NDArray[np.int64],
    seed: int,
    jobs: int,
    on_step: Progress,
    cache: Path | None = None,
) -> list[Rung]:
    """Fit each model on each fold and on all train rows.

    Parameters
    ----------
    specs : sequence of ModelSpec
        Models, in any order; the result is ordered by complexity.
    train : Dataset
        The train rows of the split, in its order.
    test_inputs : array of str, shape (n_test,), or DataFrame
        Sequences of the test rows, with their covariates. Their targets are not here.
    split : Split
        Where the folds come from.
    units : ndarray of int64, shape (n_train,)
        Unit of each train row.
    seed, jobs : int
        Seed and number of threads of the models.
    on_step : callable
        Told of each fit.
    cache : Path, optional
        Folder where finished rungs are kept and looked for.

    Returns
    -------
    list of Rung
        Simplest first.
    """
    specs = sorted(specs, key=lambda spec: spec.complexity)
    fits = split.get_n_splits() + 1
    rungs = []
    for position, spec in enumerate(specs):
        file = None if cache is None else cache / f"{spec.name}.npz"
        rung = None if file is None else _restore(spec, file)
        if rung is None:
            counter = _Counter(on_step, spec.title, position * fits, len(specs) * fits)
            rung = _climb_one(
                spec, train, test_inputs, split=split, units=units, seed=seed, jobs=jobs,
                counter=counter, checkpoints=None if cache is None else cache / "networks",
            )  # fmt: skip
            if file is not None:
                _keep(rung, file)
        else:
            text = f"{spec.title}: kept from the interrupted run"
            on_step(Step(text, kind="note"))
            on_step(Step(spec.title, (position + 1) * fits, len(specs) * fits))
        rungs.append(rung)
    return rungs


@dataclass
class _Counter:
    on_step: Progress
    title: str
    done: int
    total: int

    text: str = ""

    def tick(self, text: str) -> None:
        self.text = f"{self.title}: {text}"
        self.on_step(Step(self.text, self.done, self.total))
        self.done += 1

    def detail(self, progress: TrainingProgress) -> None:
        """Tell how far the training of a network is, where the last tick was."""
        self.on_step(Step(f"{self.text}, {progress}", self.done - 1, self.total))


def _climb_one(
    spec: ModelSpec,
    train: Dataset,
    test_inputs: Inputs,
    *,
    split: Split,
    units: npt.NDArray[np.int64],
    seed: int,
    jobs: int,
    counter: _Counter,
    checkpoints: Path | None,
) -> Rung:
    started = time.perf_counter()
    out_of_fold = np.full(train.targets.shape, np.nan)
    n_targets = train.targets.shape[1]
    told = training_context(on_progress=counter.detail, checkpoints=checkpoints)
    with warnings.catch_warnings(record=True) as caught, told:
        warnings.simplefilter("always")
        for fold, (fit, validate) in enumerate(split.split()):
            counter.tick(f"fold {fold + 1} of {split.get_n_splits()}")
            model = fit_rung(spec, train.take(fit), units=units[fit], seed=seed, jobs=jobs)
            out_of_fold[validate] = predict_targets(model, train.take(validate).inputs, n_targets)
        counter.tick("all training rows")
        model = fit_rung(spec, train, units=units, seed=seed, jobs=jobs)
        test = predict_targets(model, test_inputs, n_targets)
    return Rung(
        spec=spec,
        model=model,
        out_of_fold=out_of_fold,
        test=test,
        seconds=spec.seconds + time.perf_counter() - started,
        n_features=count_features(model),
        warnings=tuple(dict.fromkeys(f"{spec.name}: {w.message}" for w in caught)),
    )


def _keep(rung: Rung, file: Path) -> None:
    with atomic_path(file) as temporary:
        np.savez(
            temporary,
            out_of_fold=rung.out_of_fold,
            test=rung.test,
            seconds=np.float64(rung.seconds),
            n_features=np.int64(-1 if rung.n_features is None else rung.n_features),
            warnings=np.array(rung.warnings, dtype=np.str_),
        )


def _restore(spec: ModelSpec, file: Path) -> Rung | None:
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as kept:
        n_features = int(kept["n_features"])
        return Rung(
            spec=spec,
            model=None,
            out_of_fold=kept["out_of_fold"],
            test=kept["test"],
            seconds=float(kept["seconds"]),
            n_features=None if n_features < 0 else n_features,
            warnings=tuple(kept["warnings"].tolist()),
        )


def cache_key(*parts: str) -> str:
    """Return a short digest of what the cached rungs depend on."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
