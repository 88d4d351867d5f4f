"""Ridge on bases by position and on the pairs of positions that act together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from seqexpr.features.pairs import PairedOneHot
from seqexpr.models.measured import Floats, MeasuredRegressor
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.sequences import as_strings

__all__ = ["PairedRidgeRegressor"]


class PairedRidgeRegressor(MeasuredRegressor):
    """Find pairs of positions with an interaction, for each target its own, then fit ridge.

    Takes sequences (str): the pairs are found with the targets, by
    :class:`seqexpr.features.pairs.PairedOneHot`, so a target is predicted as it
    would be alone.

    Parameters
    ----------
    n_pairs : int, default 300
        Pairs of positions at most, at least 0.
    fdr : float, default 0.05
        False discovery rate among them, in (0, 1].
    n_jobs : int, default 1
        Threads. The result does not depend on it.
    random_state : int, default 42
        Seed of ridge's folds.

    Attributes
    ----------
    features_ : list of PairedOneHot, length t
        Positions and pairs of each target.
    ridges_ : list of RidgePathRegressor, length t
        The fit on them.

    Notes
    -----
    The screen takes rows of weight 0 as missing and all others alike. The
    penalty is chosen by cross-validation after the screen has seen all rows,
    so it is a little weak; at the default false discovery rate few of the pairs
    owe their place to chance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = ["".join(row) for row in rng.choice(list("ACGT"), size=(500, 6))]
    >>> y = [float(row[1] == "A" and row[4] == "G") for row in rows]
    >>> model = PairedRidgeRegressor().fit(rows, y)
    >>> abs(model.predict(["TATTGT", "TATTTT", "TTTTGT"]).round(1)).tolist()
    [1.0, 0.0, 0.0]
    """

    def __init__(
        self,
        n_pairs: int = 300,
        *,
        fdr: float = 0.05,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.n_pairs = n_pairs
        self.fdr = fdr
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Find the pairs and fit each target on its measured rows.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights.
        groups : array-like, shape (n,), optional
            Rows of one group lie in one fold of the choice of the penalty.

        Raises
        ------
        InputError
            As :meth:`seqexpr.models.ridge.RidgePathRegressor.fit` and
            :meth:`seqexpr.features.pairs.PairedOneHot.fit`.
        """
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _check_input(self, X: Any) -> Any:
        return np.array(as_strings(X), dtype=object)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        features = PairedOneHot(self.n_pairs, fdr=self.fdr).fit(list(X), y)
        # Without scaling, combinations in few rows are shrunk most: they stand out by chance.
        ridge = RidgePathRegressor(
            column_scale="none", n_jobs=self.n_jobs, random_state=self.random_state
        )
        return features, ridge.fit(features.transform(list(X)), y, weights, groups)

    def _keep(self, states: list[Any]) -> None:
        self.features_ = [state[0] for state in states]
        self.ridges_ = [state[1] for state in states]

    def _predict_target(self, X: Any, target: int) -> Floats:
        features = self.features_[target].transform(list(X))
        return np.asarray(self.ridges_[target].predict(features), dtype=np.float64)
