"""Conformance checks for models: scikit-learn regressors over strings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.models.registry import MODELS, fit_model, make_model

__all__ = ["MODEL_CHECKS", "check_model", "check_regressor"]

Floats = npt.NDArray[np.float64]


def _library(n: int = 160, *, seed: int = 0) -> tuple[list[str], Floats]:
    motifs = (PlantedMotif("TGACTCA", 2.0, start=5), PlantedMotif("CACGTG", -2.0, start=20))
    rng = np.random.default_rng(seed)
    library = simulate_library(n, rng=rng, length=40, noise=0.3, motifs=motifs)
    return library.table["sequence"].tolist(), library.table["expression"].to_numpy()


def _fail(model: Any, message: str) -> NoReturn:
    raise AssertionError(f"{type(model).__name__}: {message}")


def _require_equal(model: Any, found: Any, wanted: Any, message: str) -> None:
    if np.shape(found) != np.shape(wanted):
        _fail(model, f"{message}; the shapes are {np.shape(found)} and {np.shape(wanted)}")
    if not np.allclose(found, wanted, rtol=1e-6, atol=1e-8, equal_nan=True):
        worst = float(np.nanmax(np.abs(np.asarray(found) - np.asarray(wanted))))
        _fail(model, f"{message}; they differ by up to {worst:.3g}")


def check_clones(model: Any) -> None:
    """Check that clone gives an unfitted model with the same parameters."""
    copy = clone(model)
    if repr(copy) != repr(model):
        _fail(model, "a clone must have the same parameters")


def check_is_deterministic(model: Any) -> None:
    """Check that two fits with the same seed predict the same."""
    X, y = _library()
    first, second = (clone(model).fit(X, y).predict(X) for _ in range(2))
    _require_equal(model, first, second, "two fits on the same data must agree")


def check_row_by_row(model: Any) -> None:
    """Check that a sequence is predicted alone as it is among others, in any order."""
    X, y = _library()
    fitted = clone(model).fit(X, y)
    together = fitted.predict(X[:20])
    alone = np.concatenate([fitted.predict([x]) for x in X[:20]])
    _require_equal(model, alone, together, "a row alone must equal its row in a batch")
    order = np.random.default_rng(1).permutation(20)
    shuffled = fitted.predict([X[i] for i in order])
    _require_equal(model, shuffled, together[order], "predictions must follow the rows")


def check_odd_sequences(model: Any) -> None:
    """Check that unknown bases, short, long and empty sequences get finite predictions."""
    X, y = _library()
    fitted = clone(model).fit(X, y)
    odd = ["", "A", "N" * 40, "ACGTNNACGT", "ACGT" * 50, "acgtacgt"]
    predicted = fitted.predict(odd)
    if np.shape(predicted) != (len(odd),) or not np.isfinite(predicted).all():
        _fail(model, "unknown, short, long and empty sequences need finite predictions")


def check_containers(model: Any) -> None:
    """Check that lists, tuples, arrays and Series are the same, and that input is not changed."""
    import pandas as pd

    X, y = _library()
    kept = list(X)
    fitted = clone(model).fit(X, y)
    wanted = fitted.predict(X)
    for other in (tuple(X), np.array(X, dtype=object), pd.Series(X)):
        name = type(other).__name__
        _require_equal(model, fitted.predict(other), wanted, f"a {name} must do as a list")
    if kept != X:
        _fail(model, "the input must not be changed")


def check_several_targets(model: Any) -> None:
    """Check that several targets with missing values are fitted each on its measured rows."""
    X, y = _library()
    targets = np.column_stack([y, -y])
    targets[::3, 1] = np.nan
    fitted = clone(model).fit(X, targets)
    predicted = fitted.predict(X)
    if predicted.shape != (len(X), 2) or not np.isfinite(predicted).all():
        _fail(model, "two targets need two finite predictions a row")
    rows = [i for i in range(len(X)) if i % 3]
    alone = clone(model).fit([X[i] for i in rows], -y[rows]).predict(X)
    _require_equal(
        model, predicted[:, 1], alone, "a target must be fitted on its measured rows only"
    )


def check_weights(model: Any) -> None:
    """Check that rows of weight 0 do not count."""
    X, y = _library()
    weight = np.ones(len(X))
    weight[: len(X) // 2] = 0.0
    wrong = y.copy()
    wrong[: len(X) // 2] += 100.0
    predicted = fit_model(clone(model), X, wrong, sample_weight=weight).predict(X)
    if np.abs(predicted).max() > 50:
        _fail(model, "rows of weight 0 must not count")


def check_cross_validates(model: Any) -> None:
    """Check that scikit-learn's cross_val_score takes the model."""
    X, y = _library()
    scores = cross_val_score(clone(model), np.array(X, dtype=object), y, cv=3)
    if not np.isfinite(scores).all():
        _fail(model, "cross_val_score must give finite scores")


def check_learns(model: Any) -> None:
    """Check that planted motifs are predicted better than by the mean, on new sequences."""
    X, y = _library(600)
    new, truth = _library(300, seed=1)
    error = float(np.mean((clone(model).fit(X, y).predict(new) - truth) ** 2))
    if not error < 0.9 * float(np.var(truth)):
        _fail(model, f"planted motifs must be learnt; the error is {error:.3g}")


def check_saves(model: Any) -> None:
    """Check that skops saves the fitted model without pickle and gives the same predictions."""
    from skops import io as skops_io

    X, y = _library()
    fitted = clone(model).fit(X, y)
    wanted = fitted.predict(X)
    file = skops_io.dumps(fitted)
    schema = zipfile.ZipFile(io.BytesIO(file)).read("schema.json").decode()
    if "MethodNode" in schema or "FunctionNode" in schema:
        _fail(model, "fitted state must be arrays, strings and numbers, not functions")
    trusted = skops_io.get_untrusted_types(data=file)
    again = skops_io.loads(file, trusted=trusted).predict(X)
    if not np.array_equal(again, wanted):
        _fail(model, "a saved model must predict the same to the last bit")


MODEL_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_clones,
    check_is_deterministic,
    check_row_by_row,
    check_odd_sequences,
    check_containers,
    check_several_targets,
    check_weights,
    check_cross_validates,
    check_saves,
)


def check_regressor(model: Any, *, learns: bool = True) -> None:
    """Run every check on a model.

    Parameters
    ----------
    model : estimator
        Unfitted scikit-learn regressor over strings; a Pipeline takes weights
        in its last step.
    learns : bool
        Whether planted motifs must be learnt; not asked of baselines. Default
        True.

    Raises
    ------
    AssertionError
        Naming what does not hold.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> check_regressor(make_model("tutorial"))
    """
    for check in MODEL_CHECKS:
        check(model)
    if learns:
        check_learns(model)


def check_model(name: str) -> None:
    """Run every check on a registered model, a plugin's too."""
    check_regressor(make_model(name), learns=not MODELS[name].is_baseline)
