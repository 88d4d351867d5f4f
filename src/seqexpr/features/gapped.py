"""Gapped k-mers: words with free places in them, as binding sites are."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack

from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import StatelessSequenceFeatures, is_int
from seqexpr.features.kmers import spelled_kmers
from seqexpr.features.occurrences import Occurrences, windows_of
from seqexpr.features.word_scores import LONGEST_WORD, WordScores
from seqexpr.sequences import CODES, StringsLike, as_strings, encode, join_ascii

__all__ = ["GappedKmers", "gapped_patterns"]

LONGEST = 31
MOST_COLUMNS = 2**24
BATCH = 4_096
"""Rows at a time."""
STRANDS = ("single", "canonical")


class GappedKmers(StatelessSequenceFeatures):
    """Count words of k bases spread over windows of l, the other l - k places being free.

    A scikit-learn transformer from n sequences to an (n, n_columns) CSR matrix
    of float32. In each window of l bases, each of the C(l, k) choices of k
    places is one gapped k-mer. The dot product of two rows is the gapped k-mer
    kernel of the two sequences: the sum over pairs of windows with m
    mismatches, at most l - k, of C(l - m, k). Lower case is read as upper case
    and U as T; a window that holds any other character is not counted. Nothing
    is learnt from data.

    Parameters
    ----------
    l : int, default 6
        Length of the window in bases, in ``[1, 31]``.
    k : int, default 4
        Bases that a word fixes, in ``[1, l]``; there are at most 2**24 columns.
    strands : {"single", "canonical"}, default "single"
        With "canonical", a word and its reverse complement are one feature.

    Raises
    ------
    InputError
        From ``fit`` and ``transform``: a parameter is out of range, or there
        would be more than 2**24 columns.
    SequenceError
        From ``fit`` and ``transform``: an element is not a str.

    References
    ----------
    Ghandi et al., PLOS Computational Biology 10 (2014) e1003711, equations 1 to
    3 (gapped k-mers and their kernel). Lee, Bioinformatics 32 (2016) 2196-2198
    (ls-gkm and its l, k, d; d = l - k here).

    Examples
    --------
    >>> gapped = GappedKmers(l=3, k=2)
    >>> row = gapped.transform(["ACGT"]).toarray()[0]
    >>> {name: float(n) for name, n in zip(gapped.get_feature_names_out(), row) if n}
    {'ACN': 1.0, 'CGN': 1.0, 'ANG': 1.0, 'CNT': 1.0, 'NCG': 1.0, 'NGT': 1.0}
    """

    def __init__(
        self,
        l: int = 6,  # noqa: E741 - ls-gkm's name
        k: int = 4,
        *,
        strands: Literal["single", "canonical"] = "single",
    ) -> None:
        self.l = l
        self.k = k
        self.strands = strands

    @property
    def is_strand_symmetric(self) -> bool:
        """Whether a sequence and its reverse complement have the same features."""
        return self.strands == "canonical"

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Check the parameters and the sequences; nothing is learnt.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.
        """
        self._check_parameters()
        as_strings(X)
        return self

    def transform(self, X: StringsLike) -> csr_matrix:
        """Count the gapped k-mers of each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        csr_matrix of float32, shape (n, n_columns)
            Indices are sorted, and there are no explicit zeros.
        """
        self._check_parameters()
        strings = as_strings(X)
        patterns = gapped_patterns(self.l, self.k)
        columns, n_columns = self._columns(patterns)
        shifts = 2 * (self.l - 1 - patterns)
        counters = np.zeros(n_columns, dtype=np.float32)
        batches = [
            self._count(strings[start : start + BATCH], shifts, columns, counters)
            for start in range(0, max(len(strings), 1), BATCH)
        ]
        return batches[0] if len(batches) == 1 else csr_matrix(vstack(batches))

    def locate(self, X: StringsLike) -> Occurrences:
        """Return where the gapped k-mers of each sequence stand; free places are no part of them.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        Occurrences
            One place a window and pattern, window by window for each pattern.
        """
        self._check_parameters()
        patterns = gapped_patterns(self.l, self.k)
        column_of, n_columns = self._columns(patterns)
        encoded = encode(X)
        rows, starts, numbers = windows_of(encoded, self.l)
        columns, masks = [], []
        for i, pattern in enumerate(patterns):
            columns.append(column_of[i * 4**self.k + self._words(numbers, pattern)])
            masks.append(np.full(len(rows), (1 << pattern).sum(), dtype=np.uint32))
        m = len(patterns)
        return Occurrences(
            np.tile(rows, m), np.concatenate(columns), np.ones(m * len(rows)), np.tile(starts, m),
            np.concatenate(masks), (len(encoded), n_columns),
        )  # fmt: skip

    def word_scores(self, weights: npt.NDArray[np.float64]) -> tuple[WordScores, ...] | None:
        """Return what each window of l bases adds to a weighted sum of the features.

        Parameters
        ----------
        weights : ndarray of float64, shape (n_columns,)
            One a feature.

        Returns
        -------
        tuple of one WordScores, or None
            None where there are too many windows for a table.
        """
        if self.l > LONGEST_WORD:
            return None
        patterns = gapped_patterns(self.l, self.k)
        column_of, _ = self._columns(patterns)
        numbers = np.arange(4**self.l)
        scores = np.zeros(len(numbers))
        for i, pattern in enumerate(patterns):
            scores += weights[column_of[i * 4**self.k + self._words(numbers, pattern)]]
        return (WordScores(self.l, scores[None]),)

    def _words(
        self, numbers: npt.NDArray[np.int64], pattern: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Return the word that a pattern reads in windows of l bases."""
        words = np.zeros_like(numbers)
        for place in pattern:
            words = words << 2 | numbers >> 2 * (self.l - 1 - place) & 3
        return words

    def _count(
        self,
        strings: list[str],
        shifts: npt.NDArray[np.int64],
        columns: npt.NDArray[np.int64],
        counters: npt.NDArray[np.float32],
    ) -> csr_matrix:
        from seqexpr.features._gapped import count_gapped

        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        met = np.maximum(lengths - self.l + 1, 0) * len(shifts)
        capacity = int(np.minimum(met, len(counters)).sum())
        indices = np.empty(capacity, dtype=np.int32)
        values = np.empty(capacity, dtype=np.float32)
        ends = np.zeros(len(strings) + 1, dtype=np.int64)
        n = count_gapped(
            join_ascii(strings), offsets, CODES, int(self.l), shifts, columns, counters, indices,
            values, ends[1:],
        )  # fmt: skip
        matrix = csr_matrix((values[:n], indices[:n], ends), shape=(len(strings), len(counters)))
        matrix.sort_indices()
        return matrix

    def _columns(self, patterns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], int]:
        """Return the column of each pattern and word, shape (m * 4**k,), and their number."""
        n_words = 4**self.k
        own = np.arange(len(patterns) * n_words, dtype=np.int64)
        if self.strands == "single":
            return own, len(own)
        # Read from the other strand, a pattern is its mirror image, and a word its complement.
        number = {tuple(p): i for i, p in enumerate(patterns.tolist())}
        mirror = np.array([number[tuple(p)] for p in (self.l - 1 - patterns[:, ::-1]).tolist()])
        words = np.arange(n_words)
        digits = words[:, None] >> np.arange(0, 2 * self.k, 2) & 3  # last base first
        turned = ((3 - digits) << np.arange(2 * (self.k - 1), -1, -2)).sum(axis=1)
        other = (mirror[:, None] * n_words + turned[None, :]).ravel()
        kept, columns = np.unique(np.minimum(own, other), return_inverse=True)
        return np.asarray(columns, dtype=np.int64), len(kept)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "ACNNGT", N where any base may stand.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (n_columns,)
            Names, each once; with "canonical" of the strand that comes first.
        """
        self._check_parameters()
        patterns = gapped_patterns(self.l, self.k)
        words = spelled_kmers(np.arange(4**self.k), self.k).astype(f"U{self.k}")
        letters = words.view("U1").reshape(len(words), self.k)
        names = np.full((len(patterns), len(words), self.l), "N")
        for i, places in enumerate(patterns):
            names[i][:, places] = letters
        spelled = names.reshape(-1, self.l).view(f"U{self.l}").ravel().astype(object)
        columns, n_columns = self._columns(patterns)
        first = np.full(n_columns, len(columns))
        np.minimum.at(first, columns, np.arange(len(columns)))
        return np.asarray(spelled[first], dtype=object)

    def _check_parameters(self) -> None:
        whole = is_int(self.l) and is_int(self.k)
        if not (whole and 1 <= self.k <= self.l <= LONGEST):
            raise InputError(
                f"GappedKmers: l must be an int in [1, {LONGEST}] and k one in [1, l], got "
                f"l={self.l!r}, k={self.k!r}"
            )
        n_columns = comb(self.l, self.k) * 4**self.k
        if n_columns > MOST_COLUMNS:
            raise InputError(
                f"GappedKmers: l={self.l}, k={self.k} makes {n_columns:,} columns, at most "
                f"{MOST_COLUMNS:,} are allowed; take a smaller k"
            )
        if self.strands not in STRANDS:
            hint = did_you_mean(str(self.strands), STRANDS)
            raise InputError(
                f"GappedKmers: strands must be 'single' or 'canonical', got {self.strands!r}{hint}"
            )


def gapped_patterns(l: int, k: int) -> npt.NDArray[np.int64]:  # noqa: E741 - ls-gkm's name
    """Return which places of a window each pattern keeps, shape (C(l, k), k), in order.

    Examples
    --------
    >>> gapped_patterns(3, 2).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    return np.array(list(combinations(range(l), k)), dtype=np.int64)
