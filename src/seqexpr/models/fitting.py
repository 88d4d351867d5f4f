"""Fitting any model over strings: weights, groups and threads reach the steps that take them."""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import has_fit_parameter

from seqexpr.errors import InputError

__all__ = ["fit_model", "set_jobs"]


def fit_model(
    model: Any, sequences: Any, targets: Any, *, sample_weight: Any = None, groups: Any = None
) -> Any:
    """Fit a model, handing weights and groups to its last step, and return it.

    Parameters
    ----------
    model : Pipeline or regressor over strings
        As from :func:`seqexpr.models.registry.make_model`. One that is frozen
        was fitted on other rows, and is taken out as it is.
    sequences : list, array or Series of str, length n
        DNA sequences.
    targets : array-like of float, shape (n,) or (n, t)
        Targets; NaN = not measured, where the model allows it.
    sample_weight : array-like of float, shape (n,), optional
        Non-negative weights.
    groups : array-like, shape (n,), optional
        Group of each row. A model that chooses something by cross-validation
        inside these rows keeps groups whole; the others do not look at them.
        Relatives on both sides of such a fold make it choose far too weak a
        penalty.

    Returns
    -------
    object
        The model itself, fitted.

    Raises
    ------
    InputError
        If there are weights, and the model takes none.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> model = fit_model(make_model("mean"), ["AC", "GT"], [1.0, 4.0], sample_weight=[2, 1])
    >>> model.predict(["TT"]).tolist()
    [2.0]
    """
    if isinstance(model, FrozenEstimator):
        return model.estimator
    steps = getattr(model, "steps", None)
    last = model if steps is None else steps[-1][1]
    prefix = "" if steps is None else f"{steps[-1][0]}__"
    further = {}
    if sample_weight is not None:
        if not has_fit_parameter(last, "sample_weight"):
            raise InputError(f"{type(last).__name__} takes no sample weights; leave them out")
        further[f"{prefix}sample_weight"] = sample_weight
    if groups is not None and has_fit_parameter(last, "groups"):
        further[f"{prefix}groups"] = groups
    return model.fit(sequences, targets, **further)


def set_jobs(model: Any, n_jobs: int) -> Any:
    """Set ``n_jobs`` of every step of a model, which changes no prediction, and return it.

    Parameters
    ----------
    model : estimator
        Any.
    n_jobs : int
        Threads.

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> set_jobs(make_model("ridge"), 3).get_params()["regressor__n_jobs"]
    3
    """
    names = [name for name in model.get_params() if name == "n_jobs" or name.endswith("__n_jobs")]
    return model.set_params(**dict.fromkeys(names, n_jobs))
