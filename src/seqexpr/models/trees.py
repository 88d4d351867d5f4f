"""Boosted trees: what k-mers say together."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqexpr.errors import InputError
from seqexpr.models.measured import Floats, MeasuredRegressor

__all__ = ["LightGBMRegressor"]


class LightGBMRegressor(MeasuredRegressor):
    """Gradient-boosted trees (LightGBM), kept as text so that they are safe to save.

    Parameters
    ----------
    n_estimators : int
        Trees, at least 1. Default 300.
    learning_rate : float
        Shrinkage, in (0, 1]. Default 0.05.
    num_leaves : int
        Leaves of a tree, at least 2. Default 31.
    min_child_samples : int
        Rows of a leaf at least; at most an eighth of the rows. Default 20.
    colsample_bytree : float
        Share of the features that each tree may use, in (0, 1]. Default 0.2.
    subsample : float
        Share of the rows that each tree sees, in (0, 1]. Default 0.8.
    reg_lambda : float
        L2 penalty on leaf values, at least 0. Default 1.
    max_bin : int
        Bins of a feature, at least 2; k-mer counts are small. Default 15.
    n_jobs : int
        Threads. Default 1; the result does not depend on it.
    random_state : int
        Seed. Default 42.

    Attributes
    ----------
    boosters_ : list of str, length t
        LightGBM's own text of each model.

    References
    ----------
    Ke et al., LightGBM: a highly efficient gradient boosting decision tree,
    NeurIPS 2017.

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> model = LightGBMRegressor().fit(X, 3 * X[:, 0])
    >>> model.predict([[0.0], [1.0]]).round(2).tolist()
    [0.0, 3.0]
    """

    def __init__(  # noqa: PLR0913 - the knobs of the method, as LightGBM names them
        self,
        *,
        n_estimators: int = 300,
        learning_rate: float = 0.05,
        num_leaves: int = 31,
        min_child_samples: int = 20,
        colsample_bytree: float = 0.2,
        subsample: float = 0.8,
        reg_lambda: float = 1.0,
        max_bin: int = 15,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.colsample_bytree = colsample_bytree
        self.subsample = subsample
        self.reg_lambda = reg_lambda
        self.max_bin = max_bin
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> str:
        import lightgbm as lgb

        if self.n_estimators < 1:
            raise InputError(f"n_estimators = {self.n_estimators}: must be at least 1")
        center = float(np.average(y, weights=weights))
        parameters = {
            "objective": "regression",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": max(1, min(self.min_child_samples, len(y) // 8)),
            "feature_fraction": self.colsample_bytree,
            "bagging_fraction": self.subsample,
            "bagging_freq": 1 if self.subsample < 1 else 0,
            "lambda_l2": self.reg_lambda,
            "max_bin": self.max_bin,
            "min_data_in_bin": 1,
            "num_threads": self.n_jobs,
            "seed": self.random_state,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
            "boost_from_average": False,
        }
        data = lgb.Dataset(X.astype(np.float32), y - center, weight=weights, params=parameters)
        booster = lgb.train(parameters, data, num_boost_round=self.n_estimators)
        return f"{center!r}\n{booster.model_to_string()}"

    def _keep(self, states: list[str]) -> None:
        self.centers_ = np.array([float(state.partition("\n")[0]) for state in states])
        self.boosters_ = [state.partition("\n")[2] for state in states]
        self._opened: dict[int, Any] = {}

    def _predict_target(self, X: Any, target: int) -> Floats:
        import lightgbm as lgb

        opened = self.__dict__.setdefault("_opened", {})
        if target not in opened:
            opened[target] = lgb.Booster(model_str=self.boosters_[target])
        trees = opened[target].predict(X.astype(np.float64), num_threads=self.n_jobs)
        return np.asarray(self.centers_[target] + trees, dtype=np.float64)

    def __getstate__(self) -> dict[str, Any]:
        # The opened boosters hold pointers of the C library; their text is what is kept.
        state = dict(super().__getstate__())
        state.pop("_opened", None)
        return state
