"""Which k-mers stand where: for libraries with a fixed layout."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError, SequenceError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.features.kmers import spelled_kmers
from seqexpr.features.occurrences import Occurrences, windows_of
from seqexpr.features.word_scores import LONGEST_WORD, WordScores
from seqexpr.sequences import CODES, StringsLike, as_strings, encode, join_ascii

__all__ = ["PositionalKmers"]

ANCHORS = ("left", "right")
BATCH = 10_000  # rows counted at a time, which bounds the temporary arrays
LONGEST = 8


class PositionalKmers(SequenceFeatures):
    """Count k-mers near each of a row of places, evenly spaced along the sequence.

    A scikit-learn transformer from n sequences to an (n, n_columns) CSR matrix
    of float32. A k-mer whose middle lies a share f of the way from one place to
    the next counts 1 - f at the first and f at the second, so that what a model
    learns at one place is shared with its neighbours, and a shift of a base
    changes little. Without smoothing the sequence is cut into windows, and a
    k-mer counts 1 in the window where its middle lies. A k-mer with an unknown
    base, or that leaves the positions looked at, is not counted.

    Parameters
    ----------
    k : int or (int, int), default (1, 3)
        Length of the k-mers in bases, in ``[1, 8]``, or the smallest and the
        largest length.
    width : int, default 5
        Bases from one place to the next, at least 1.
    anchor : {"left", "right"}, default "left"
        Which ends of the sequences lie above one another.
    site : int, default 0
        Position 0 lies so many bases from the anchored end, inwards: with
        ``anchor="right", site=50`` places count from the 50th base before the
        end (a transcription start, say), and what lies further from that end
        has negative places.
    length : int, optional
        Number of bases looked at, from the anchored end, at least 1; None =
        that of the longest sequence given to ``fit``.
    smooth : bool, default True
        Whether a k-mer is shared between the two places beside its middle.

    Attributes
    ----------
    length_ : int
        Number of bases looked at.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range.
    SequenceError
        From ``fit``: the length is to be learnt and every sequence is empty.
        From ``fit`` and ``transform``: an element is not a str.

    References
    ----------
    The shares are linear B-splines: de Boor, A Practical Guide to Splines
    (1978), chapter IX. Sharing k-mers between neighbouring positions follows
    the idea of the weighted degree kernel with shifts: Rätsch, Sonnenburg &
    Schölkopf (2005), Bioinformatics 21 Suppl 1, i369-i377.

    Examples
    --------
    >>> positional = PositionalKmers(k=1, width=4).fit(["AAAAT"])
    >>> row = positional.transform(["AAAAT"]).toarray()[0]
    >>> {name: float(value) for name, value in
    ...  zip(positional.get_feature_names_out(), row) if value}
    {'A~0': 2.0, 'A~4': 2.0, 'T~4': 0.875, 'T~8': 0.125}
    """

    is_strand_symmetric = False
    """Whether a sequence and its reverse complement have the same features."""

    def __init__(
        self,
        k: int | tuple[int, int] = (1, 3),
        *,
        width: int = 5,
        anchor: Literal["left", "right"] = "left",
        site: int = 0,
        length: int | None = None,
        smooth: bool = True,
    ) -> None:
        self.k = k
        self.width = width
        self.anchor = anchor
        self.site = site
        self.length = length
        self.smooth = smooth

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
        PositionalKmers
            This object.
        """
        self._check_parameters()
        strings = as_strings(X)
        length = self.length or max(map(len, strings), default=0)
        if length < 1:
            raise SequenceError(
                "PositionalKmers: every sequence given to fit is empty, so there is no length to "
                "learn; pass length="
            )
        self.length_ = int(length)
        return self

    def transform(self, X: StringsLike) -> csr_matrix:
        """Count the k-mers of each sequence near each place.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        csr_matrix of float32, shape (n, n_columns)
            Non-negative; indices are sorted, and there are no explicit zeros.
        """
        check_is_fitted(self)
        strings = as_strings(X)
        batches = [
            self._count(strings[start : start + BATCH])
            for start in range(0, max(len(strings), 1), BATCH)
        ]
        return batches[0] if len(batches) == 1 else csr_matrix(vstack(batches))

    def locate(self, X: StringsLike) -> Occurrences:
        """Return where the k-mers of each sequence stand.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        Occurrences
            One or two a window and k: two where it is shared between places.
        """
        check_is_fitted(self)
        encoded = encode(X)
        shape = (len(encoded), int(self._blocks[-1]))
        zero = np.zeros(len(encoded), dtype=np.int64)
        origins = zero if self.anchor == "left" else encoded.lengths - self.length_
        parts = []
        for k, block in zip(self._ks, self._blocks, strict=False):
            rows, starts, numbers = windows_of(encoded, k)
            at = starts - origins[rows]
            inside = (at >= 0) & (at + k <= self.length_)
            rows, starts, numbers, at = rows[inside], starts[inside], numbers[inside], at[inside]
            places, shares = self._shares(at, k)
            for place, share in zip(places, shares, strict=True):
                here = share > 0
                columns = block + place[here] * 4**k + numbers[here]
                masks = np.full(len(columns), 2**k - 1, dtype=np.uint32)
                parts.append((rows[here], columns, share[here], starts[here], masks))
        rows, columns, values, starts, masks = map(np.concatenate, zip(*parts, strict=True))
        return Occurrences(rows, columns, values, starts, masks, shape)

    def word_scores(self, weights: npt.NDArray[np.float64]) -> tuple[WordScores, ...] | None:
        """Return what each k-mer at each position adds to a weighted sum of the features.

        Parameters
        ----------
        weights : ndarray of float64, shape (n_columns,)
            One a feature.

        Returns
        -------
        tuple of WordScores, or None
            One a k; None where positions times k-mers are too many for a table.
        """
        check_is_fitted(self)
        if self.length_ * 4 ** self._ks[-1] > 4**LONGEST_WORD:
            return None
        tables = []
        for k, block in zip(self._ks, self._blocks, strict=False):
            if k > self.length_:
                continue
            own = weights[block : block + self._n_places * 4**k].reshape(-1, 4**k)
            places, shares = self._shares(np.arange(self.length_ - k + 1), k)
            scores = sum(
                share[:, None] * own[np.minimum(place, len(own) - 1)]
                for place, share in zip(places, shares, strict=True)
            )
            tables.append(
                WordScores(k, np.asarray(scores), anchor=self.anchor, length=self.length_)
            )
        return tuple(tables)

    def _shares(self, at: npt.NDArray[np.int64], k: int) -> tuple[list[Any], list[Any]]:
        """Return the one or two places of k-mers that start at a position, and their shares."""
        middle = 2 * at + k  # twice, so that it is whole
        place = middle // (2 * self.width)
        if not self.smooth:
            return [place], [np.ones(len(at))]
        over = (middle - place * 2 * self.width) / (2 * self.width)
        return [place, place + 1], [1 - over, over]

    def _count(self, strings: list[str]) -> csr_matrix:
        from seqexpr.features._positional import place_kmers

        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        origins = offsets[:-1] if self.anchor == "left" else offsets[1:] - self.length_
        capacity = int(np.minimum(lengths, self.length_).sum()) * len(self._ks) * 2
        indices = np.empty(capacity, dtype=np.int32)
        values = np.empty(capacity, dtype=np.float32)
        ends = np.zeros(len(strings) + 1, dtype=np.int64)
        n = place_kmers(
            join_ascii(strings), offsets, CODES, origins, self._ks[0], self._blocks[:-1],
            self.length_, int(self.width), bool(self.smooth), indices, values, ends[1:],
        )  # fmt: skip
        shape = (len(strings), int(self._blocks[-1]))
        matrix = csr_matrix((values[:n], indices[:n], ends), shape=shape)
        matrix.sum_duplicates()
        return matrix

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "ACG~10", which is ACG near base 10.

        Bases are counted from 0 at the site. Without smoothing a name is
        "ACG@10..15": ACG with its middle in this window, its end not included.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (n_columns,)
            Names, each once.
        """
        check_is_fitted(self)
        names: list[str] = []
        zero = self.site if self.anchor == "left" else self.length_ - self.site
        for k in self._ks:
            kmers = spelled_kmers(np.arange(4**k), k)
            for place in range(self._n_places):
                base = place * self.width - zero
                end = min(base + self.width, self.length_ - zero)
                where = f"~{base}" if self.smooth else f"@{base}..{end}"
                names += [kmer + where for kmer in kmers]
        return np.array(names, dtype=object)

    @property
    def _ks(self) -> range:
        low, high = self.k if isinstance(self.k, tuple | list) else (self.k, self.k)
        return range(int(low), int(high) + 1)

    @property
    def _n_places(self) -> int:
        windows = -(-self.length_ // self.width)
        return int(windows + 1 if self.smooth else windows)

    @property
    def _blocks(self) -> npt.NDArray[np.int64]:
        """Return the first column of each k, and the number of columns at the end."""
        sizes = [self._n_places * 4**k for k in self._ks]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def _check_parameters(self) -> None:
        low: Any
        high: Any
        low, high = self.k if _is_pair(self.k) else (self.k, self.k)  # type: ignore[misc]
        if not (is_int(low) and is_int(high) and 1 <= low <= high <= LONGEST):
            raise InputError(
                f"PositionalKmers: k must be an int in [1, {LONGEST}] or a pair (smallest, "
                f"largest), got {self.k!r}"
            )
        if self.anchor not in ANCHORS:
            hint = did_you_mean(str(self.anchor), ANCHORS)
            raise InputError(
                f"PositionalKmers: anchor must be 'left' or 'right', got {self.anchor!r}{hint}"
            )
        if not (is_int(self.width) and self.width >= 1):
            raise InputError(f"PositionalKmers: width must be an int >= 1, got {self.width!r}")
        if not is_int(self.site):
            raise InputError(f"PositionalKmers: site must be an int, got {self.site!r}")
        if self.length is not None and not (is_int(self.length) and self.length >= 1):
            raise InputError(
                f"PositionalKmers: length must be None or an int >= 1, got {self.length!r}"
            )


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2
