"""Bases by position, and pairs of positions that act together (epistasis), found by a screen."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError, SequenceError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.features.occurrences import Occurrences
from seqexpr.features.onehot import OneHot
from seqexpr.sequences import BASES, UNKNOWN, StringsLike, as_strings, encode

__all__ = ["PairScreen", "PairedOneHot", "screen_pairs"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

ANCHORS = ("left", "right")
BATCH = 4_096
"""Rows at a time."""
MOST_POSITIONS = 1_000
MIN_COUNT = 10  # a combination of bases in fewer rows says nothing by the law of large numbers


class PairScreen(NamedTuple):
    """What a screen found, for each pair of positions: (0, 1), (0, 2), and so on.

    Attributes
    ----------
    statistics : ndarray of float64, shape (length (length - 1) / 2,)
        Interaction statistics, at least 0.
    p_values : ndarray of float64, shape (length (length - 1) / 2,)
        Their p-values, in ``[0, 1]``.
    """

    statistics: Floats
    p_values: Floats


class PairedOneHot(SequenceFeatures):
    """Encode which base stands where, and which two bases stand at each pair that matters.

    A scikit-learn transformer from n sequences to an (n, 4 length + 16 n_pairs)
    CSR matrix of float32. ``fit`` looks, with the targets, for pairs of
    positions whose bases act otherwise than by adding up (see
    :func:`screen_pairs`), and keeps those below a false discovery rate, the
    most significant first, up to `n_pairs`. With several targets a pair is
    taken by its smallest p-value, times their number. Without targets, the
    `n_pairs` first pairs of neighbours are kept. With fewer than two rows a
    parameter of the additive fit nothing can be told apart, and no pair is kept.

    Parameters
    ----------
    n_pairs : int, default 300
        Pairs of positions to keep at most, at least 0.
    fdr : float, default 0.05
        False discovery rate among them, in (0, 1].
    length : int, optional
        Number of positions, in ``[1, 1000]``; None = that of the longest
        sequence given to ``fit``.
    anchor : {"left", "right"}, default "left"
        Which ends lie above one another: "left" counts positions from the
        first base (``pos1=A``), "right" from the last (``pos-1=A``).

    Attributes
    ----------
    length_ : int
        Number of positions.
    pairs_ : ndarray of int64, shape (m, 2)
        Positions of each kept pair, counted from 0, in the order of positions.
    p_values_ : ndarray of float64, shape (m,)
        Their p-values; NaN for pairs kept without targets.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range, there are more than 1,000
        positions, or y does not fit X.
    SequenceError
        From ``fit``: the length is to be learnt and every sequence is empty.
        From ``fit`` and ``transform``: an element is not a str.

    Notes
    -----
    The screen reads each pair of positions of each row once: about 0.2 s for
    40,000 rows of 75 positions and one target.

    References
    ----------
    Benjamini & Hochberg (1995), Controlling the false discovery rate, Journal
    of the Royal Statistical Society B 57:289-300.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = ["".join(row) for row in rng.choice(list("ACGT"), size=(500, 6))]
    >>> y = [float(row[1] == "A" and row[4] == "G") for row in rows]
    >>> paired = PairedOneHot().fit(rows, y)
    >>> paired.pairs_.tolist()
    [[1, 4]]
    >>> paired.get_feature_names_out()[[0, 24, 26]].tolist()
    ['pos1=A', 'pos2=A & pos5=A', 'pos2=A & pos5=G']
    """

    is_strand_symmetric = False
    """Whether a sequence and its reverse complement have the same features."""

    def __init__(
        self,
        n_pairs: int = 300,
        *,
        fdr: float = 0.05,
        length: int | None = None,
        anchor: Literal["left", "right"] = "left",
    ) -> None:
        self.n_pairs = n_pairs
        self.fdr = fdr
        self.length = length
        self.anchor = anchor

    def fit(self, X: StringsLike, y: Any = None) -> Self:
        """Find the pairs.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : array-like of float, shape (n,) or (n, t), optional
            Targets; NaN = not measured.
        """
        self._check_parameters()
        strings = as_strings(X)
        length = self.length or max(map(len, strings), default=0)
        if length < 1:
            raise SequenceError(
                "PairedOneHot: every sequence given to fit is empty, so there is no length to "
                "learn; pass length="
            )
        if length > MOST_POSITIONS:
            raise InputError(
                f"PairedOneHot: {length:,} positions, at most {MOST_POSITIONS:,} can be paired; "
                "pass length="
            )
        self.length_ = int(length)
        pairs = np.column_stack(np.triu_indices(self.length_, 1))
        if y is None:
            kept = np.flatnonzero(np.diff(pairs, axis=1)[:, 0] == 1)[: self.n_pairs]
            p_values = np.full(len(pairs), np.nan)
        else:
            kept, p_values = self._screened(strings, _targets(y, len(strings)))
        self.pairs_ = pairs[kept].astype(np.int64)
        self.p_values_ = p_values[kept]
        return self

    def _screened(
        self, strings: list[str], targets: Floats
    ) -> tuple[npt.NDArray[np.int64], Floats]:
        codes = np.vstack([batch for _, batch in self._batches(strings)])
        screens = [
            screen_pairs(codes[measured], target[measured])
            for target in targets.T
            if (measured := ~np.isnan(target)).any()
        ]
        # The smallest p-value of all targets, times their number, holds whether or not they
        # are alike; many are 0 to the last bit, and the statistic goes on where they end.
        n_pairs = self.length_ * (self.length_ - 1) // 2
        p_values, statistics = np.ones(n_pairs), np.zeros(n_pairs)
        for screen in screens:
            np.minimum(p_values, screen.p_values * len(screens), out=p_values)
            np.maximum(statistics, screen.statistics, out=statistics)
        order = np.lexsort([-statistics, p_values])
        limits = self.fdr * np.arange(1, n_pairs + 1) / max(n_pairs, 1)
        below = np.flatnonzero((p_values[order] <= limits) & (p_values[order] < 1))
        n_kept = min(below[-1] + 1 if len(below) else 0, self.n_pairs)
        return np.sort(order[:n_kept]), p_values

    def transform(self, X: StringsLike) -> csr_matrix:
        """Encode each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        csr_matrix of float32, shape (n, 4 * length_ + 16 * m)
            Zeros and ones: position by position, A, C, G, T at each; then pair
            by pair, AA, AC … TT. What is unknown is all zero. Indices are sorted.
        """
        check_is_fitted(self)
        strings = as_strings(X)
        if not strings:
            return csr_matrix((0, self._n_columns), dtype=np.float32)
        batches = [self._encoded(codes) for _, codes in self._batches(strings)]
        return batches[0] if len(batches) == 1 else csr_matrix(vstack(batches))

    def locate(self, X: StringsLike) -> Occurrences:
        """Return where bases and pairs of each sequence stand; a pair is half at either base.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        Occurrences
            One place a base, two a pair.
        """
        single = OneHot(self.length_, anchor=self.anchor).fit([]).locate(X)
        bases = np.full((single.shape[0], self.length_), UNKNOWN, dtype=np.int64)
        starts = np.zeros_like(bases)
        bases[single.rows, single.columns // 4] = single.columns % 4
        starts[single.rows, single.columns // 4] = single.starts
        first, second = bases[:, self.pairs_[:, 0]], bases[:, self.pairs_[:, 1]]
        rows, pairs = np.nonzero((first != UNKNOWN) & (second != UNKNOWN))
        columns = 16 * pairs + 4 * first[rows, pairs] + second[rows, pairs]
        where = np.concatenate([starts[rows, side[pairs]] for side in self.pairs_.T])
        both = Occurrences(
            np.tile(rows, 2), np.tile(columns, 2), np.full(len(where), 0.5), where,
            np.ones(len(where), dtype=np.uint32), (len(bases), 16 * len(self.pairs_)),
        )  # fmt: skip
        return Occurrences.join([single, both])

    def _encoded(self, codes: Codes) -> csr_matrix:
        first, second = codes[:, self.pairs_[:, 0]], codes[:, self.pairs_[:, 1]]
        both = (first != UNKNOWN) & (second != UNKNOWN)
        known = np.hstack([codes != UNKNOWN, both])
        blocks = [4 * np.arange(self.length_, dtype=np.int32) + codes]
        starts = 4 * self.length_ + 16 * np.arange(len(self.pairs_), dtype=np.int32)
        columns = np.hstack([*blocks, starts + 4 * first + second])[known]
        pointers = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
        ones = np.ones(len(columns), dtype=np.float32)
        matrix = csr_matrix((ones, columns, pointers), shape=(len(codes), self._n_columns))
        matrix.has_canonical_format = True  # spares scipy the look at every entry
        return matrix

    def _batches(self, strings: list[str]) -> Any:
        """Yield slices of rows, and their base codes, shape (rows, length_)."""
        for start in range(0, len(strings), BATCH):
            rows = slice(start, start + BATCH)
            encoded = encode(strings[rows])
            codes = np.full((len(encoded), self.length_), UNKNOWN, dtype=np.uint8)
            row = np.repeat(np.arange(len(encoded)), encoded.lengths)
            first = encoded.offsets[:-1]
            if self.anchor == "right":
                first = encoded.offsets[1:] - self.length_
            position = np.arange(len(encoded.codes)) - first[row]
            kept = (position >= 0) & (position < self.length_)
            codes[row[kept], position[kept]] = encoded.codes[kept]
            yield rows, codes

    @property
    def _n_columns(self) -> int:
        return 4 * self.length_ + 16 * len(self.pairs_)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "pos10=A", and "pos10=A & pos35=G".

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (4 * length_ + 16 * m,)
            Names, each once.
        """
        check_is_fitted(self)
        zero = 1 if self.anchor == "left" else -self.length_
        names = [f"pos{zero + place}={base}" for place in range(self.length_) for base in BASES]
        single = np.array(names, dtype=object).reshape(-1, 4)
        for first, second in self.pairs_.tolist():
            names += [f"{a} & {b}" for a in single[first] for b in single[second]]
        return np.array(names, dtype=object)

    def _check_parameters(self) -> None:
        if not (is_int(self.n_pairs) and self.n_pairs >= 0):
            raise InputError(f"PairedOneHot: n_pairs must be an int >= 0, got {self.n_pairs!r}")
        if not 0 < self.fdr <= 1:
            raise InputError(f"PairedOneHot: fdr must be in (0, 1], got {self.fdr!r}")
        if self.length is not None and not (is_int(self.length) and self.length >= 1):
            raise InputError(
                f"PairedOneHot: length must be None or an int >= 1, got {self.length!r}"
            )
        if self.anchor not in ANCHORS:
            hint = did_you_mean(str(self.anchor), ANCHORS)
            raise InputError(
                f"PairedOneHot: anchor must be 'left' or 'right', got {self.anchor!r}{hint}"
            )


def screen_pairs(codes: Codes, y: Floats, *, min_count: int = MIN_COUNT) -> PairScreen:
    """Test every pair of positions for an interaction beyond the additive fit.

    With the residuals r of ordinary least squares on bases by position and
    their mean square s², the statistic of a pair is the sum over the 16
    combinations of bases of ``(sum of r)² / (rows · s²)``. That is the score
    (Lagrange multiplier) statistic of the interaction of the two positions:
    the residual sums have zero margins, and on such vectors the inverse of the
    diagonal matrix of the numbers of rows is a generalised inverse of their
    covariance. Without an interaction it follows chi² with 9 degrees of freedom
    for many rows, or a little less, since the other positions were fitted too.
    Where combinations are in fewer than `min_count` rows they are left out, and
    the degrees of freedom are the expected sum of the others.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, length)
        Base codes; 4 = unknown.
    y : ndarray of float64, shape (n,)
        Target, finite.
    min_count : int, default 10
        Rows that a combination of bases must be in to be counted, at least 1.

    Returns
    -------
    PairScreen
        Statistics and p-values; 0 and 1 everywhere if there are fewer than two
        rows a parameter of the additive fit, or the fit leaves nothing.

    References
    ----------
    Rao (1948), Large sample tests of statistical hypotheses concerning several
    parameters, Mathematical Proceedings of the Cambridge Philosophical Society
    44:50-57 (score tests).

    Examples
    --------
    >>> codes = np.array([[a, b] for a in range(4) for b in range(4)] * 10, dtype=np.uint8)
    >>> both = ((codes == 0).all(axis=1)).astype(float)
    >>> screen_pairs(codes, both).statistics.round(6).tolist()  # the additive fit leaves all of it
    [160.0]
    """
    from scipy.special import gammaincc

    from seqexpr.features._pairs import screen_kernel

    n_pairs = codes.shape[1] * (codes.shape[1] - 1) // 2
    statistics, freedoms = np.zeros(n_pairs), np.zeros(n_pairs)
    residuals, n_parameters = _additive_residuals(codes, y)
    spread = float(np.sqrt(np.mean(residuals**2)))
    if len(y) < 2 * n_parameters or spread <= 1e-9 * float(np.abs(y).max()):
        return PairScreen(statistics, np.ones(n_pairs))
    columns = np.ascontiguousarray(codes.T)
    screen_kernel(columns, residuals / spread, int(min_count), statistics, freedoms)
    usable = freedoms > 0.5  # none is left where bases never vary on their own
    p_values = np.ones(n_pairs)
    p_values[usable] = gammaincc(freedoms[usable] / 2, statistics[usable] / 2)
    return PairScreen(np.where(usable, statistics, 0.0), p_values)


def _additive_residuals(codes: Codes, y: Floats) -> tuple[Floats, int]:
    """Return the residuals of least squares on bases by position, and its number of parameters."""
    n, length = codes.shape
    width = 4 * length + 1
    gram, right = np.zeros((width, width)), np.zeros(width)
    centred = y - y.mean()
    for start in range(0, n, BATCH):
        design = _design(codes[start : start + BATCH])
        gram += design.T @ design  # whole numbers: exact whatever the order
        right += design.T.astype(np.float64) @ centred[start : start + BATCH]
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-9 * values[-1]
    coefficients = vectors[:, kept] @ ((vectors[:, kept].T @ right) / values[kept])
    residuals = centred.copy()
    for start in range(0, n, BATCH):
        design = _design(codes[start : start + BATCH])
        residuals[start : start + BATCH] -= design.astype(np.float64) @ coefficients
    return residuals, int(kept.sum())


def _design(codes: Codes) -> npt.NDArray[np.float32]:
    """Return bases by position and a column of ones, shape (n, 4 length + 1)."""
    bases = (codes[:, :, None] == np.arange(4)).reshape(len(codes), -1)
    return np.hstack([bases, np.ones((len(codes), 1), dtype=bool)]).astype(np.float32)


def _targets(y: Any, n: int) -> Floats:
    targets = np.asarray(y, dtype=np.float64)
    if targets.ndim not in (1, 2) or len(targets) != n:
        raise InputError(f"PairedOneHot: X has {n:,} rows, y has shape {targets.shape}")
    if np.isinf(targets).any():
        raise InputError("PairedOneHot: a target is infinite; drop such rows, or mark them as NaN")
    return targets.reshape(n, -1)
