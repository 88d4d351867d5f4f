"""A Gaussian process over sequences, which says how sure it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError
from seqexpr.features._base import is_int
from seqexpr.features.group_kernel import GroupKernel
from seqexpr.features.nystroem import NystroemKernel, pack_sequences, unpack_sequences
from seqexpr.models.conjugate import projected_inverse, solve_dual
from seqexpr.models.kernels import BATCH, Expansion, KernelExpansionRegressor, check_landmarks
from seqexpr.models.measured import Floats
from seqexpr.models.relevance import Relevance, learn_relevance

__all__ = ["GaussianProcessRegressor"]

JITTER = 1e-6
"""Added where a matrix can be singular, relative to its diagonal."""


class GaussianProcessRegressor(KernelExpansionRegressor):
    """Predict by a Gaussian process that learns which features matter.

    The function has the covariance of a
    :class:`~seqexpr.features.group_kernel.GroupKernel` times the signal
    variance; each measurement has noise of its own, less where its weight is
    larger. How much each group of features matters, the signal and the noise
    are those that make the targets of `n_learn` training rows most likely.
    Then all rows are used: exactly for the mean with up to `max_exact` rows,
    otherwise projected on `n_landmarks` of the sequences (Nyström; the
    deterministic training conditional). Standard deviations are exact with up
    to `n_landmarks` distinct sequences, and those of the projected process
    otherwise, which are larger for most sequences.

    Parameters
    ----------
    kernel : GroupKernel, optional
        Which features; its strengths are learnt. By default bases by position,
        each with a strength of its own.
    n_learn : int, default 1500
        Training rows that the parameters are learnt from, at least 2; the time
        grows with its cube.
    n_landmarks : int, default 2000
        Most sequences that the process is projected on, at least 1.
    max_exact : int, default 20000
        Most rows for the exact mean, at least 0; 4 n² bytes are needed.
    max_iter : int, default 40
        Steps of the search for the parameters, at least 1.
    random_state : int, default 42
        Seed of both draws.

    Attributes
    ----------
    relevance_ : list of ndarray of float64, length t, shape (G,)
        How much each group matters, in the order of ``kernels_[0].names_``.
    signal_sd_, noise_sd_ : ndarray of float64, shape (t,)
        Standard deviations in target units, noise for a row of mean weight.
    uncertainty_ : list of ndarray of float32, length t, shape (m, m)
        What the standard deviations of predictions are computed from.
    projected_on_ : list of ndarray of bytes, length t, shape (m,)
        The sequences that these are computed by.

    Notes
    -----
    Memory in bytes while fitting n rows with m landmarks: 24 m² + 4 n m, and
    4 n² for the exact mean: 1.9 GB for n = 20,000 and m = 2,000. A fitted model
    holds 4 m², at most 16 MB a target, beside the sequences it compares with.

    References
    ----------
    Rasmussen & Williams, Gaussian Processes for Machine Learning (2006),
    equations 2.25 and 2.26 (prediction), 5.8 (marginal likelihood), 8.14
    (projected process). Zhou, Wong, Chen, Krug & McCandlish, PNAS 119 (2022)
    e2204233119 (such priors on sequences and their interactions).

    Examples
    --------
    >>> rows = ["AAC", "AAG", "CAC", "CAG", "GAC", "GAG", "TAC", "TAG"]
    >>> model = GaussianProcessRegressor().fit(rows[:7], [1, 2, 1, 2, 1, 2, 1])
    >>> mean, sd = model.predict(["TAG", "TTT"], return_std=True)
    >>> bool(abs(mean[0] - 2) < 0.2), bool(sd[0] < sd[1])
    (True, True)
    """

    def __init__(
        self,
        kernel: GroupKernel | None = None,
        *,
        n_learn: int = 1_500,
        n_landmarks: int = 2_000,
        max_exact: int = 20_000,
        max_iter: int = 40,
        random_state: int = 42,
    ) -> None:
        self.kernel = kernel
        self.n_learn = n_learn
        self.n_landmarks = n_landmarks
        self.max_exact = max_exact
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> GaussianProcessRegressor:
        """Learn the parameters and fit each target on its measured rows.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights, in proportion to 1 / variance.

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
        for name, value, least in (
            ("n_learn", self.n_learn, 2), ("max_iter", self.max_iter, 1),
            ("max_exact", self.max_exact, 0),
        ):  # fmt: skip
            if not (is_int(value) and value >= least):
                raise InputError(
                    f"GaussianProcessRegressor: {name} must be an int >= {least}, got {value!r}"
                )
        if not isinstance(self.kernel, GroupKernel | None):
            raise InputError(
                "GaussianProcessRegressor: kernel must be a GroupKernel, whose strengths can be "
                f"learnt, got {type(self.kernel).__name__}; KernelRidgeRegressor takes any"
            )
        return self._fit_measured(X, y, sample_weight)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the mean, and on request the standard deviation.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        return_std : bool, default False
            Whether to return the standard deviation of the function as well,
            without the noise of a new measurement.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, t), or two of these
            In target units.
        """
        mean = super().predict(X)
        if not return_std:
            return mean
        check_is_fitted(self, "uncertainty_")
        strings = self._check_input(X)
        parts = [self._deviations(strings, t) for t in range(len(self.uncertainty_))]
        return mean, np.column_stack(parts) if self.n_targets_ else parts[0]

    def _deviations(self, X: Any, target: int) -> Floats:
        kernel, landmarks = self.kernels_[target], unpack_sequences(self.projected_on_[target])
        known = np.zeros(len(X))
        for start in range(0, len(X), BATCH):
            rows = slice(start, start + BATCH)
            alike = kernel(list(X[rows]), landmarks) @ self.uncertainty_[target]
            known[rows] = (alike**2).sum(axis=1)
        return np.asarray(self.signal_sd_[target] * np.sqrt(np.maximum(1 - known, 0.0)))

    def _fit_target(self, X: Any, y: Floats, weights: Floats | None, groups: Any) -> Any:
        w = np.ones(len(y)) if weights is None else weights / weights.mean()
        strings = list(X)
        center = float(np.average(y, weights=w))
        unit = float(np.sqrt(np.average((y - center) ** 2, weights=w)))
        kernel = GroupKernel() if self.kernel is None else clone(self.kernel)
        kernel.set_params(strengths=None).fit(strings)
        if np.ptp(y) == 0:  # nothing to learn
            strengths = np.full(len(kernel.names_), 1 / len(kernel.names_))
            relevance, unit = Relevance(strengths, 1.0, 1.0), 0.0
        else:
            rng = np.random.default_rng(self.random_state)
            rows = np.sort(rng.choice(len(y), size=min(self.n_learn, len(y)), replace=False))
            relevance = learn_relevance(
                kernel, [strings[i] for i in rows], (y[rows] - center) / unit, weights=w[rows],
                max_iter=self.max_iter,
            )  # fmt: skip
        kernel.set_params(strengths=relevance.strengths)
        space = NystroemKernel(
            kernel, n_landmarks=self.n_landmarks, random_state=self.random_state
        ).fit(strings)
        ratio = relevance.noise / relevance.signal
        features = space.transform(strings)
        coef, uncertainty, factor = _posterior(space, features, y - center, weights=w, ratio=ratio)
        landmarks = space.landmarks_
        is_projected = len(landmarks) < len(set(strings))
        if is_projected and len(strings) <= self.max_exact:
            near = projected_inverse(features, factor, weights=w, ratio=ratio)
            landmarks = pack_sequences(strings)
            coef = solve_dual(
                space.kernel_, strings, y - center, noise=ratio / w, precondition=near
            )
        return _Fitted(
            Expansion(space.kernel_, landmarks, coef, center), relevance, unit, uncertainty,
            space.landmarks_,
        )  # fmt: skip

    def _keep(self, states: list[Any]) -> None:
        super()._keep([state.expansion for state in states])
        self.relevance_ = [state.relevance.strengths for state in states]
        self.signal_sd_ = np.array([s.unit * np.sqrt(s.relevance.signal) for s in states])
        self.noise_sd_ = np.array([s.unit * np.sqrt(s.relevance.noise) for s in states])
        self.uncertainty_ = [state.uncertainty for state in states]
        self.projected_on_ = [state.projected_on for state in states]


class _Fitted(NamedTuple):
    expansion: Expansion
    relevance: Relevance
    unit: float
    uncertainty: npt.NDArray[np.float32]
    projected_on: npt.NDArray[np.bytes_]


def _posterior(
    space: NystroemKernel, features: Any, y: Floats, *, weights: Floats, ratio: float
) -> tuple[Floats, npt.NDArray[np.float32], Any]:
    """Return the weights of the landmarks, G such that a variance is 1 - |k(x) G|², and A's factor.

    With features f and A = F' W F + ratio I, the variance of the function at x,
    over that of the signal, is 1 - f'f + ratio f' A⁻¹ f. It is computed from
    the landmarks as ``1 - k' L⁻ᵀ (I - ratio A⁻¹) L⁻¹ k``.
    """
    m = features.shape[1]
    A, right = np.zeros((m, m)), np.zeros(m)
    for start in range(0, len(y), BATCH):
        rows = slice(start, start + BATCH)
        block = features[rows].astype(np.float64)
        weighted = block * weights[rows, None]
        A += block.T @ weighted
        right += weighted.T @ y[rows]
    A[np.diag_indices(m)] += ratio
    factor = cho_factor(A, lower=True, overwrite_a=True, check_finite=False)
    coef = space.weights_of_landmarks(cho_solve(factor, right))
    gain = -ratio * cho_solve(factor, np.eye(m), overwrite_b=True)
    gain[np.diag_indices(m)] += 1 + JITTER
    root = cholesky(gain, lower=True, overwrite_a=True, check_finite=False)
    spread = solve_triangular(space.factor_, root, lower=True, trans="T")
    return coef, np.asarray(spread, dtype=np.float32), factor
