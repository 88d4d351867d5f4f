"""What every model must do, as checks that anybody can run on theirs.

A model is a scikit-learn regressor from n DNA sequences (str) to predictions of
shape (n,) or (n, t), most often a Pipeline whose last step takes the features.
One for which :func:`check_regressor` is silent works in every part of seqexpr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from numbers import Number
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from seqexpr.data.simulate import PlantedMotif, simulate_library
from seqexpr.errors import InputError
from seqexpr.models.fitting import fit_model
from seqexpr.models.registry import MODELS, make_model
from seqexpr.models.with_covariates import add_covariates

__all__ = ["MODEL_CHECKS", "check_model", "check_regressor"]

Floats = npt.NDArray[np.float64]


@cache
def _simulated(n: int, seed: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    motifs = (PlantedMotif("TGACTCA", 2.0, start=5), PlantedMotif("CACGTG", -2.0, start=20))
    rng = np.random.default_rng(seed)
    table = simulate_library(n, rng=rng, length=40, noise=0.3, motifs=motifs).table
    return tuple(table["sequence"]), tuple(table["expression"])


def _library(n: int = 80, *, seed: int = 0) -> tuple[list[str], Floats]:
    sequences, expression = _simulated(n, seed)
    return list(sequences), np.array(expression)


def _name(model: Any) -> str:
    steps = getattr(model, "steps", None)
    return type(model if steps is None else steps[-1][1]).__name__


def _trait(model: Any, name: str) -> bool:
    """Whether the last step says of itself that something is so."""
    steps = getattr(model, "steps", None)
    return bool(getattr(model if steps is None else steps[-1][1], name, False))


def _fail(model: Any, message: str, *, cause: Exception | None = None) -> NoReturn:
    raise AssertionError(f"{_name(model)}: {message}") from cause


def _require_equal(
    model: Any, found: Any, wanted: Any, message: str, *, tolerance: float = 1e-6
) -> None:
    if _trait(model, "is_single_precision"):  # numbers are added up in another order in a batch
        tolerance = max(tolerance, 1e-4)
    if np.shape(found) != np.shape(wanted):
        _fail(model, f"{message}; the shapes are {np.shape(found)} and {np.shape(wanted)}")
    if not np.allclose(found, wanted, rtol=tolerance, atol=tolerance / 100, equal_nan=True):
        worst = float(np.nanmax(np.abs(np.asarray(found) - np.asarray(wanted))))
        _fail(model, f"{message}; they differ by up to {worst:.3g}")


def _tried(model: Any, what: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        _fail(model, f"{what} raised {error!r}", cause=error)


def check_clones(model: Any) -> None:
    """Check that fit returns the model, keeps its parameters, and that a clone is unfitted."""
    copy = _tried(model, "clone", lambda: clone(model))
    if repr(copy) != repr(model):
        _fail(model, "a clone must have the same parameters")
    X, y = _library()
    if copy.fit(X, y) is not copy:
        _fail(model, "fit must return the model itself")
    if repr(clone(copy)) != repr(model):
        _fail(model, "fit must not change the parameters")
    learnt = [a for part in _estimators(clone(copy)) for a in vars(part) if a.endswith("_")]
    if learnt:
        _fail(model, f"a clone must be unfitted, but has {', '.join(learnt)}")


def check_is_deterministic(model: Any) -> None:
    """Check that two fits with the same seed predict the same."""
    X, y = _library()
    first, second = (clone(model).fit(X, y).predict(X) for _ in range(2))
    _require_equal(model, first, second, "two fits on the same data must agree")


def check_refits(model: Any) -> None:
    """Check that a second fit forgets the first."""
    X, y = _library()
    fresh = clone(model).fit(X[:50], -y[:50]).predict(X)
    again = clone(model).fit(X, y)
    again.predict(X)
    _require_equal(model, again.fit(X[:50], -y[:50]).predict(X), fresh, "a fit must forget others")


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
    predicted = _tried(model, "predict for odd sequences", lambda: fitted.predict(odd))
    if np.shape(predicted) != (len(odd),) or not np.isfinite(predicted).all():
        _fail(model, "unknown, short, long and empty sequences need finite predictions")


def check_few_rows(model: Any) -> None:
    """Check that one, two or three rows can be fitted, and a target that does not vary."""
    X, y = _library()
    for n in (1, 2, 3):
        rows, values = X[:n], y[:n]
        fitted = _tried(model, f"fit on {n} rows", partial(clone(model).fit, rows, values))
        if not np.isfinite(fitted.predict(X)).all():
            _fail(model, f"fitted on {n} rows, it must give finite predictions")
    flat = clone(model).fit(X, np.full(len(X), 3.5)).predict(X)
    _require_equal(model, flat, np.full(len(X), 3.5), "a constant target must be predicted")


def check_containers(model: Any) -> None:
    """Check that lists, tuples, arrays and Series are the same, and that input is not changed."""
    import pandas as pd

    X, y = _library()
    kept, values = list(X), y.copy()
    fitted = clone(model).fit(X, y)
    wanted = fitted.predict(X)
    if kept != X or not np.array_equal(values, y):
        _fail(model, "the input must not be changed")
    index = range(7, 7 + len(X))
    for other in (tuple(X), np.array(X, dtype=object), pd.Series(X, index=index)):
        text = f"a {type(other).__name__} must do as a list"
        found = _tried(model, f"a {type(other).__name__}", partial(fitted.predict, other))
        _require_equal(model, found, wanted, text)
    fit = partial(clone(model).fit, pd.Series(X, index=index), pd.Series(y, index=index))
    found = _tried(model, "fit on Series", fit).predict(X)
    _require_equal(model, found, wanted, "a fit on Series must do as one on a list")


def check_several_targets(model: Any) -> None:
    """Check that several targets with missing values are fitted each on its measured rows."""
    X, y = _library()
    one = clone(model).fit(X, y[:, None]).predict(X)
    if one.shape != (len(X), 1):
        _fail(model, f"a target of shape (n, 1) needs such predictions, not {one.shape}")
    targets = np.column_stack([y, -y])
    targets[::3, 1] = np.nan
    fitted = _tried(model, "fit with a missing value", lambda: clone(model).fit(X, targets))
    predicted = fitted.predict(X)
    if predicted.shape != (len(X), 2) or not np.isfinite(predicted).all():
        _fail(model, "two targets need two finite predictions a row")
    rows = [i for i in range(len(X)) if i % 3]
    alone = clone(model).fit([X[i] for i in rows], -y[rows]).predict(X)
    message = "a target must be fitted on its measured rows only"
    if _trait(model, "shares_targets"):
        _check_shared(model, X, targets)
        return
    _require_equal(model, predicted[:, 1], alone, message)
    _require_equal(model, predicted[:, 0], one[:, 0], "a target must not depend on the others")


def _check_shared(model: Any, X: list[str], targets: Floats) -> None:
    """Check that a missing value counts for nothing, in a model whose targets teach each other."""
    far = targets + np.array([0.0, 100.0])
    predicted = clone(model).fit(X, far).predict(X)[:, 1]
    measured = far[~np.isnan(far[:, 1]), 1]
    if abs(predicted.mean() - measured.mean()) > 2 * measured.std():
        _fail(model, "a target must be fitted on its measured rows only; missing ones count as 0")


def check_weights(model: Any) -> None:
    """Check that rows of weight 0 do not count, and that equal weights change nothing."""
    X, y = _library()
    weight = np.ones(len(X))
    equal = fit_model(clone(model), X, y, sample_weight=weight).predict(X)
    plain = clone(model).fit(X, y).predict(X)
    _require_equal(model, equal, plain, "weights of 1 must change nothing", tolerance=1e-3)
    weight[: len(X) // 2] = 0.0
    wrong = y.copy()
    wrong[: len(X) // 2] += 100.0
    predicted = fit_model(clone(model), X, wrong, sample_weight=weight).predict(X)
    if np.abs(predicted).max() > 50:
        _fail(model, "rows of weight 0 must not count")


def check_cross_validates(model: Any) -> None:
    """Check that scikit-learn's cross_val_score takes the model."""
    X, y = _library()

    def score() -> Any:
        array = np.array(X, dtype=object)
        return cross_val_score(clone(model), array, y, cv=3, error_score="raise")

    if not np.isfinite(_tried(model, "cross_val_score", score)).all():
        _fail(model, "cross_val_score must give finite scores")


def check_saves(model: Any) -> None:
    """Check that what is fitted is plain, and that skops saves it bit for bit.

    Plain are arrays of numbers or text, str, numbers, estimators of which this
    holds, and lists, tuples and dictionaries of these; nothing else can be
    loaded without trusting its author.
    """
    from skops import io as skops_io

    X, y = _library()
    fitted = clone(model).fit(X, y)
    for part in _estimators(fitted):
        parameters = part.get_params(deep=False)
        for name, value in part.__getstate__().items():
            if name not in parameters and not _is_plain(value):
                _fail(model, f"{name} is a {type(value).__name__}; fitted state must be plain")
    wanted = fitted.predict(X)
    file = _tried(model, "skops", lambda: skops_io.dumps(fitted))
    ours = {f"{type(part).__module__}.{type(part).__name__}" for part in _estimators(fitted)}
    strange = set(skops_io.get_untrusted_types(data=file)) - ours - {"numpy.dtype"}
    if strange:
        _fail(model, f"a saved model must not need other types: {', '.join(sorted(strange))}")
    again = skops_io.loads(file, trusted=[*ours, "numpy.dtype"]).predict(X)
    if not np.array_equal(again, wanted):
        _fail(model, "a saved model must predict the same to the last bit")


def check_covariates(model: Any) -> None:
    """Check that a Pipeline reads a DataFrame of sequences and covariates, row by row."""
    import pandas as pd

    if not isinstance(model, Pipeline):
        return
    X, y = _library(60)
    beside = {"cell": ["K562", "HepG2"] * 30, "dose": np.arange(60) % 7 / 2}
    frame = pd.DataFrame({"sequence": X, **beside}, index=range(5, 65))
    kept = frame.copy()
    try:
        wide = add_covariates(model, numeric=("dose",), categorical=("cell",))
    except InputError:  # it reads sequences itself, and says so
        return
    fitted = _tried(model, "fit on a DataFrame", partial(wide.fit, frame, y))
    together = _tried(model, "predict for a DataFrame", partial(fitted.predict, frame))
    if np.shape(together) != (60,) or not np.isfinite(together).all():
        _fail(model, "a DataFrame with covariates needs a finite prediction for each row")
    order = np.random.default_rng(2).permutation(60)[:10]
    some = fitted.predict(frame.iloc[order])
    _require_equal(model, some, together[order], "predictions must follow the rows of a DataFrame")
    if not frame.equals(kept):
        _fail(model, "the DataFrame must not be changed")


def _estimators(model: Any) -> Iterator[Any]:
    """Yield the model and every estimator among its parameters and in its fitted state."""
    seen: dict[int, Any] = {}

    def look(value: Any) -> None:
        if isinstance(value, BaseEstimator) and id(value) not in seen:
            seen[id(value)] = value
            look(list(value.get_params(deep=False).values()))
            look(list(value.__getstate__().values()))
        elif isinstance(value, list | tuple):
            for item in value:
                look(item)

    look(model)
    yield from seen.values()


def _is_plain(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiubUS"
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    # Estimators are looked at in turn.
    return value is None or isinstance(value, str | bool | Number | np.generic | BaseEstimator)


def check_learns(model: Any) -> None:
    """Check that planted motifs are predicted better than by the mean, on new sequences."""
    X, y = _library(600)
    new, truth = _library(300, seed=1)
    error = float(np.mean((clone(model).fit(X, y).predict(new) - truth) ** 2))
    if not error < 0.9 * float(np.var(truth)):
        _fail(model, f"planted motifs must be learnt; the error is {error:.3g}")


def check_weights_repeat(model: Any) -> None:
    """Check that a row of weight 2 counts as two rows; only some methods claim that."""
    X, y = _library()
    weight = 1 + np.arange(len(X)) % 3
    weighted = fit_model(clone(model), X, y, sample_weight=weight.astype(float)).predict(X)
    rows = np.repeat(np.arange(len(X)), weight)
    repeated = clone(model).fit([X[i] for i in rows], y[rows]).predict(X)
    message = "whole weights must act like repeated rows"
    _require_equal(model, weighted, repeated, message, tolerance=1e-4)


MODEL_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_clones,
    check_is_deterministic,
    check_refits,
    check_row_by_row,
    check_odd_sequences,
    check_few_rows,
    check_containers,
    check_several_targets,
    check_weights,
    check_cross_validates,
    check_saves,
    check_covariates,
)
"""What is asked of every model: functions of an unfitted one."""


def check_regressor(model: Any, *, learns: bool = True, weights_repeat: bool = False) -> None:
    """Run every check on a model.

    Parameters
    ----------
    model : estimator
        Unfitted scikit-learn regressor over strings; a Pipeline takes weights
        in its last step. It is cloned, never fitted itself.
    learns : bool, default True
        Whether planted motifs must be learnt; not asked of baselines.
    weights_repeat : bool, default False
        Whether whole weights must act like repeated rows; not true of methods
        that draw rows or choose something on folds.

    Raises
    ------
    AssertionError
        At the first check that fails: which model, what does not hold.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> check_regressor(make_model("tutorial"), weights_repeat=True)
    """
    for check in MODEL_CHECKS:
        check(model)
    if learns:
        check_learns(model)
    if weights_repeat:
        check_weights_repeat(model)


def check_model(name: str) -> None:
    """Run every check on a registered model, a plugin's too."""
    check_regressor(make_model(name), learns=not MODELS[name].is_baseline)
