"""Nested cross-validation: honest predictions of every model, and of the choice among them.

The rows are dealt into K outer folds. A model that is fitted without fold k
predicts the rows of k: its **outer** predictions. To choose a model without
fold k, the other K - 1 folds serve as inner folds: a model that is fitted
without k and j predicts the rows of j. One fit without j and k serves both k
and j, so that a repeat costs K + K (K - 1) / 2 fits of a model, not K².

References
----------
Varma & Simon, BMC Bioinformatics 7 (2006) 91 (why the choice must be nested).
Bates, Hastie & Tibshirani, JASA 119 (2024) 1434-1445 (fits without two folds
serve both).
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.evaluation import Score
from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.scoring import choose_model
from seqexpr.files import atomic_path
from seqexpr.models.registry import MODELS
from seqexpr.workflow.ladder import count_features, fit_rung, predict_targets

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset

__all__ = ["CrossFit", "Procedure", "choose_in_each_fold", "count_fits", "cross_fit"]

Floats = npt.NDArray[np.float64]
Choose = Callable[[Floats, Mapping[str, Floats]], str]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Predictions of one model in R repeats of nested K-fold cross-validation.

    Attributes
    ----------
    outer : ndarray of float64, shape (R, n, t)
        Prediction of each row by a model that was fitted without its fold.
    inner : ndarray of float64, shape (R, K, n, t)
        ``inner[r, k]``: prediction of each row outside fold k by a model that
        was fitted without fold k and without the row's own fold; NaN for the
        rows of fold k. Nothing in it depends on the targets of fold k.
    seconds : float
        Wall-clock time of all fits.
    n_features : int or None
        Number of features of a fitted model.
    warnings : tuple of str
        Warnings that its fits gave.
    """

    outer: Floats
    inner: Floats
    seconds: float
    n_features: int | None
    warnings: tuple[str, ...] = ()

    def keep(self, file: Path) -> None:
        """Write it, atomically, so that an interrupted run can be resumed."""
        with atomic_path(file) as temporary:
            np.savez(
                temporary,
                outer=self.outer,
                inner=self.inner,
                seconds=np.float64(self.seconds),
                n_features=np.int64(-1 if self.n_features is None else self.n_features),
                warnings=np.array(self.warnings, dtype=np.str_),
            )

    @classmethod
    def restore(cls, file: Path) -> CrossFit:
        """Read what :meth:`keep` wrote."""
        with np.load(file, allow_pickle=False) as kept:
            n_features = int(kept["n_features"])
            return cls(
                outer=kept["outer"],
                inner=kept["inner"],
                seconds=float(kept["seconds"]),
                n_features=None if n_features < 0 else n_features,
                warnings=tuple(kept["warnings"].tolist()),
            )


def count_fits(n_folds: int, n_repeats: int) -> int:
    """Return how often one model is fitted.

    Examples
    --------
    >>> count_fits(5, 3)
    45
    """
    return n_repeats * (n_folds + n_folds * (n_folds - 1) // 2)


def cross_fit(
    name: str,
    data: Dataset,
    folds: Ints,
    *,
    units: Ints,
    seed: int,
    jobs: int,
    tick: Callable[[], None] = lambda: None,
) -> CrossFit:
    """Fit one model without each fold, and without each pair of folds.

    Parameters
    ----------
    name : str
        Registered name of the model.
    data : Dataset, n rows
        Targets on the modelled scale.
    folds : ndarray of int64, shape (R, n)
        Fold of each row in each repeat, 0 to K - 1, K at least 3.
    units : ndarray of int64, shape (n,)
        Unit of each row, for the choices that the model makes by folds of its own.
    seed, jobs : int
        Seed and number of threads of the models.
    tick : callable
        Called before each fit.

    Returns
    -------
    CrossFit
        Every row is predicted in every repeat.
    """
    started, spec = time.perf_counter(), MODELS[name]
    n_repeats, n_folds, shape = len(folds), int(folds.max()) + 1, data.targets.shape
    outer = np.full((n_repeats, *shape), np.nan)
    inner = np.full((n_repeats, n_folds, *shape), np.nan)
    n_features: int | None = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for r, own in enumerate(folds):
            for out in [*combinations(range(n_folds), 2), *((k,) for k in range(n_folds))]:
                tick()
                rows = np.flatnonzero(~np.isin(own, out))
                model = fit_rung(spec, data.take(rows), units=units[rows], seed=seed, jobs=jobs)
                for k in out:
                    held = np.flatnonzero(own == k)
                    predicted = predict_targets(model, data.take(held).inputs, shape[1])
                    # Of a pair (k, j), the rows of k help to choose without j.
                    place = outer[r] if len(out) == 1 else inner[r, sum(out) - k]
                    place[held] = predicted
                n_features = count_features(model)
    texts = dict.fromkeys(f"{name}: {w.message}" for w in caught)
    return CrossFit(outer, inner, time.perf_counter() - started, n_features, tuple(texts))


@dataclass(frozen=True, eq=False)
class Procedure:
    """What the whole procedure, choice of the model included, predicts.

    Attributes
    ----------
    predicted : ndarray of float64, shape (R, n, t)
        Prediction of each row by the model that was chosen without its fold,
        fitted without its fold.
    chosen : tuple of tuple of str, R times K
        Which model that was.
    """

    predicted: Floats
    chosen: tuple[tuple[str, ...], ...]

    def times(self) -> dict[str, int]:
        """Return in how many outer folds each model was chosen, most often first."""
        return dict(Counter(name for names in self.chosen for name in names).most_common())


def choose_in_each_fold(
    fits: Mapping[str, CrossFit],
    targets: Floats,
    folds: Ints,
    *,
    candidates: Sequence[str],
    choose: Choose | None = None,
) -> Procedure:
    """Choose a model without each outer fold, and let it predict that fold.

    Parameters
    ----------
    fits : mapping of str to CrossFit
        Every model.
    targets : ndarray of float64, shape (n, t)
        On the modelled scale; NaN = not measured.
    folds : ndarray of int64, shape (R, n)
        Fold of each row in each repeat.
    candidates : sequence of str
        Models to choose among, simplest first.
    choose : callable, optional
        ``choose(targets, predictions) -> name``: the rule. It sees the targets
        outside the fold, shape (n, t), NaN inside, and each candidate's inner
        predictions, shape (n, t). The best R² by default.
    """
    choose = choose or _choose_best
    n_folds = int(folds.max()) + 1
    predicted = np.full((len(folds), *targets.shape), np.nan)
    chosen = []
    for r, own in enumerate(folds):
        names = []
        for k in range(n_folds):
            hidden = (own == k)[:, None]
            seen = np.where(hidden, np.nan, targets)  # the targets of fold k are not there
            name = choose(seen, {name: fits[name].inner[r, k] for name in candidates})
            predicted[r] = np.where(hidden, fits[name].outer[r], predicted[r])
            names.append(name)
        chosen.append(tuple(names))
    return Procedure(predicted, tuple(chosen))


def _choose_best(seen: Floats, predictions: Mapping[str, Floats]) -> str:
    return choose_model(_inner_scores(seen, predictions), list(predictions))


def _inner_scores(seen: Floats, predictions: Mapping[str, Floats]) -> list[Score]:
    """Score models inside the rows that are seen, R² without intervals."""
    rows = []
    for column in range(seen.shape[1]):
        known = np.isfinite(seen[:, column])
        y = seen[known, column]
        for name, values in predictions.items():
            p = values[known, column]
            value = METRICS["r2"].compute(y, p) if np.isfinite(p).all() and len(p) else np.nan
            known_value = float(value) if np.isfinite(value) else None
            row = Score(name, str(column), "validation", "r2", known_value, None, None, len(y))
            rows.append(row)
    return rows
