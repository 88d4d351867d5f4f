"""Boosted trees: what features say together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from seqexpr.errors import InputError
from seqexpr.models.measured import Floats, MeasuredRegressor

__all__ = ["LightGBMRegressor"]


class LightGBMRegressor(MeasuredRegressor):
    """Gradient-boosted trees (LightGBM), kept as text so that they are safe to save.

    The number of trees is fixed rather than stopped early: on seven measured
    libraries the cross-validated score inside train was flat around the
    default, and no rows are spent on finding it out.

    Parameters
    ----------
    n_estimators : int, default 250
        Trees, at least 1. Time is proportional to it.
    learning_rate : float, default 0.07
        Shrinkage, in (0, 1].
    num_leaves : int, default 31
        Leaves of a tree, at least 2.
    min_child_samples : int, default 20
        Rows of a leaf at least; at most an eighth of the rows.
    colsample_bytree : float, default 0.2
        Share of the features that each tree may use, in (0, 1].
    reg_lambda : float, default 20.0
        L2 penalty on leaf values, in rows, at least 0: a leaf of so many rows
        is shrunk by half.
    enable_bundle : bool, default True
        Whether LightGBM shall look for features that exclude each other.
        Several times as fast for one-hot bases, slower for k-mer counts; the
        trees are the same.
    n_jobs : int, default 1
        Threads. The result does not depend on it.
    random_state : int, default 42
        Seed.

    Attributes
    ----------
    boosters_ : list of str, length t
        LightGBM's own text of each model, for targets of mean 0 and deviation 1.
    centers_, scales_ : ndarray of float64, shape (t,)
        Mean and standard deviation of each target.

    References
    ----------
    Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision
    tree, NeurIPS.

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> model = LightGBMRegressor().fit(X, 3 * X[:, 0])
    >>> model.predict([[0.0], [1.0]]).round(2).tolist()
    [0.0, 3.0]
    """

    def __init__(
        self,
        *,
        n_estimators: int = 250,
        learning_rate: float = 0.07,
        num_leaves: int = 31,
        min_child_samples: int = 20,
        colsample_bytree: float = 0.2,
        reg_lambda: float = 20.0,
        enable_bundle: bool = True,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.enable_bundle = enable_bundle
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit each target on its measured rows.

        Parameters, return value and errors are those of
        :meth:`seqexpr.models.measured.MeasuredRegressor.fit`.
        """
        for name, low in (("n_estimators", 1), ("num_leaves", 2), ("min_child_samples", 1)):
            if getattr(self, name) < low:
                raise InputError(f"{name} = {getattr(self, name)!r}: must be at least {low}")
        for name in ("learning_rate", "colsample_bytree"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} = {getattr(self, name)!r}: must be in (0, 1]")
        if not self.reg_lambda >= 0:
            raise InputError(f"reg_lambda = {self.reg_lambda!r}: must be at least 0")
        return self._fit_measured(X, y, sample_weight)

    def _fit_target(
        self, X: Any, y: Floats, weights: Floats | None, groups: Any
    ) -> tuple[str, float, float]:
        import lightgbm as lgb

        # LightGBM keeps targets in float32, and takes the penalty in units of weight.
        center, scale = float(np.average(y, weights=weights)), float(np.std(y))
        scale = scale if scale > 1e-12 * np.abs(y).max() else 1.0
        unit = (y - center) / scale
        share = None if weights is None else weights / weights.mean()
        parameters = self._parameters(len(y))
        data = lgb.Dataset(X.astype(np.float32), unit, weight=share, params=parameters)
        booster = lgb.train(parameters, data, num_boost_round=self.n_estimators)
        return booster.model_to_string(), center, scale

    def _parameters(self, n: int) -> dict[str, Any]:
        return {
            "objective": "regression",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": max(1, min(self.min_child_samples, n // 8)),
            "feature_fraction": self.colsample_bytree,
            "lambda_l2": self.reg_lambda,
            "max_bin": 63,  # counts are small; fewer bins lose the large ones of short k-mers
            "min_data_in_bin": 1,
            "enable_bundle": self.enable_bundle,
            "num_threads": self.n_jobs,
            "seed": self.random_state,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
            "boost_from_average": False,
        }

    def _keep(self, states: list[tuple[str, float, float]]) -> None:
        self.boosters_ = [state[0] for state in states]
        self.centers_ = np.array([state[1] for state in states])
        self.scales_ = np.array([state[2] for state in states])
        self._opened: dict[int, Any] = {}

    def _predict_target(self, X: Any, target: int) -> Floats:
        import lightgbm as lgb

        opened = self.__dict__.setdefault("_opened", {})
        if target not in opened:
            opened[target] = lgb.Booster(model_str=self.boosters_[target])
        trees = opened[target].predict(X.astype(np.float64), num_threads=self.n_jobs)
        return np.asarray(self.centers_[target] + self.scales_[target] * trees, dtype=np.float64)

    def __getstate__(self) -> dict[str, Any]:
        # The opened boosters hold pointers of the C library; their text is what is kept.
        state = dict(super().__getstate__())
        state.pop("_opened", None)
        return state
