"""Support vector regression on the gapped k-mer kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from seqexpr.errors import InputError
from seqexpr.features._base import SequenceKernel, is_int
from seqexpr.features.nystroem import NystroemKernel, pack_sequences
from seqexpr.models.folds import assign_folds
from seqexpr.models.kernels import Expansion, KernelExpansionRegressor, check_landmarks, with_jobs
from seqexpr.models.measured import Floats

__all__ = ["GkmSVR"]


class GkmSVR(KernelExpansionRegressor):
    """Support vector regression on a kernel of sequences, as gkm-SVM does for classes.

    Errors of less than `epsilon` cost nothing, larger ones their excess, so
    that single wild measurements pull less than in kernel ridge regression.
    With up to `max_exact` rows the kernel matrix is used as it is; with more,
    the model is linear on the features of
    :class:`~seqexpr.features.nystroem.NystroemKernel`, and the excess is
    squared, which the solver for many rows needs.

    Parameters
    ----------
    kernel : SequenceKernel, optional
        Kernel of two sequences; by default the gapped k-mer kernel of
        :class:`~seqexpr.features.gkm_kernel.GkmKernel`.
    costs : sequence of float, default (0.3, 1, 3, 10)
        Values of C to choose from by cross-validation, positive: what an error
        of one standard deviation of the target costs.
    epsilon : float, default 0.2
        Errors that cost nothing, in standard deviations of the target, at
        least 0.
    max_exact : int, default 4000
        Most rows for the exact solution, at least 1.
    n_landmarks : int, default 2000
        Most landmarks beyond that, at least 1.
    n_folds : int, default 3
        Folds for the choice of C, at least 2.
    n_jobs : int, default 1
        Threads of the kernel. The result does not depend on it.
    random_state : int, default 42
        Seed of folds, landmarks and solver.

    Attributes
    ----------
    cost_ : ndarray of float64, shape (t,)
        Chosen C.
    cv_error_ : list of ndarray of float64, length t, shape (number of costs,)
        Mean squared error out of fold for each C, in target units squared; NaN
        where there was nothing to choose by.

    Notes
    -----
    The exact solution takes 8 n² bytes twice (.3 GB for n = 4,000) and a time
    between n² and n³ for each C and fold.

    References
    ----------
    Smola & Schölkopf, A tutorial on support vector regression, Statistics and
    Computing 14 (2004) 199-222, equation 10. Ghandi et al., PLOS Computational
    Biology 10 (2014) e1003711 (gkm-SVM).

    Examples
    --------
    >>> from seqexpr.features.gkm_kernel import GkmKernel
    >>> rows = ["ACGTACGT", "TTTTTTTT", "ACGTTCGT", "TTTTTATT"] * 5
    >>> model = GkmSVR(GkmKernel(l=4, k=3)).fit(rows, [1.0, 0.0, 0.9, 0.1] * 5)
    >>> bool(model.predict(["ACGTACGA"])[0] > 0.5)
    True
    """

    def __init__(
        self,
        kernel: SequenceKernel | None = None,
        *,
        costs: Sequence[float] = (0.3, 1.0, 3.0, 10.0),
        epsilon: float = 0.2,
        max_exact: int = 4_000,
        n_landmarks: int = 2_000,
        n_folds: int = 3,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.kernel = kernel
        self.costs = costs
        self.epsilon = epsilon
        self.max_exact = max_exact
        self.n_landmarks = n_landmarks
        self.n_folds = n_folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose C and fit each target on its measured rows.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights: C of a row is multiplied by its weight over
            the mean weight.
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
        for name, value, least in (("max_exact", self.max_exact, 1), ("n_folds", self.n_folds, 2)):
            if not (is_int(value) and value >= least):
                raise InputError(f"GkmSVR: {name} must be an int >= {least}, got {value!r}")
        costs = np.asarray(self.costs, dtype=np.float64)
        if costs.ndim != 1 or not len(costs) or not (np.isfinite(costs) & (costs > 0)).all():
            raise InputError(f"GkmSVR: costs must be positive numbers, got {self.costs!r}")
        if not self.epsilon >= 0:
            raise InputError(f"GkmSVR: epsilon must be at least 0, got {self.epsilon!r}")
        return self._fit_measured(X, y, sample_weight, groups=groups)

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        w = np.ones(len(y)) if weights is None else weights / weights.mean()
        center = float(np.average(y, weights=w))
        spread = float(np.sqrt(np.average((y - center) ** 2, weights=w)))
        make = _Exact if len(y) <= self.max_exact else _Projected
        if np.ptp(y) == 0:  # nothing to learn
            spread, make = 0.0, _Constant
        machine = make(self, list(X), (y - center) / (spread or 1.0), weights=w)
        costs = np.unique(np.asarray(self.costs, dtype=np.float64))
        error = self._cross_validate(machine, costs, groups)
        cost = float(costs[np.nanargmin(error)] if np.isfinite(error).any() else np.median(costs))
        expansion = machine.expansion(machine.fit(cost, np.arange(len(y))))
        scaled = expansion._replace(
            coef=spread * expansion.coef, intercept=center + spread * expansion.intercept
        )
        return scaled, cost, error * spread**2

    def _cross_validate(self, machine: _Machine, costs: Floats, groups: Any) -> Floats:
        y, w = machine.y, machine.w
        folds = assign_folds(
            len(y), n_folds=self.n_folds, groups=groups, random_state=self.random_state
        )
        if not folds.max() or len(costs) == 1:
            return np.full(len(costs), np.nan)
        error = np.zeros(len(costs))
        for fold in range(int(folds.max()) + 1):
            fit, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            for i, predicted in enumerate(machine.held_out(costs, fit, held)):
                error[i] += w[held] @ (y[held] - predicted) ** 2
        return np.asarray(error / w.sum())

    def _keep(self, states: list[Any]) -> None:
        super()._keep([state[0] for state in states])
        self.cost_ = np.array([state[1] for state in states])
        self.cv_error_ = [state[2] for state in states]


class _Line(NamedTuple):
    """A fitted machine: which columns of its matrix count, how much, and the intercept."""

    columns: Any
    coef: Floats
    intercept: float


class _Machine:
    """A kernel matrix or features of the training rows, and how a machine is fitted on some.

    `y` has mean 0 and variance 1, `w` has mean 1.
    """

    matrix: Any

    def __init__(self, model: GkmSVR, strings: list[str], y: Floats, *, weights: Floats) -> None:
        self.model, self.strings, self.y, self.w = model, strings, y, weights
        self.kernel = with_jobs(model.kernel, model.n_jobs)
        self.prepare()

    prepare: Callable[[], None]
    fit: Callable[[float, Any], _Line]
    expansion: Callable[[_Line], Expansion]

    def held_out(self, costs: Floats, fit: Any, held: Any) -> Iterator[Floats]:
        """Yield predictions of `held` for each cost."""
        for cost in costs:
            line = self.fit(float(cost), fit)
            yield self.matrix[np.ix_(held, line.columns)] @ line.coef + line.intercept


class _Exact(_Machine):
    """The kernel matrix as it is."""

    def prepare(self) -> None:
        self.kernel.fit(self.strings)
        self.matrix = self.kernel(self.strings)

    def fit(self, cost: float, rows: Any) -> _Line:
        from sklearn.svm import SVR

        machine = SVR(kernel="precomputed", C=cost, epsilon=self.model.epsilon)
        machine.fit(self.matrix[np.ix_(rows, rows)], self.y[rows], sample_weight=self.w[rows])
        coef = np.asarray(machine.dual_coef_, dtype=np.float64)[0]
        return _Line(rows[machine.support_], coef, float(machine.intercept_[0]))

    def expansion(self, line: _Line) -> Expansion:
        # A model without support vectors is a constant, but needs one sequence to be saved.
        coef = line.coef if len(line.coef) else np.zeros(1)
        support = [self.strings[i] for i in line.columns] or self.strings[:1]
        return Expansion(self.kernel, pack_sequences(support), coef, line.intercept)


class _Projected(_Machine):
    """Features from some of the rows."""

    def prepare(self) -> None:
        self.space = NystroemKernel(
            self.kernel, n_landmarks=self.model.n_landmarks, random_state=self.model.random_state
        ).fit(self.strings)
        self.matrix = self.space.transform(self.strings)

    def fit(self, cost: float, rows: Any) -> _Line:
        from sklearn.svm import LinearSVR

        machine = LinearSVR(
            C=cost, epsilon=self.model.epsilon, loss="squared_epsilon_insensitive", dual=False,
            max_iter=10_000,
        )  # fmt: skip
        machine.fit(self.matrix[rows], self.y[rows], sample_weight=self.w[rows])
        columns = np.arange(self.matrix.shape[1])
        intercept = float(np.ravel(machine.intercept_)[0])
        return _Line(columns, np.asarray(machine.coef_, dtype=np.float64).ravel(), intercept)

    def expansion(self, line: _Line) -> Expansion:
        coef = self.space.weights_of_landmarks(line.coef)
        return Expansion(self.space.kernel_, self.space.landmarks_, coef, line.intercept)


class _Constant(_Exact):
    """A target that does not vary."""

    def prepare(self) -> None:
        self.kernel.fit(self.strings)
        self.matrix = np.zeros((len(self.strings), 1))

    def fit(self, cost: float, rows: Any) -> _Line:
        return _Line(np.array([0]), np.zeros(1), 0.0)
