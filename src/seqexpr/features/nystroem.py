"""Features whose dot product is a kernel: exact on some of the sequences, near it elsewhere."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError
from seqexpr.features._base import SequenceFeatures, SequenceKernel, is_int
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.sequences import StringsLike, as_strings, normalize

__all__ = ["NystroemKernel", "pack_sequences", "unpack_sequences"]

Floats = npt.NDArray[np.float64]
BATCH = 2_048
"""Rows at a time, which bounds the kernel in memory."""
JITTER = 1e-8
"""Added to the diagonal, relative to 1; ten times more where that is not enough."""


class NystroemKernel(SequenceFeatures):
    """Map sequences to vectors whose dot product is (nearly) a kernel.

    A scikit-learn transformer from n sequences to an (n, m) array of float32.
    The m landmarks are drawn among the distinct sequences given to ``fit``;
    with their kernel matrix factorised as L Lᵀ, a sequence becomes
    ``L⁻¹ k(landmarks, x)``. The dot product of two rows is the kernel itself
    where one of the sequences is a landmark, and its best approximation from
    the landmarks otherwise: a line over these features is kernel ridge
    regression, exact if all sequences are landmarks.

    Parameters
    ----------
    kernel : SequenceKernel, optional
        Kernel of two sequences; by default
        :class:`~seqexpr.features.gkm_kernel.GkmKernel` with its defaults.
    n_landmarks : int, default 2000
        Most landmarks, at least 1; all distinct sequences where there are fewer.
    random_state : int, default 42
        Seed of the draw.

    Attributes
    ----------
    kernel_ : SequenceKernel
        The kernel, fitted.
    landmarks_ : ndarray of bytes, shape (m,)
        The landmarks, in the order of the sequences given to ``fit``.
    factor_ : ndarray of float64, shape (m, m)
        L, lower triangular.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range, or there are no sequences.

    Notes
    -----
    Memory in bytes: 16 m² while fitting, 8 m² once fitted, and 4 n m for the
    features: .1, .2 and .4 GB for m = 5,000 and n = 20,000. Time: the kernel of
    m² + n m pairs, and about m³ / 3 + n m² multiplications.

    References
    ----------
    Williams & Seeger, Using the Nyström method to speed up kernel machines,
    NIPS 13 (2001), section 2.

    Examples
    --------
    >>> rows = ["ACGTACGT", "ACGTTCGT", "TTTTTTTT"]
    >>> kernel = GkmKernel(l=4, k=3)
    >>> features = NystroemKernel(kernel).fit_transform(rows)
    >>> bool(np.allclose(features @ features.T, kernel(rows), atol=1e-6))
    True
    """

    def __init__(
        self,
        kernel: SequenceKernel | None = None,
        *,
        n_landmarks: int = 2_000,
        random_state: int = 42,
    ) -> None:
        self.kernel = kernel
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    @property
    def is_strand_symmetric(self) -> bool:
        """Whether a sequence and its reverse complement have the same features."""
        return bool(getattr(self.kernel, "is_strand_symmetric", False))

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Draw the landmarks and factorise their kernel matrix.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.
        """
        if not (is_int(self.n_landmarks) and self.n_landmarks >= 1):
            raise InputError(
                f"NystroemKernel: n_landmarks must be an int >= 1, got {self.n_landmarks!r}"
            )
        strings = as_strings(X)
        distinct = list(dict.fromkeys(map(normalize, strings)))
        if not distinct:
            raise InputError("NystroemKernel: no sequences to draw landmarks from; pass some")
        rng = np.random.default_rng(self.random_state)
        m = min(int(self.n_landmarks), len(distinct))
        drawn = np.sort(rng.choice(len(distinct), size=m, replace=False))
        self.landmarks_ = pack_sequences([distinct[i] for i in drawn])
        kernel = GkmKernel() if self.kernel is None else self.kernel
        self.kernel_ = clone(kernel).fit(strings)
        self.factor_ = _factor(self.kernel_(unpack_sequences(self.landmarks_)))
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float32]:
        """Map each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float32, shape (n, m)
        """
        check_is_fitted(self, "factor_")
        strings, landmarks = as_strings(X), unpack_sequences(self.landmarks_)
        out = np.empty((len(strings), len(landmarks)), dtype=np.float32)
        for start in range(0, len(strings), BATCH):
            alike = self.kernel_(strings[start : start + BATCH], landmarks)
            out[start : start + BATCH] = solve_triangular(self.factor_, alike.T, lower=True).T
        return out

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "nystroem0" and so on.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (m,)
        """
        check_is_fitted(self, "factor_")
        return np.array([f"nystroem{i}" for i in range(len(self.landmarks_))], dtype=object)

    def weights_of_landmarks(self, coefficients: Any) -> Floats:
        """Return what a line over the features is in terms of the kernel with each landmark.

        Parameters
        ----------
        coefficients : array-like of float, shape (m,)
            Of the features.

        Returns
        -------
        ndarray of float64, shape (m,)
            b, such that ``features @ coefficients = k(X, landmarks) @ b``.
        """
        check_is_fitted(self, "factor_")
        target = np.asarray(coefficients, dtype=np.float64)
        return np.asarray(solve_triangular(self.factor_, target, lower=True, trans="T"))


def _factor(matrix: Floats) -> Floats:
    """Return the lower Cholesky factor, with as much jitter as that takes."""
    diagonal = np.diag(matrix).copy()
    jitter = JITTER
    while True:
        np.fill_diagonal(matrix, diagonal + jitter)
        try:
            return np.asarray(cholesky(matrix, lower=True, check_finite=False))
        except LinAlgError:
            # Some kernels (d < l - k) have slightly negative eigenvalues.
            jitter *= 10


def pack_sequences(strings: list[str]) -> npt.NDArray[np.bytes_]:
    """Return sequences as one plain array, which a saved model can hold.

    Examples
    --------
    >>> unpack_sequences(pack_sequences(["ACGT", "", "N"]))
    ['ACGT', '', 'N']
    """
    return np.array([text.encode("ascii", "replace") for text in strings], dtype=np.bytes_)


def unpack_sequences(packed: npt.NDArray[np.bytes_]) -> list[str]:
    """Return the sequences that :func:`pack_sequences` packed."""
    return [text.decode("ascii") for text in packed.tolist()]
