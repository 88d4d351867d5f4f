"""Regression by how alike a sequence is to those that were measured."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.features._base import SequenceKernel, is_int
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.nystroem import NystroemKernel, unpack_sequences
from seqexpr.models.measured import Floats, MeasuredRegressor
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.sequences import as_strings

__all__ = ["Expansion", "KernelExpansionRegressor", "KernelRidgeRegressor"]

BATCH = 1_024
"""Rows at a time, which bounds the kernel in memory."""


class Expansion(NamedTuple):
    """What one fitted target is: ``intercept + k(x, landmarks) @ coef``.

    Attributes
    ----------
    kernel : SequenceKernel
        Fitted.
    landmarks : ndarray of bytes, shape (m,)
        Sequences.
    coef : ndarray of float64, shape (m,)
        In target units.
    intercept : float
        In target units.
    """

    kernel: SequenceKernel
    landmarks: npt.NDArray[np.bytes_]
    coef: Floats
    intercept: float


class KernelExpansionRegressor(MeasuredRegressor):
    """A regressor over strings that adds up the kernel with some of the training sequences.

    Attributes
    ----------
    kernels_ : list of SequenceKernel, length t
        The kernel of each target, fitted.
    landmarks_ : list of ndarray of bytes, length t
        The sequences that a new one is compared with.
    coef_ : list of ndarray of float64, length t
        What each of them adds, in target units.
    intercept_ : ndarray of float64, shape (t,)
        What is added, in target units.
    """

    kernels_: list[SequenceKernel]
    landmarks_: list[npt.NDArray[np.bytes_]]
    coef_: list[Floats]
    intercept_: Floats

    def _check_input(self, X: Any) -> Any:
        return np.array(as_strings(X), dtype=object)

    def _keep(self, states: list[Any]) -> None:
        self.kernels_ = [state.kernel for state in states]
        self.landmarks_ = [state.landmarks for state in states]
        self.coef_ = [np.asarray(state.coef, dtype=np.float64) for state in states]
        self.intercept_ = np.array([float(state.intercept) for state in states])

    def _predict_target(self, X: Any, target: int) -> Floats:
        kernel, landmarks = self.kernels_[target], unpack_sequences(self.landmarks_[target])
        total = np.full(len(X), self.intercept_[target])
        for start in range(0, len(X), BATCH):
            rows = slice(start, start + BATCH)
            total[rows] += kernel(list(X[rows]), landmarks) @ self.coef_[target]
        return total


class KernelRidgeRegressor(KernelExpansionRegressor):
    """Kernel ridge regression whose penalty is chosen by cross-validation.

    With up to `n_landmarks` distinct training sequences it is exact; with more,
    `n_landmarks` of them are drawn and the rest is projected on these
    (Nyström). Either way it is ridge regression on the features of
    :class:`~seqexpr.features.nystroem.NystroemKernel`, so that all penalties
    on all folds come from one pass, rows of one group never lie in different
    folds, and the intercept is not penalised.

    Parameters
    ----------
    kernel : SequenceKernel, optional
        Kernel of two sequences; by default the gapped k-mer kernel of
        :class:`~seqexpr.features.gkm_kernel.GkmKernel`.
    n_landmarks : int, default 4000
        Most sequences that a new one is compared with, at least 1.
    alphas : sequence of float, optional
        Penalties to choose from, positive; by default as
        :class:`~seqexpr.models.ridge.RidgePathRegressor` has them.
    n_folds : int, default 5
        Folds for the choice, at least 2.
    n_jobs : int, default 1
        Threads. The result does not depend on it.
    random_state : int, default 42
        Seed of landmarks and folds.

    Attributes
    ----------
    alpha_ : ndarray of float64, shape (t,)
        Chosen penalties.
    cv_r2_ : list of ndarray of float64, shape (q,)
        Cross-validated R² of each penalty.

    Notes
    -----
    Memory in GB while fitting, n rows and m landmarks: 16 m² + 4 n m bytes, so
    .6 for n = m = 5,000, 2.9 for n = m = 12,000 (exact), and .6 for n = 20,000
    with m = 4,000. A fitted model holds m sequences and m numbers a target.

    References
    ----------
    Saunders, Gammerman & Vovk, Ridge regression learning algorithm in dual
    variables, ICML (1998). Williams & Seeger, NIPS 13 (2001) (Nyström).

    Examples
    --------
    >>> rows = ["ACGTACGT", "TTTTTTTT", "ACGTTCGT", "TTTTTATT"] * 5
    >>> model = KernelRidgeRegressor(GkmKernel(l=4, k=3)).fit(rows, [1.0, 0.0, 0.9, 0.1] * 5)
    >>> bool(model.predict(["ACGTACGA"])[0] > 0.5)
    True
    """

    def __init__(
        self,
        kernel: SequenceKernel | None = None,
        *,
        n_landmarks: int = 4_000,
        alphas: Any = None,
        n_folds: int = 5,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.kernel = kernel
        self.n_landmarks = n_landmarks
        self.alphas = alphas
        self.n_folds = n_folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose the penalty and fit each target on its measured rows.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights.
        groups : array-like, shape (n,), optional
            Group of each row; rows of a group lie in one fold.

        Returns
        -------
        self

        Raises
        ------
        InputError
            As :meth:`seqexpr.models.measured.MeasuredRegressor.fit`, and if a
            parameter is out of range.
        """
        check_landmarks(self)
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        space = NystroemKernel(
            with_jobs(self.kernel, self.n_jobs), n_landmarks=self.n_landmarks,
            random_state=self.random_state,
        )  # fmt: skip
        features = space.fit(list(X)).transform(list(X))
        # All directions of the kernel are penalised alike, so columns are not scaled.
        ridge = RidgePathRegressor(
            alphas=self.alphas, column_scale="none", n_folds=self.n_folds, n_jobs=self.n_jobs,
            random_state=self.random_state,
        ).fit(features, y, sample_weight=weights, groups=groups)  # fmt: skip
        coef = space.weights_of_landmarks(ridge.coef_[0])
        fitted = Expansion(space.kernel_, space.landmarks_, coef, float(ridge.intercept_[0]))
        return fitted, float(ridge.alpha_[0]), ridge.cv_r2_[0]

    def _keep(self, states: list[Any]) -> None:
        super()._keep([state[0] for state in states])
        self.alpha_ = np.array([state[1] for state in states])
        self.cv_r2_ = [state[2] for state in states]


def with_jobs(kernel: SequenceKernel | None, n_jobs: int) -> SequenceKernel:
    """Return a copy of a kernel that runs in `n_jobs` threads, where it can.

    Examples
    --------
    >>> with_jobs(None, 2).n_jobs
    2
    """
    from sklearn.base import clone

    copy: SequenceKernel = GkmKernel() if kernel is None else clone(kernel)
    return copy.set_params(n_jobs=n_jobs) if "n_jobs" in copy.get_params(deep=False) else copy


def check_landmarks(model: Any) -> None:
    """Raise InputError unless a model's number of landmarks is an int of at least 1."""
    if not (is_int(model.n_landmarks) and model.n_landmarks >= 1):
        raise InputError(
            f"{type(model).__name__}: n_landmarks must be an int >= 1, got {model.n_landmarks!r}"
        )
