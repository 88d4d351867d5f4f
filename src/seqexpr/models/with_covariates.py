"""Any model over sequences, made to read covariates too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from seqexpr.data.covariates import describe_covariates
from seqexpr.errors import InputError
from seqexpr.features.covariates import NoSequence, WithCovariates
from seqexpr.features.scaled_covariates import ScaledCovariates
from seqexpr.models.measured import LinearCoefficients

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.models.registry import ModelSpec

__all__ = ["MOST_INTERACTING", "add_covariates", "build_model"]

MOST_INTERACTING = 12
"""Categories up to which linear models get products of features and categories."""


def build_model(
    spec: ModelSpec, covariates: pd.DataFrame | None, *, random_state: int, n_jobs: int
) -> Any:
    """Build a registered model for sequences, or for sequences with covariates.

    Linear models get products of features and categories, unless there are over
    twelve categories. Baselines that do not read covariates take the same
    DataFrame and look at its sequences.

    Parameters
    ----------
    spec : ModelSpec
        Which model.
    covariates : DataFrame or None
        Typed columns as :attr:`seqexpr.data.dataset.Dataset.covariates` holds
        them; None = the model reads sequences alone.
    random_state, n_jobs : int
        Seed and threads.

    Examples
    --------
    >>> import pandas as pd
    >>> from seqexpr.models.registry import MODELS
    >>> beside = pd.DataFrame({"dose": [1.0, 2.0]})
    >>> build_model(MODELS["ridge"], beside, random_state=0, n_jobs=1)["features"].numeric
    ('dose',)
    """
    model = spec.build(random_state=random_state, n_jobs=n_jobs)
    if covariates is None:
        return model
    known = describe_covariates(covariates) if spec.reads_covariates else ()
    # Of the type, not of the rows: a fold that lacks a category is modelled as the others are.
    categories = sum(len(covariates[c.name].cat.categories) for c in known if c.kind != "numeric")
    return add_covariates(
        model,
        numeric=tuple(item.name for item in known if item.kind == "numeric"),
        categorical=tuple(item.name for item in known if item.kind == "categorical"),
        interact=categories <= MOST_INTERACTING,
    )


def add_covariates(
    model: Pipeline,
    *,
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    interact: bool = True,
) -> Pipeline:
    """Return a model that reads a DataFrame: the sequence, and covariates beside it.

    Parameters
    ----------
    model : Pipeline
        Unfitted, over strings: its first step makes the features. If that is
        "passthrough", the last step must read numbers beside the sequence
        (``reads_covariates``), or have ``members``, models that are rewritten in
        turn. It is not changed.
    numeric, categorical : sequence of str
        Names of the columns. Without any, the model takes a DataFrame and looks
        at the sequence only.
    interact : bool
        Whether linear models get products of the features of the sequence and
        the categories, so that a motif can act in one condition only. Default
        True.

    Returns
    -------
    Pipeline
        Unfitted; see :class:`seqexpr.features.covariates.WithCovariates`.

    Raises
    ------
    InputError
        If the model has no features to put covariates beside.

    Examples
    --------
    >>> import pandas as pd
    >>> from seqexpr.models.registry import make_model
    >>> rows = pd.DataFrame({"sequence": ["ACGT", "TTTT"] * 4, "dose": [1, 1, 2, 2] * 2})
    >>> model = add_covariates(make_model("ridge"), numeric=["dose"])
    >>> model.fit(rows, rows["dose"] * 2.0).predict(rows[:1]).shape
    (1,)
    """
    if not isinstance(model, Pipeline):
        raise InputError(
            f"{type(model).__name__} takes no covariates: it is no Pipeline of features and "
            "regressor; leave the covariates out, or this model"
        )
    model = clone(model)
    (name, features), *_, (last, regressor) = model.steps
    if features in ("passthrough", None):
        if getattr(regressor, "reads_covariates", False):
            numbers = ScaledCovariates(numeric=tuple(numeric), categorical=tuple(categorical))
            return model.set_params(**{name: numbers})
        if not hasattr(regressor, "members"):
            raise InputError(
                f"{type(regressor).__name__} takes no covariates: it reads sequences itself; leave "
                "the covariates out, or this model"
            )
        members = [
            add_covariates(member, numeric=numeric, categorical=categorical, interact=interact)
            for member in regressor.members
        ]
        return model.set_params(**{f"{last}__members": members})
    # Products let a line bend by condition; trees and neighbours find that by themselves.
    multiply = interact and isinstance(regressor, LinearCoefficients)
    multiply = multiply and bool(len(categorical)) and not isinstance(features, NoSequence)
    wrapped = WithCovariates(
        features, numeric=tuple(numeric), categorical=tuple(categorical), interact=multiply
    )
    return model.set_params(**{name: wrapped})
