"""Boosted trees: what features say together."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np

from seqexpr.errors import InputError, did_you_mean
from seqexpr.models.folds import assign_folds
from seqexpr.models.measured import Floats, MeasuredRegressor

__all__ = ["LightGBMRegressor"]

OBJECTIVES = ("regression", "l1", "huber", "quantile")
_LOWEST = {"n_estimators": 1, "num_leaves": 2, "min_child_samples": 1, "max_bin": 2, "n_folds": 2,
           "patience": 1}  # fmt: skip
_HUBER = 0.9  # deviations of the target from which on residuals pull linearly


class LightGBMRegressor(MeasuredRegressor):
    """Gradient-boosted trees (LightGBM), kept as text so that they are safe to save.

    By default the number of trees is fixed rather than stopped early: on seven
    measured libraries the cross-validated score inside train was flat around
    the default. With ``early_stopping=True`` it is chosen by cross-validation.

    Parameters
    ----------
    n_estimators : int, default 250
        Trees, at least 1; at most so many with `early_stopping`. Time is
        proportional to it.
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
    objective : {"regression", "l1", "huber", "quantile"}, default "regression"
        What is predicted: the mean; the median; a mean to which residuals
        beyond 0.9 standard deviations of the target pull linearly; or the
        quantile `alpha`.
    alpha : float, default 0.5
        The level that "quantile" predicts, in (0, 1); others do not look at it.
    subsample : float, default 1.0
        Share of the rows that each tree is grown on, in (0, 1].
    extra_trees : bool, default False
        Whether a node tries one threshold of a feature, drawn at random,
        rather than all: quicker, and less bound to the rows. A feature with two
        values has only one, so one-hot bases are treated as ever.
    path_smooth : float, default 0.0
        Shrinks a leaf towards its parent: by half where it has so many rows;
        at least 0. Not where leaves may have a single row.
    max_bin : int, default 63
        Bins of a feature, at least 2. Counts are small; fewer bins lose the
        large ones of short k-mers.
    early_stopping : bool, default False
        Whether to choose the number of trees by the objective's own loss, mean
        of the folds: boosting goes on in all folds at once until it has not
        fallen for `patience` trees, and all rows are then fitted with as many
        trees as had the smallest. Costs about `n_folds` times as much.
    n_folds : int, default 5
        Folds for that, at least 2; fewer where there are fewer rows or groups,
        which are kept whole.
    patience : int, default 50
        See `early_stopping`; at least 1.
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
        Where boosting starts (the mean; the median for "l1", the quantile for
        "quantile") and the standard deviation of each target.
    n_trees_ : ndarray of int64, shape (t,)
        Number of trees.

    References
    ----------
    Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision
    tree, NeurIPS. Koenker & Bassett (1978), Regression quantiles, Econometrica
    46:33-50. Geurts, Ernst & Wehenkel (2006), Extremely randomized trees,
    Machine Learning 63:3-42.

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> model = LightGBMRegressor().fit(X, 3 * X[:, 0])
    >>> model.predict([[0.0], [1.0]]).round(2).tolist()
    [0.0, 3.0]
    """

    def __init__(  # noqa: PLR0913 - LightGBM's own parameters, by name
        self,
        *,
        n_estimators: int = 250,
        learning_rate: float = 0.07,
        num_leaves: int = 31,
        min_child_samples: int = 20,
        colsample_bytree: float = 0.2,
        reg_lambda: float = 20.0,
        objective: Literal["regression", "l1", "huber", "quantile"] = "regression",
        alpha: float = 0.5,
        subsample: float = 1.0,
        extra_trees: bool = False,
        path_smooth: float = 0.0,
        max_bin: int = 63,
        early_stopping: bool = False,
        n_folds: int = 5,
        patience: int = 50,
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
        self.objective = objective
        self.alpha = alpha
        self.subsample = subsample
        self.extra_trees = extra_trees
        self.path_smooth = path_smooth
        self.max_bin = max_bin
        self.early_stopping = early_stopping
        self.n_folds = n_folds
        self.patience = patience
        self.enable_bundle = enable_bundle
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit each target on its measured rows.

        Parameters, return value and errors are those of
        :meth:`seqexpr.models.ridge.RidgePathRegressor.fit`; groups are looked
        at with `early_stopping` only. Counts of bytes (uint8), also in a
        memory-mapped file, are put into bins batch by batch: beside X, fitting
        then takes at most a byte for each of them.
        """
        self._check_parameters()
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _check_parameters(self) -> None:
        for name, low in _LOWEST.items():
            if getattr(self, name) < low:
                raise InputError(f"{name} = {getattr(self, name)!r}: must be at least {low}")
        for name in ("learning_rate", "colsample_bytree", "subsample"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} = {getattr(self, name)!r}: must be in (0, 1]")
        for name in ("reg_lambda", "path_smooth"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} = {getattr(self, name)!r}: must be at least 0")
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha = {self.alpha!r}: must be in (0, 1)")
        if self.objective not in OBJECTIVES:
            hint = did_you_mean(str(self.objective), OBJECTIVES)
            known = ", ".join(map(repr, OBJECTIVES))
            raise InputError(f"objective = {self.objective!r}: must be one of {known}{hint}")

    def _fit_target(
        self, X: Any, y: Floats, weights: Floats | None, groups: Any
    ) -> tuple[str, float, float, int]:
        import lightgbm as lgb

        # LightGBM keeps targets in float32, and takes the penalty in units of weight.
        center, scale = self._center(y, weights), float(np.std(y))
        scale = scale if scale > 1e-12 * np.abs(y).max() else 1.0
        unit = (y - center) / scale
        share = None if weights is None else weights / weights.mean()
        parameters = self._parameters(len(y))
        rows, more = _in_batches(X)
        parameters |= more
        data = lgb.Dataset(rows, unit, weight=share, params=parameters)
        n_trees = self._count_trees(data, parameters, n=len(y), groups=groups)
        booster = lgb.train(parameters, data, num_boost_round=n_trees)
        return booster.model_to_string(), center, scale, n_trees

    def _center(self, y: Floats, weights: Floats | None) -> float:
        if self.objective in ("l1", "quantile"):
            level = self.alpha if self.objective == "quantile" else 0.5
            return float(np.quantile(y, level, weights=weights, method="inverted_cdf"))
        return float(np.average(y, weights=weights))

    def _count_trees(self, data: Any, parameters: dict[str, Any], *, n: int, groups: Any) -> int:
        """Return the number of trees, chosen by cross-validation if that is asked for."""
        import lightgbm as lgb

        if not self.early_stopping:
            return self.n_estimators
        folds = assign_folds(n, n_folds=self.n_folds, groups=groups, random_state=self.random_state)
        if not folds.max():  # a single row
            return self.n_estimators
        parts = [
            (np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
            for fold in range(int(folds.max()) + 1)
        ]
        if "bagging_fraction" in parameters:
            fewest = min(len(train) for train, _ in parts)
            parameters = parameters | {"bagging_fraction": self._bagging(fewest)}
        stop = lgb.early_stopping(self.patience, verbose=False)
        history: dict[str, Any] = lgb.cv(
            parameters, data, num_boost_round=self.n_estimators, folds=parts, callbacks=[stop]
        )
        losses = next(values for name, values in history.items() if name.endswith("-mean"))
        return int(np.argmin(losses)) + 1

    def _parameters(self, n: int) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "objective": self.objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": max(1, min(self.min_child_samples, n // 8)),
            "feature_fraction": self.colsample_bytree,
            "lambda_l2": self.reg_lambda,
            "max_bin": self.max_bin,
            "min_data_in_bin": 1,
            "enable_bundle": self.enable_bundle,
            "num_threads": self.n_jobs,
            "seed": self.random_state,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
            "boost_from_average": False,
        }
        if self.objective in ("huber", "quantile"):
            parameters["alpha"] = self.alpha if self.objective == "quantile" else _HUBER
        if self.subsample < 1:
            parameters |= {"bagging_fraction": self._bagging(n), "bagging_freq": 1}
        if self.extra_trees:
            parameters["extra_trees"] = True
        if self.path_smooth and parameters["min_data_in_leaf"] > 1:  # LightGBM asks for two
            parameters["path_smooth"] = self.path_smooth
        return parameters

    def _bagging(self, n: int) -> float:
        """Return the share of n rows to draw: as asked for, but one row at least."""
        return min(1.0, max(self.subsample, 1.01 / n))

    def _keep(self, states: list[tuple[str, float, float, int]]) -> None:
        self.boosters_ = [state[0] for state in states]
        self.centers_ = np.array([state[1] for state in states])
        self.scales_ = np.array([state[2] for state in states])
        self.n_trees_ = np.array([state[3] for state in states])
        self._opened: dict[int, Any] = {}

    def _predict_target(self, X: Any, target: int) -> Floats:
        trees = self._booster(target).predict(X.astype(np.float64), num_threads=self.n_jobs)
        return np.asarray(self.centers_[target] + self.scales_[target] * trees, dtype=np.float64)

    def shapley_values(self, X: Any, target: int = 0) -> Floats:
        """Return what each feature contributes to each prediction (TreeSHAP, exact).

        Parameters
        ----------
        X : CSR matrix or ndarray, shape (n, p)
            Features.
        target : int
            Which target. Default 0.

        Returns
        -------
        ndarray of float64, shape (n, p + 1)
            In target units; the last column is the mean over the training rows.
            Each row adds up to its prediction.

        References
        ----------
        Lundberg et al. (2020), Nature Machine Intelligence 2:56-67, algorithm 2.
        """
        dense = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
        found = self._booster(target).predict(
            dense.astype(np.float64), pred_contrib=True, num_threads=self.n_jobs
        )
        values = np.asarray(self.scales_[target] * np.asarray(found), dtype=np.float64)
        values[:, -1] += self.centers_[target]
        return values

    def _booster(self, target: int) -> Any:
        import lightgbm as lgb

        opened = self.__dict__.setdefault("_opened", {})
        if target not in opened:
            opened[target] = lgb.Booster(model_str=self.boosters_[target])
        return opened[target]

    def __getstate__(self) -> dict[str, Any]:
        # The opened boosters hold pointers of the C library; their text is what is kept.
        state = dict(super().__getstate__())
        state.pop("_opened", None)
        return state


def _in_batches(X: Any) -> tuple[Any, dict[str, Any]]:
    """Return what LightGBM reads X from, and the parameters of that."""
    if not (isinstance(X, np.ndarray) and X.dtype == np.uint8):
        return X.astype(np.float32), {}
    import lightgbm as lgb

    class Rows(lgb.Sequence):
        batch_size = 4_096

        def __getitem__(self, index: Any) -> Any:
            return X[index].astype(np.float64)

        def __len__(self) -> int:
            return len(X)

    # The rows that bins are chosen by are held as float64: 200,000, the default, are too many.
    return Rows(), {"bin_construct_sample_cnt": 20_000}
