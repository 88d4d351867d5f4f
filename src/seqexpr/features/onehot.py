"""Which base stands where: one column for each position and base."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError, SequenceError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.features.occurrences import Occurrences, windows_of
from seqexpr.features.word_scores import WordScores
from seqexpr.sequences import BASES, UNKNOWN, StringsLike, as_strings, encode

__all__ = ["OneHot"]

ANCHORS = ("left", "right")
BATCH = 10_000  # rows encoded at a time, which bounds the temporary arrays


class OneHot(SequenceFeatures):
    """Encode which base stands at which position.

    A scikit-learn transformer from n sequences to an (n, 4 * length) CSR matrix
    of float32. An unknown base (N, other IUPAC codes, gaps) is all zero.
    Sequences that are shorter than `length` have zeros at the end that is not
    anchored; of longer ones the same end is cut off.

    Parameters
    ----------
    length : int, optional
        Number of positions, at least 1; None = that of the longest sequence
        given to ``fit``.
    anchor : {"left", "right"}, default "left"
        Which ends lie above one another: "left" counts positions from the
        first base (``pos1=A``), "right" from the last (``pos-1=A``).

    Attributes
    ----------
    length_ : int
        Number of positions.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range.
    SequenceError
        From ``fit``: the length is to be learnt and every sequence is empty.
        From ``fit`` and ``transform``: an element is not a str.

    Examples
    --------
    >>> onehot = OneHot().fit(["ACG", "TN"])
    >>> onehot.transform(["ACG", "TN"]).toarray().astype(int).tolist()
    [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]]
    >>> OneHot(length=2, anchor="right").fit(["A"]).get_feature_names_out()[:5].tolist()
    ['pos-2=A', 'pos-2=C', 'pos-2=G', 'pos-2=T', 'pos-1=A']
    """

    is_strand_symmetric = False
    """Whether a sequence and its reverse complement have the same features."""

    def __init__(
        self, length: int | None = None, *, anchor: Literal["left", "right"] = "left"
    ) -> None:
        self.length = length
        self.anchor = anchor

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Learn the length, if it is not given.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.

        Returns
        -------
        OneHot
            This object.
        """
        if self.anchor not in ANCHORS:
            hint = did_you_mean(str(self.anchor), ANCHORS)
            raise InputError(f"OneHot: anchor must be 'left' or 'right', got {self.anchor!r}{hint}")
        if self.length is not None and not (is_int(self.length) and self.length >= 1):
            raise InputError(f"OneHot: length must be None or an int >= 1, got {self.length!r}")
        strings = as_strings(X)
        length = self.length or max(map(len, strings), default=0)
        if length < 1:
            raise SequenceError(
                "OneHot: every sequence given to fit is empty, so there is no length to learn; "
                "pass length="
            )
        self.length_ = int(length)
        return self

    def transform(self, X: StringsLike) -> csr_matrix:
        """Encode each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        csr_matrix of float32, shape (n, 4 * length_)
            Zeros and ones, position by position, A, C, G, T at each. Indices
            are sorted.
        """
        check_is_fitted(self)
        strings = as_strings(X)
        batches = [
            self._columns(strings[start : start + BATCH])
            for start in range(0, max(len(strings), 1), BATCH)
        ]
        columns = np.concatenate([columns for columns, _ in batches])
        pointers = np.concatenate([[0], *(row_nnz for _, row_nnz in batches)]).cumsum()
        ones = np.ones(len(columns), dtype=np.float32)
        matrix = csr_matrix((ones, columns, pointers), shape=(len(strings), 4 * self.length_))
        matrix.has_canonical_format = True  # spares scipy the look at every entry
        return matrix

    def locate(self, X: StringsLike) -> Occurrences:
        """Return where the bases of each sequence stand.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        Occurrences
            One place a known base that is looked at.
        """
        check_is_fitted(self)
        encoded = encode(X)
        rows, starts, bases = windows_of(encoded, 1)
        position = starts
        if self.anchor == "right":
            position = starts - encoded.lengths[rows] + self.length_
        kept = (position >= 0) & (position < self.length_)
        m = int(kept.sum())
        return Occurrences(
            rows[kept], 4 * position[kept] + bases[kept], np.ones(m), starts[kept],
            np.ones(m, dtype=np.uint32), (len(encoded), 4 * self.length_),
        )  # fmt: skip

    def word_scores(self, weights: npt.NDArray[np.float64]) -> tuple[WordScores, ...]:
        """Return what each base at each position adds to a weighted sum of the features.

        Parameters
        ----------
        weights : ndarray of float64, shape (4 * length_,)
            One a feature.
        """
        check_is_fitted(self)
        scores = np.asarray(weights, dtype=np.float64).reshape(self.length_, 4)
        return (WordScores(1, scores, anchor=self.anchor, length=self.length_),)

    def _columns(self, strings: list[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Return the column of each known base, row by row, and how many each row has."""
        encoded = encode(strings)
        rows = np.repeat(np.arange(len(strings), dtype=np.int32), encoded.lengths)
        # Where the first position of each row lies: right-anchored rows end together.
        first = encoded.offsets[:-1]
        if self.anchor == "right":
            first = encoded.offsets[1:] - self.length_
        position = np.arange(len(encoded.codes)) - first[rows]
        kept = (encoded.codes != UNKNOWN) & (position >= 0) & (position < self.length_)
        columns = 4 * position[kept] + encoded.codes[kept]
        return columns.astype(np.int32), np.bincount(rows[kept], minlength=len(strings))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "pos1=A", or "pos-1=A" counted from the right.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (4 * length_,)
            Names of the columns.
        """
        check_is_fitted(self)
        positions = range(1, self.length_ + 1)
        if self.anchor == "right":
            positions = range(-self.length_, 0)
        names = [f"pos{position}={base}" for position in positions for base in BASES]
        return np.array(names, dtype=object)
