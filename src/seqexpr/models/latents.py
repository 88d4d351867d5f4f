"""Latent scores, linear in the features, and a small network that turns them into a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse

from seqexpr.models.measured import Floats

__all__ = ["LatentNetwork", "LatentProblem"]

ColumnScale = Literal["none", "sqrt_std", "std"]

_POWERS = {"none": 0.0, "sqrt_std": 0.5, "std": 1.0}
_BLOCK = 64  # columns that are made dense at a time
_SPREAD = 0.5  # deviation of the latents at the start: tanh is neither straight nor flat there


@dataclass(frozen=True)
class LatentNetwork:
    """A fitted ``level + z slope + tanh(z mixing + shift) height`` of ``z = x coef + offset``.

    Attributes
    ----------
    coef : ndarray of float64, shape (p, m)
        What a unit of each feature adds to each latent score.
    offset : ndarray of float64, shape (m,)
        Makes the latent scores zero on average over the training rows.
    mixing : ndarray of float64, shape (m, u)
        What each latent score adds to the input of each tanh unit.
    shift, height : ndarray of float64, shape (u,)
        Added to the input of each unit; what its output is multiplied by, in
        target units.
    slope : ndarray of float64, shape (m,)
        What each latent score adds directly, in target units.
    level : float
        Added to all, in target units.

    Examples
    --------
    >>> network = LatentNetwork.constant(2.5, n_features=3)
    >>> network.predict(np.eye(3)).tolist()
    [2.5, 2.5, 2.5]
    """

    coef: Floats
    offset: Floats
    mixing: Floats
    shift: Floats
    height: Floats
    slope: Floats
    level: float

    @staticmethod
    def constant(level: float, *, n_features: int) -> LatentNetwork:
        """Return the network that predicts `level` whatever the features."""
        one = np.zeros(1)
        return LatentNetwork(
            coef=np.zeros((n_features, 1)), offset=one, mixing=np.zeros((1, 1)), shift=one,
            height=one, slope=one, level=float(level),
        )  # fmt: skip

    def latent(self, X: Any) -> Floats:
        """Return the latent scores, shape (n, m), of features of shape (n, p)."""
        return np.asarray(X @ self.coef + self.offset, dtype=np.float64)

    def respond(self, latent: Floats) -> Floats:
        """Return the target, shape (n,), at latent scores of shape (n, m)."""
        units = np.tanh(latent @ self.mixing + self.shift)
        return np.asarray(units @ self.height + latent @ self.slope + self.level)

    def predict(self, X: Any) -> Floats:
        """Return the target, shape (n,), for features of shape (n, p)."""
        return self.respond(self.latent(X))


class LatentProblem:
    """The least-squares problem of a :class:`LatentNetwork` on some rows.

    Minimises ``mean_i v_i (t_i - f(x_i))^2 / 2 + a |w|^2 / 2`` where t is the
    target scaled to mean 0 and deviation 1, v are weights of mean 1, and w are
    all coefficients but shifts and level, those of the features being in units
    of the scaled columns. Because a path from a feature to the target
    multiplies two coefficients, the penalty acts on linear paths like the sum
    of the singular values of their matrix: latents that do not pay vanish.

    Parameters
    ----------
    X : CSR matrix or ndarray, shape (n, p)
        Features.
    y : ndarray of float64, shape (n,)
        Target.
    weights : ndarray of float64, shape (n,), optional
        Positive weights; their size does not matter.
    column_scale : {"none", "sqrt_std", "std"}, default "sqrt_std"
        What a column is divided by before its coefficients are penalised; see
        :class:`seqexpr.models.ridge.RidgePathRegressor`.
    n_latent, n_units : int, default 2 and 8
        Latent scores, and tanh units.
    is_monotone : bool, default False
        Whether the target may only rise with each latent score.

    Attributes
    ----------
    largest : float
        Penalty from which on no coefficient pays: the length of the gradient
        of the error over linear coefficients at zero; 0 if there is nothing to
        learn.

    References
    ----------
    Liu & Nocedal (1989), On the limited memory BFGS method, Math. Programming
    45:503-528. Srebro, Rennie & Jaakkola (2004), NIPS, lemma 1 (penalties on
    factors and singular values).

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]] * 10)
    >>> problem = LatentProblem(X, np.tanh(X[:, 0]), n_latent=1)
    >>> network, steps = problem.solve(1e-4, rng=np.random.default_rng(0), max_iter=200)
    >>> bool(np.abs(network.predict(X) - np.tanh(X[:, 0])).max() < 0.1)
    True
    """

    def __init__(
        self,
        X: Any,
        y: Floats,
        *,
        weights: Floats | None = None,
        column_scale: ColumnScale = "sqrt_std",
        n_latent: int = 2,
        n_units: int = 8,
        is_monotone: bool = False,
    ) -> None:
        v = np.ones(len(y)) if weights is None else weights
        self.share = v / v.sum()
        self.is_monotone = is_monotone
        self.level = float(self.share @ y)
        deviation = float(np.sqrt(self.share @ (y - self.level) ** 2))
        # What is left of a constant target is rounding error.
        varies = deviation > 1e-12 * float(np.abs(y).max())
        self.deviation = deviation if varies else 1.0
        self.target = (y - self.level) / self.deviation if varies else np.zeros(len(y))
        self._take_features(X, column_scale)
        n, p = self.X.shape
        self.shapes = (
            (p, n_latent),
            (n_latent, n_units),
            (n_latent,),
            (n_units,),
            (n_units,),
            (1,),
        )
        self.ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        self.uphill = self._columns_times((self.share * self.target)[:, None])  # p, 1
        self.largest = float(np.linalg.norm(self.uphill)) if n > 1 else 0.0

    def _take_features(self, X: Any, column_scale: ColumnScale) -> None:
        """Scale and shift the columns; all that follows sees them as if they were centred."""
        matrix = sparse.csr_matrix(X, dtype=np.float64, copy=True)
        mean = matrix.T @ self.share
        square = matrix.multiply(matrix).T @ self.share
        variance = square - mean**2
        varies = variance > 100 * np.finfo(np.float64).eps * square
        deviation = np.sqrt(np.where(varies, variance, 1.0))
        self.scale = np.where(varies, deviation ** -_POWERS[column_scale], 0.0)
        self.mean = mean
        matrix, usual = _without_usual_values(matrix)
        matrix.data *= self.scale[matrix.indices]
        self.center = (mean - usual) * self.scale
        self.X, self.columns = matrix, matrix.T.tocsr()

    def _columns_times(self, rows: Floats) -> Floats:
        """Return the product of the centred columns with (n, m) numbers."""
        return np.asarray(self.columns @ rows - np.outer(self.center, rows.sum(axis=0)))

    def _parts(self, w: Floats) -> list[Floats]:
        """Return coef, mixing, slope, height, shift and level as views of the long vector."""
        pieces = np.split(w, self.ends[:-1])
        return [piece.reshape(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]

    def start(self, rng: np.random.Generator) -> Floats:
        """Return where to start: random latents of one spread, random units."""
        w: Floats = rng.normal(size=int(self.ends[-1]))
        coef, mixing, slope, height, shift, level = self._parts(w)
        if self.is_monotone and self.largest:
            # A latent that starts downhill would be cut off, as its response may only rise.
            coef += self.uphill * np.sqrt(len(coef)) / self.largest
        spread = np.sqrt(self.share @ (self.X @ coef - self.center @ coef) ** 2)
        coef *= _SPREAD / np.where(spread > 0, spread, 1.0)
        mixing /= np.sqrt(len(mixing))
        height *= 0.3 / np.sqrt(len(height))
        shift[:] = rng.uniform(-1, 1, size=len(shift))
        slope[:] = level[:] = 0.0
        if self.is_monotone:
            np.abs(mixing, out=mixing)
            np.abs(height, out=height)
        return w

    def loss(self, w: Floats, alpha: float) -> tuple[float, Floats]:
        """Return the penalised error and its gradient.

        Parameters
        ----------
        w : ndarray of float64
            All coefficients, as from :meth:`start`.
        alpha : float
            Penalty.

        Returns
        -------
        (float, ndarray of float64)
            Error, and gradient of the shape of `w`.
        """
        coef, mixing, slope, height, shift, level = self._parts(w)
        latent = self.X @ coef - self.center @ coef  # n, m
        units = np.tanh(latent @ mixing + shift)  # n, u
        residual = units @ height + latent @ slope + level - self.target
        pull = self.share * residual
        into_units = np.outer(pull, height) * (1 - units**2)  # n, u
        into_latent = into_units @ mixing.T + np.outer(pull, slope)  # n, m
        penalised = w[: self.ends[3]]
        gradient = np.concatenate(
            [
                self._columns_times(into_latent).ravel(),
                (latent.T @ into_units).ravel(),
                latent.T @ pull,
                units.T @ pull,
                into_units.sum(axis=0),
                [pull.sum()],
            ]
        )
        gradient[: self.ends[3]] += alpha * penalised
        return float(pull @ residual + alpha * penalised @ penalised) / 2, gradient

    def solve(
        self, alpha: float, *, rng: np.random.Generator, max_iter: int
    ) -> tuple[LatentNetwork, int]:
        """Return the network that L-BFGS finds from a random start, and its steps.

        Parameters
        ----------
        alpha : float
            Penalty as a share of :attr:`largest`, non-negative.
        rng : Generator
            Draws the start.
        max_iter : int
            Steps at most.
        """
        from scipy.optimize import minimize

        if self.largest == 0:
            return LatentNetwork.constant(self.level, n_features=len(self.scale)), 0
        bounds = None
        if self.is_monotone:
            lowest = np.full(self.ends[-1], -np.inf)
            lowest[self.ends[0] : self.ends[3]] = 0.0  # mixing, slope, height
            bounds = [(low, None) for low in lowest.tolist()]
        found = minimize(
            self.loss, self.start(rng), args=(alpha * self.largest,), jac=True, bounds=bounds,
            method="L-BFGS-B",
            options={"maxiter": max_iter, "maxcor": 20, "ftol": 1e-6, "gtol": 1e-7},
        )  # fmt: skip
        return self._network(found.x), int(found.nit)

    def _network(self, w: Floats) -> LatentNetwork:
        coef, mixing, slope, height, shift, level = self._parts(w)
        coef = self.scale[:, None] * coef
        return LatentNetwork(
            coef=coef, offset=-self.mean @ coef, mixing=mixing.copy(), shift=shift.copy(),
            height=self.deviation * height, slope=self.deviation * slope,
            level=self.level + self.deviation * float(level[0]),
        )  # fmt: skip


def _without_usual_values(matrix: Any) -> tuple[Any, Floats]:
    """Return the matrix less the value that most rows have in a column, and these values.

    In a library of variants most rows have the wild type's base at a position.
    As columns are centred anyway this changes nothing but the time: products
    then cost as much as there are differences from the wild type.
    """
    n, p = matrix.shape
    usual = np.zeros(p)
    crowded = np.flatnonzero(np.bincount(matrix.indices, minlength=p) > n / 2)
    if not len(crowded):
        return matrix, usual
    by_column = matrix.tocsc()
    pieces = []
    for start in range(0, len(crowded), _BLOCK):
        columns = crowded[start : start + _BLOCK]
        dense = by_column[:, columns].toarray()
        middle = np.median(dense, axis=0)  # what over half of the rows have is the median
        middle[(dense == middle).mean(axis=0) <= 0.5] = 0.0
        usual[columns] = middle
        pieces.append(sparse.csc_matrix(dense - middle))
    others = np.setdiff1d(np.arange(p), crowded)
    order = np.argsort(np.concatenate([others, crowded]))
    joined = sparse.hstack([by_column[:, others], *pieces], format="csc")
    return joined[:, order].tocsr(), usual
