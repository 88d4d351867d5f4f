"""Negative controls: what the same procedure scores where there is nothing, or less, to learn.

All controls are out-of-fold scores on train rows, on the same rows and folds;
the test set has no part in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import (
    Inputs,
    has_covariates,
    model_inputs,
    sequences_of,
    take_rows,
    with_sequences,
)
from seqexpr.data.shuffling import shuffle_dinucleotides
from seqexpr.evaluation.comparison import Comparison, compare_on_rows
from seqexpr.evaluation.inflation import draw_families
from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.resampling import Bootstrap
from seqexpr.models.registry import make_model
from seqexpr.splits.folds import make_folds

__all__ = ["LEAK_Z", "Control", "Controls", "run_controls"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Strings = npt.NDArray[np.object_]
Fit = Callable[[Any, Floats, Ints], Any]

LEAK_Z = 3.9
"""Standard errors above 0 from which a correlation with permuted targets is a leak."""
_TITLES = {
    "model": "The chosen model",
    "shuffled": "The same model, order of bases shuffled",
    "reversed": "The same model, sequences read backwards",
    "nearest": "Nearest neighbours",
    "composition": "GC, length and CpG",
    "permuted": "The same model, targets permuted",
}


@dataclass(frozen=True)
class Control:
    """One score of one control, out of fold on train rows.

    Attributes
    ----------
    name : {"model", "shuffled", "reversed", "nearest", "composition", "permuted"}
        Which control.
    title : str
        In words.
    metric : {"r2", "pearson"}
        Which score.
    value, low, high : float or None
        The score and its 95% interval; None where undefined.
    n : int
        Rows.
    """

    name: str
    title: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Controls:
    """What the controls found.

    Attributes
    ----------
    rows : tuple of Control
        Every score.
    beyond_composition : Comparison or None
        R² of the model less that on shuffled sequences, paired.
    status : {"ok", "leak"}
        "leak" where permuted targets were predicted: then something other than
        the sequence tells the model the answer.
    sentence : str
        What the model knows beyond composition, in words.
    """

    rows: tuple[Control, ...]
    beyond_composition: Comparison | None
    status: str
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return what ``controls`` of evaluation.json holds."""
        beyond = self.beyond_composition
        return {
            "rows": [asdict(row) for row in self.rows],
            "beyond_composition": None if beyond is None else asdict(beyond),
            "status": self.status,
            "sentence": self.sentence,
        }

    def score(self, name: str, metric: str = "r2") -> float | None:
        """Return the value of one score."""
        return next(row.value for row in self.rows if (row.name, row.metric) == (name, metric))


def run_controls(
    fit: Fit,
    inputs: Inputs,
    targets: Floats,
    *,
    units: Ints,
    rng: np.random.Generator,
    max_rows: int = 3_000,
    n_folds: int = 3,
) -> Controls:
    """Run every control on at most `max_rows` train rows.

    - **model**: the procedure as it is; what the controls are compared with.
    - **shuffled**: every sequence, in fit rows and held-out ones, is shuffled
      with its dinucleotides kept. What is left is composition.
    - **reversed**: fitted as it is; held-out sequences are read backwards, not
      complemented, which keeps composition and palindromes and breaks motifs.
    - **nearest**, **composition**: the baselines of the ladder.
    - **permuted**: targets are dealt out anew among the rows. The correlation
      out of fold then has mean 0 or below, and standard error 1 / √(n - 1)
      over permutations; above :data:`LEAK_Z` of these (once in 20,000 runs) it
      is a leak.

    Parameters
    ----------
    fit : callable
        ``fit(inputs, targets, units) -> model`` with ``model.predict(inputs)``; a
        fresh model each time.
    inputs : array of str, shape (n,), or DataFrame
        Train sequences, with covariates or without. Covariates stay as they
        are, whatever is done to the sequence.
    targets : ndarray of float64, shape (n,)
        One target; rows without a value are left out.
    units : ndarray of int64, shape (n,)
        Rows that belong together: whole in folds, drawn whole.
    rng : numpy.random.Generator
        Source of randomness.
    max_rows : int
        Rows that are used, at least 2. Default 3,000.
    n_folds : int
        Folds, at least 2. Default 3.

    Raises
    ------
    SplitError
        If there are fewer units than folds.

    References
    ----------
    Fisher, The Design of Experiments (1935), chapter III (permutation). Ojala &
    Garriga, Permutation tests for studying classifier performance, JMLR 11
    (2010), 1833-1863. Altschul & Erickson (1985) for the shuffle.
    """
    rows = np.flatnonzero(np.isfinite(targets))
    rows = draw_families(rows, units, max_rows, rng)
    text, y, own = take_rows(inputs, rows), targets[rows], units[rows]
    bases = sequences_of(text)
    folds = make_folds(own, y[:, None], n_folds=n_folds, rng=rng)
    shuffled = with_sequences(text, shuffle_dinucleotides(bases, rng=rng))
    backwards = with_sequences(text, [sequence[::-1] for sequence in bases])
    permuted = rng.permutation(y)
    predictions = {
        "model": np.empty(len(y)), "shuffled": _out_of_fold(fit, shuffled, y, own, folds=folds),
        "reversed": np.empty(len(y)), "nearest": _of_baseline("nearest_neighbor", bases, y, folds),
        "composition": _of_baseline("gc", bases, y, folds),
    }  # fmt: skip
    for fold in range(n_folds):
        held_out = folds == fold
        model = fit(take_rows(text, ~held_out), y[~held_out], own[~held_out])
        predictions["model"][held_out] = _predict(model, take_rows(text, held_out))
        predictions["reversed"][held_out] = _predict(model, take_rows(backwards, held_out))
    bootstrap = Bootstrap(len(y), own, rng=rng)
    found = [row for name in predictions for row in _scores(name, y, predictions[name], bootstrap)]
    null = _out_of_fold(fit, text, permuted, own, folds=folds)
    found += _scores("permuted", permuted, null, bootstrap)
    found.sort(key=lambda row: list(_TITLES).index(row.name))
    pair = {name: predictions[name] for name in ("model", "shuffled")}
    beyond = compare_on_rows(y, pair, bootstrap=bootstrap, set="train", target="", resampled=None)
    correlation = METRICS["pearson"].compute(permuted, null)
    leaks = bool(np.isfinite(correlation) and correlation * np.sqrt(len(y) - 1) > LEAK_Z)
    values = {row.name: row.value for row in found if row.metric == "r2"}
    r2 = next((row for row in beyond if row.metric == "r2"), None)
    status = "leak" if leaks else "ok"
    return Controls(
        tuple(found), r2, status, _sentence(values, r2, leaks=leaks, beside=has_covariates(text))
    )


def _predict(model: Any, inputs: Inputs) -> Floats:
    return np.asarray(model.predict(model_inputs(inputs)), dtype=np.float64).reshape(-1)


def _out_of_fold(fit: Fit, inputs: Inputs, y: Floats, units: Ints, *, folds: Ints) -> Floats:
    predicted = np.empty(len(y))
    for fold in range(int(folds.max()) + 1):
        held_out = folds == fold
        model = fit(take_rows(inputs, ~held_out), y[~held_out], units[~held_out])
        predicted[held_out] = _predict(model, take_rows(inputs, held_out))
    return predicted


def _of_baseline(name: str, sequences: Strings, y: Floats, folds: Ints) -> Floats:
    def fit(rows: Strings, values: Floats, units: Ints) -> Any:
        del units
        return make_model(name).fit(list(rows), values)

    return _out_of_fold(fit, sequences, y, folds, folds=folds)


def _scores(name: str, y: Floats, predicted: Floats, bootstrap: Bootstrap) -> list[Control]:
    intervals = bootstrap.intervals(y, predicted)
    found = []
    for metric in ("r2", "pearson"):
        score = intervals[metric]
        value, low, high = (
            float(number) if np.isfinite(number) else None
            for number in (score.value, score.low, score.high)
        )
        found.append(Control(name, _TITLES[name], metric, value, low, high, len(y)))
    return found


def _sentence(
    values: Mapping[str, float | None], beyond: Comparison | None, *, leaks: bool, beside: bool
) -> str:
    """Say what the model knows beyond composition."""
    if leaks:
        return (
            "The model predicts targets that were dealt out at random: something other than the "
            "sequence tells it the answer, so none of the scores can be trusted."
        )
    composition = "composition and covariates" if beside else "composition alone"
    model, shuffled = values["model"], values["shuffled"]
    if model is None or shuffled is None or beyond is None or beyond.difference is None:
        return ""
    if model <= 0:
        return "The model predicts no better than the mean, so there is nothing to explain."
    if beyond.low is not None and beyond.low > 0:
        kept, gives = max(shuffled, 0.0), "give" if beside else "gives"
        return (
            f"Of its R² of {model:.2f} on train rows that it did not see, {model - kept:.2f} needs "
            f"the order of the bases; {composition} {gives} {kept:.2f}."
        )
    return (
        f"With the order of the bases shuffled the same model does as well (R² {shuffled:.2f} "
        f"against {model:.2f}): what it knows is composition{' and covariates' if beside else ''}."
    )
