"""Random search over scikit-learn's HistGradientBoostingRegressor within a time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, KFold

Floats = npt.NDArray[np.float64]

N_FOLDS = 3
FEWEST_TREES, MOST_TREES = 5, 2000
PATIENCE = 20
DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 0.0,
    "max_features": 1.0,
}


def draw(rng: np.random.Generator) -> dict[str, Any]:
    """Draw a candidate."""

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return {
        "learning_rate": log_uniform(0.02, 0.3),
        "max_leaf_nodes": round(log_uniform(4, 64)),
        "min_samples_leaf": round(log_uniform(5, 100)),
        "l2_regularization": log_uniform(1e-3, 100),
        "max_features": log_uniform(0.05, 1),
    }


class RandomSearch:
    """Draw candidates until the time is needed for the last fit.

    Parameters
    ----------
    deadline : float
        On the clock of `time.perf_counter`. Kept by counting the seconds that binning and a leaf
        cost: no fit is allowed more trees than its share of the time that is left.
    seed : int
        Of the candidates, of the folds and of the fits.
    """

    def __init__(self, *, deadline: float, seed: int) -> None:
        self.deadline = deadline
        self.seed = seed
        self.binning = self.leaf = 0.0
        self.notes: dict[str, Any] = {}

    def fit(self, X: npt.NDArray[np.float32], y: Floats, *, groups: Any = None) -> None:
        splitter = KFold if groups is None else GroupKFold
        folds = splitter(N_FOLDS, shuffle=True, random_state=self.seed).split(X, y, groups)
        pairs = list(folds)
        self._measure(X, y)
        rng = np.random.default_rng(self.seed)
        best: tuple[float, int, dict[str, Any]] = (-np.inf, 50, DEFAULTS)
        candidate, tried, longest = DEFAULTS, 0, 0.0
        while True:
            started = time.perf_counter()
            outcome = self._score(X, y, pairs=pairs, candidate=candidate)
            longest = max(longest, time.perf_counter() - started)
            tried += 1
            if outcome[0] > best[0]:
                best = (*outcome, candidate)
            if self._left() < longest + self._refit_seconds(best[1], best[2]):
                break
            candidate = draw(rng)
        score, trees, chosen = best
        trees = min(trees, self._affordable(self._left(), chosen))
        self._model = self._build(chosen, trees=trees, stop=False).fit(X, y)
        self.notes = {
            "selected": "HistGradientBoostingRegressor",
            "configuration": {**chosen, "max_iter": trees},
            "candidates": tried,
            "inner_r2": float(score),
        }

    def predict(self, X: npt.NDArray[np.float32]) -> Floats:
        return np.asarray(self._model.predict(X), dtype=np.float64)

    def _left(self) -> float:
        return self.deadline - time.perf_counter()

    def _build(self, candidate: dict[str, Any], *, trees: int, stop: bool) -> Any:
        return HistGradientBoostingRegressor(
            **candidate,
            max_iter=trees,
            early_stopping=stop,
            n_iter_no_change=PATIENCE,
            random_state=self.seed,
        )

    def _measure(self, X: npt.NDArray[np.float32], y: Floats) -> None:
        """Time a fit of one tree, so that the first candidate is held to the time too."""
        started = time.perf_counter()
        self._build(DEFAULTS, trees=1, stop=False).fit(X, y)
        self.binning = time.perf_counter() - started
        # A tree costs less than a tenth of the binning; the first fold tells how much less.
        self.leaf = self.binning / 5 / DEFAULTS["max_leaf_nodes"]

    def _affordable(self, seconds: float, candidate: dict[str, Any]) -> int:
        trees = (seconds - self.binning) / self.leaf / candidate["max_leaf_nodes"]
        return int(np.clip(trees, FEWEST_TREES, MOST_TREES))

    def _refit_seconds(self, trees: int, candidate: dict[str, Any]) -> float:
        return 1.2 * (self.binning + trees * candidate["max_leaf_nodes"] * self.leaf)

    def _score(
        self, X: npt.NDArray[np.float32], y: Floats, *, pairs: list[Any], candidate: dict[str, Any]
    ) -> tuple[float, int]:
        """Return the mean R² over the folds, and the mean number of trees."""
        scores, trees = [], []
        for i, (fit, held) in enumerate(pairs):
            share = self._left() / (len(pairs) - i + 2)  # as if the last fit were two of these
            model = self._build(candidate, trees=self._affordable(share, candidate), stop=True)
            started = time.perf_counter()
            model.fit(X[fit], y[fit], X_val=X[held], y_val=y[held])
            seconds = time.perf_counter() - started
            leaf = (seconds - self.binning) / model.n_iter_ / candidate["max_leaf_nodes"]
            self.leaf = max(0.5 * (self.leaf + leaf), 1e-6)
            gained = int(np.argmax(model.validation_score_))  # element 0 is before the first tree
            scores.append(r2_score(y[held], model.predict(X[held])))
            trees.append(max(gained, 1))
        return float(np.mean(scores)), round(float(np.mean(trees)))
