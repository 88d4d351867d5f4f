"""Score every model on the same rows, and choose one by its out-of-fold score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.comparison import Comparison, compare_on_rows
from seqexpr.evaluation.evaluation import Score, SetName
from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["Scores", "choose_model", "score_models"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Scores of models on the same rows, and the differences between them.

    Attributes
    ----------
    rows : tuple of Score
        By target, model and metric; empty for a target without common rows.
    comparisons : tuple of Comparison
        Every pair of models.
    """

    rows: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]


def score_models(
    observed: Floats,
    predictions: Mapping[str, Floats],
    *,
    set: SetName,
    target_names: Sequence[str],
    rng: np.random.Generator,
    groups: npt.ArrayLike | None = None,
) -> Scores:
    """Score every model with 95% bootstrap intervals, and compare every pair.

    For each target the rows are those that were measured and that every model
    predicted, so that all models are scored on the same rows, with the same
    resamples.

    Parameters
    ----------
    observed : ndarray of float64, shape (n, t)
        Measured targets; NaN = not measured.
    predictions : mapping of str to ndarray of float64, shape (n, t) or (r, n, t)
        Predictions by model; NaN = not predicted (never validated). Where
        there are r repeats, the score is the mean of theirs.
    set : {"train", "validation", "test"}
        Name of the rows.
    target_names : sequence of str, length t
        Names of the targets.
    rng : numpy.random.Generator
        Source of the resamples.
    groups : array-like, shape (n,), optional
        Rows that are resampled together.

    Returns
    -------
    Scores
        Scores, and paired differences on the same resamples.

    Examples
    --------
    >>> y = np.arange(20.0)[:, None]
    >>> scores = score_models(y, {"a": y + 1}, set="test", target_names=["y"],
    ...                       rng=np.random.default_rng(0))
    >>> [(r.metric, r.value) for r in scores.rows if r.metric in ("mse", "pearson")]
    [('mse', 1.0), ('pearson', 1.0)]
    """
    rows: list[Score] = []
    comparisons: list[Comparison] = []
    for column, target in enumerate(target_names):
        keep = np.isfinite(observed[:, column])
        for values in predictions.values():
            keep &= np.isfinite(values[..., column]).reshape(-1, len(keep)).all(axis=0)
        if not keep.any():
            continue
        kept = None if groups is None else np.asarray(groups)[keep]
        bootstrap = Bootstrap(int(keep.sum()), kept, rng=rng)
        y = observed[keep, column]
        columns = {model: values[..., keep, column] for model, values in predictions.items()}
        resampled = {model: bootstrap.scores(y, p) for model, p in columns.items()}
        for model, p in columns.items():
            intervals = bootstrap.intervals(y, p, resampled=resampled[model])
            rows += [
                Score(model, target, set, name, _known(i.value), _known(i.low), _known(i.high), i.n)
                for name, i in intervals.items()
            ]
        comparisons += compare_on_rows(
            y, columns, bootstrap=bootstrap, set=set, target=target, resampled=resampled
        )
    return Scores(tuple(rows), tuple(comparisons))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def choose_model(scores: Sequence[Score], candidates: Sequence[str]) -> str:
    """Return the candidate with the best out-of-fold R², averaged over targets.

    R² is taken because it is comparable between targets of different units and
    sees offset and scale, which a correlation does not. Among equals the first,
    that is the simplest, candidate wins.

    Parameters
    ----------
    scores : sequence of Score
        Only rows of the set "validation" are looked at.
    candidates : sequence of str
        Models to choose among, simplest first.

    Raises
    ------
    InputError
        If there is no candidate, or several without out-of-fold scores.

    Examples
    --------
    >>> rows = [Score("a", "y", "validation", "r2", 0.2, None, None, 9),
    ...         Score("b", "y", "validation", "r2", 0.3, None, None, 9)]
    >>> choose_model(rows, ["a", "b"])
    'b'
    """
    if not candidates:
        raise InputError("there is no model to choose from")
    if len(candidates) == 1:
        return candidates[0]
    means = {}
    for name in candidates:
        values = [
            row.value
            for row in scores
            if (row.model, row.set, row.metric) == (name, "validation", "r2")
            and row.value is not None
        ]
        if values:
            means[name] = float(np.mean(values))
    if not means:
        raise InputError(
            f"{len(candidates)} models and no out-of-fold score to choose by; "
            "use folds, or name one model"
        )
    return max(means, key=lambda name: means[name])
