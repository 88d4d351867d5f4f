"""Spaced dyads: two short words at a distance, as proteins with two hands bind them."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack

from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import StatelessSequenceFeatures, is_int
from seqexpr.features.kmers import spelled_kmers
from seqexpr.features.occurrences import Occurrences, windows_of
from seqexpr.sequences import CODES, StringsLike, as_strings, encode, join_ascii

__all__ = ["SpacedDyads"]

STRANDS = ("single", "canonical")
LONGEST, LONGEST_GAP = 4, 100
MOST_COLUMNS = 2**24
BATCH = 4_096
"""Rows at a time."""


class SpacedDyads(StatelessSequenceFeatures):
    """Count pairs of k-mers with a gap of any bases between them.

    A scikit-learn transformer from n sequences to an (n, n_columns) CSR matrix
    of float32: for each bin of neighbouring gaps, one column for each pair of
    words. A sigma factor that holds a promoter at -35 and at -10, or a zinc
    cluster dimer, is a dyad whose gap varies little. The gap may hold anything,
    unknown bases too; a word must not. Nothing is learnt from data.

    Parameters
    ----------
    k : int, default 3
        Length of each of the two words in bases, in ``[1, 4]``.
    gaps : (int, int), default (0, 20)
        Smallest and largest number of bases between the words, both counted,
        in ``[0, 100]``.
    gap_width : int, default 3
        How many neighbouring gaps share a column, at least 1. The last bin may
        hold fewer. There are at most 2**24 columns.
    strands : {"single", "canonical"}, default "single"
        With "canonical", a dyad and its reverse complement are one feature.

    Raises
    ------
    InputError
        From ``fit`` and ``transform``: a parameter is out of range, or there
        would be more than 2**24 columns.
    SequenceError
        From ``fit`` and ``transform``: an element is not a str.

    References
    ----------
    van Helden, Rios & Collado-Vides (2000), Discovering regulatory elements in
    non-coding sequences by analysis of spaced dyads, Nucleic Acids Research
    28:1808-1818.

    Examples
    --------
    >>> dyads = SpacedDyads(k=2, gaps=(1, 2), gap_width=1)
    >>> row = dyads.transform(["TTCATA"]).toarray()[0]
    >>> {name: float(n) for name, n in zip(dyads.get_feature_names_out(), row) if n}
    {'TC n1 TA': 1.0, 'TT n1 AT': 1.0, 'TT n2 TA': 1.0}
    """

    def __init__(
        self,
        k: int = 3,
        *,
        gaps: tuple[int, int] = (0, 20),
        gap_width: int = 3,
        strands: Literal["single", "canonical"] = "single",
    ) -> None:
        self.k = k
        self.gaps = gaps
        self.gap_width = gap_width
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
        """Count the dyads of each sequence.

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
        columns, n_pairs = self._columns()
        bins = np.arange(self._n_gaps, dtype=np.int64) // self.gap_width * n_pairs
        counters = np.zeros(self._n_bins * n_pairs, dtype=np.float32)
        batches = [
            self._count(strings[start : start + BATCH], bins, columns, counters)
            for start in range(0, max(len(strings), 1), BATCH)
        ]
        return batches[0] if len(batches) == 1 else csr_matrix(vstack(batches))

    def locate(self, X: StringsLike) -> Occurrences:
        """Return where the dyads of each sequence stand; each is half at either word.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        Occurrences
            Two places a pair of words.
        """
        self._check_parameters()
        column_of, n_pairs = self._columns()
        encoded = encode(X)
        rows, starts, numbers = windows_of(encoded, self.k)
        word_at = np.full(len(encoded.codes) + 1, -1, dtype=np.int64)
        first = encoded.offsets[rows] + starts
        word_at[first] = numbers
        parts = []
        for number, gap in enumerate(range(self.gaps[0], self.gaps[1] + 1)):
            later = starts + self.k + gap
            there = later < encoded.lengths[rows]
            partner = word_at[np.where(there, first + self.k + gap, -1)]
            here = partner >= 0
            columns = number // self.gap_width * n_pairs
            columns = columns + column_of[numbers[here] << 2 * self.k | partner[here]]
            parts += [(rows[here], columns, side[here]) for side in (starts, later)]
        row, column, start = map(np.concatenate, zip(*parts, strict=True))
        masks = np.full(len(row), 2**self.k - 1, dtype=np.uint32)
        shape = (len(encoded), self._n_bins * n_pairs)
        return Occurrences(row, column, np.full(len(row), 0.5), start, masks, shape)

    def _count(
        self,
        strings: list[str],
        bins: npt.NDArray[np.int64],
        columns: npt.NDArray[np.int64],
        counters: npt.NDArray[np.float32],
    ) -> csr_matrix:
        from seqexpr.features._dyads import count_dyads

        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        met = np.maximum(lengths - 2 * self.k - self.gaps[0] + 1, 0) * len(bins)
        capacity = int(np.minimum(met, len(counters)).sum())
        indices = np.empty(capacity, dtype=np.int32)
        values = np.empty(capacity, dtype=np.float32)
        ends = np.zeros(len(strings) + 1, dtype=np.int64)
        words = np.empty(max(lengths, default=0), dtype=np.int64)
        n = count_dyads(
            join_ascii(strings), offsets, CODES, int(self.k), int(self.gaps[0]), bins, columns,
            words, counters, indices, values, ends[1:],
        )  # fmt: skip
        matrix = csr_matrix((values[:n], indices[:n], ends), shape=(len(strings), len(counters)))
        matrix.sort_indices()
        return matrix

    def _columns(self) -> tuple[npt.NDArray[np.int64], int]:
        """Return the column of each pair of words within a bin, and their number."""
        own = np.arange(16**self.k, dtype=np.int64)
        if self.strands == "single":
            return own, len(own)
        # The reverse complement of a pair of words is that of one word of 2 k bases.
        digits = own[:, None] >> np.arange(0, 4 * self.k, 2) & 3  # last base first
        other = ((3 - digits) << np.arange(2 * (2 * self.k - 1), -1, -2)).sum(axis=1)
        kept, columns = np.unique(np.minimum(own, other), return_inverse=True)
        return np.asarray(columns, dtype=np.int64), len(kept)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "TTG n{15..17} TAT", with the gaps of the bin.

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
        columns, n_pairs = self._columns()
        first = np.full(n_pairs, len(columns))
        np.minimum.at(first, columns, np.arange(len(columns)))
        pairs = spelled_kmers(first, 2 * self.k)
        names: list[str] = []
        for start in range(self.gaps[0], self.gaps[1] + 1, self.gap_width):
            end = min(start + self.gap_width - 1, self.gaps[1])
            gap = f"n{start}" if start == end else f"n{{{start}..{end}}}"
            names += [f"{pair[: self.k]} {gap} {pair[self.k :]}" for pair in pairs]
        return np.array(names, dtype=object)

    @property
    def _n_gaps(self) -> int:
        return int(self.gaps[1] - self.gaps[0] + 1)

    @property
    def _n_bins(self) -> int:
        return int(-(-self._n_gaps // self.gap_width))

    def _check_parameters(self) -> None:
        if not (is_int(self.k) and 1 <= self.k <= LONGEST):
            raise InputError(f"SpacedDyads: k must be an int in [1, {LONGEST}], got {self.k!r}")
        pair = self.gaps if isinstance(self.gaps, tuple | list) else ()
        if not (len(pair) == 2 and all(map(is_int, pair)) and 0 <= pair[0] <= pair[1]):
            raise InputError(
                f"SpacedDyads: gaps must be (smallest, largest), two ints of at least 0, got "
                f"{self.gaps!r}"
            )
        if pair[1] > LONGEST_GAP:
            raise InputError(
                f"SpacedDyads: gaps must not be longer than {LONGEST_GAP}, got {self.gaps!r}"
            )
        if not (is_int(self.gap_width) and self.gap_width >= 1):
            raise InputError(f"SpacedDyads: gap_width must be an int >= 1, got {self.gap_width!r}")
        if self.strands not in STRANDS:
            hint = did_you_mean(str(self.strands), STRANDS)
            raise InputError(
                f"SpacedDyads: strands must be 'single' or 'canonical', got {self.strands!r}{hint}"
            )
        n_columns = self._n_bins * 16**self.k
        if n_columns > MOST_COLUMNS:
            raise InputError(
                f"SpacedDyads: k={self.k}, gaps={self.gaps}, gap_width={self.gap_width} makes "
                f"{n_columns:,} columns, at most {MOST_COLUMNS:,} are allowed; take a larger "
                "gap_width"
            )
