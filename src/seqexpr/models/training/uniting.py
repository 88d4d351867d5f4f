"""Networks that were trained on different rows, as the members of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor

__all__ = ["LINEAR_LOSSES", "unite"]

LINEAR_LOSSES = ("squared", "huber")
"""Losses with which a prediction is the last layer's output, times a scale, plus a center."""


def unite(fits: Sequence[NeuralRegressor]) -> NeuralRegressor:
    """Return one regressor that predicts the mean of several fitted ones.

    Each was fitted on rows of its own, so each has its own center and scale;
    its last layer takes up the difference.

    Parameters
    ----------
    fits : sequence of NeuralRegressor, at least one
        Fitted, of the same parameters, with a loss of :data:`LINEAR_LOSSES`.

    References
    ----------
    Breiman (1996), Bagging predictors, Machine Learning 24:123-140; Krogh &
    Vedelsby (1995), Neural network ensembles, cross validation, and active
    learning, NeurIPS (members that leave out a part of the rows each).

    Examples
    --------
    >>> from seqexpr.models.neural import NeuralRegressor
    >>> rows = ["ACGTAC", "TTTTTT", "ACGTTT", "TTTTAA"] * 10
    >>> fits = [NeuralRegressor(random_state=seed).fit(rows, [5, 1, 5, 1] * 10) for seed in (0, 1)]
    >>> mean = (fits[0].predict(rows) + fits[1].predict(rows)) / 2
    >>> bool(np.allclose(unite(fits).predict(rows), mean, atol=1e-4))
    True
    """
    first = fits[0]
    if first.resolved()[1].loss not in LINEAR_LOSSES:
        raise ValueError(f"loss: must be one of {', '.join(LINEAR_LOSSES)}")
    united: NeuralRegressor = clone(first)
    united.form_ = first.form_
    united.n_targets_, united.n_covariates_ = first.n_targets_, first.n_covariates_
    united.center_ = np.mean([one.center_ for one in fits], axis=0)
    scale = np.mean([one.scale_ for one in fits], axis=0)
    united.scale_ = np.where(scale > 0, scale, 1.0)
    united.weights_ = [_moved(weights, one, united) for one in fits for weights in one.weights_]
    united.history_ = [epochs for one in fits for epochs in one.history_]
    return united


def _moved(
    weights: dict[str, npt.NDArray[Any]], own: NeuralRegressor, united: NeuralRegressor
) -> dict[str, npt.NDArray[Any]]:
    """Return weights that predict, with the center and scale of `united`, what they did."""
    times = own.scale_ / united.scale_
    plus = (own.center_ - united.center_) / united.scale_
    matrix, constant = weights["out.weight"], weights["out.bias"]
    return weights | {
        "out.weight": (matrix * times[:, None]).astype(matrix.dtype),
        "out.bias": (constant * times + plus).astype(constant.dtype),
    }
