"""One-hot: which base stands at which position."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError
from seqexpr.sequences import BASES, encode

__all__ = ["OneHot"]


class OneHot(TransformerMixin, BaseEstimator):
    """One feature for each position and base, flat: A, C, G, T of the first position first.

    Unknown bases and positions beyond a shorter sequence are all zero; bases
    beyond `length` are left out at the end that is not anchored.

    Parameters
    ----------
    length : int, optional
        Positions, at least 1. Default: the longest sequence of the training data.
    anchor : {"left", "right"}
        Which ends stand under each other. Default "left".

    Attributes
    ----------
    length_ : int
        Positions.

    Examples
    --------
    >>> onehot = OneHot().fit(["ACG", "TN"])
    >>> onehot.transform(["TN"]).toarray().tolist()
    [[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    >>> onehot.get_feature_names_out()[:5].tolist()
    ['pos1=A', 'pos1=C', 'pos1=G', 'pos1=T', 'pos2=A']
    """

    def __init__(
        self, length: int | None = None, *, anchor: Literal["left", "right"] = "left"
    ) -> None:
        self.length = length
        self.anchor = anchor

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the number of positions."""
        if self.anchor not in ("left", "right"):
            raise InputError(f"anchor = {self.anchor!r}: must be 'left' or 'right'")
        if self.length is not None and self.length < 1:
            raise InputError(f"length = {self.length}: must be at least 1")
        longest = int(encode(X).lengths.max(initial=1))
        self.length_ = longest if self.length is None else self.length
        return self

    def transform(self, X: Any) -> Any:
        """Return the one-hot features.

        Parameters
        ----------
        X : list, array or Series of str, length n
            Sequences.

        Returns
        -------
        CSR matrix of float32, shape (n, 4 * length_)
        """
        check_is_fitted(self, "length_")
        encoded = encode(X)
        n = len(encoded)
        row = np.repeat(np.arange(n), encoded.lengths)
        place = np.arange(len(encoded.codes)) - np.repeat(encoded.offsets[:-1], encoded.lengths)
        if self.anchor == "right":
            place += self.length_ - np.repeat(encoded.lengths, encoded.lengths)
        keep = (encoded.codes < 4) & (place >= 0) & (place < self.length_)
        columns = (4 * place[keep] + encoded.codes[keep]).astype(np.int32)
        indptr = np.zeros(n + 1, dtype=np.int32)
        np.cumsum(np.bincount(row[keep], minlength=n), out=indptr[1:])
        ones = np.ones(len(columns), dtype=np.float32)
        return sparse.csr_matrix((ones, columns, indptr), shape=(n, 4 * self.length_))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the features: pos1 is the first base, pos-1 the last (right)."""
        check_is_fitted(self, "length_")
        first = 1 if self.anchor == "left" else -self.length_
        names = [f"pos{p}={b}" for p in range(first, first + self.length_) for b in BASES]
        return np.array(names, dtype=object)
