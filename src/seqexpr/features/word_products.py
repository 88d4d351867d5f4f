"""Products of k-mer counts of any number of sequences, in constant memory.

Least squares on k-mers of 1 to k bases needs of the n rows only the p by p
products of their columns. Counted one by one those of a sequence of 110 bases
are 67,000 for k = 6. But a sequence is as well described by its k-mers and the
word of its last k - 1 bases: 106 words, whose products are 5,700, and from
which the counts of all shorter words follow by one sparse p by p matrix.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from seqexpr.errors import InputError
from seqexpr.sequences import CODES, as_strings, join_ascii

if TYPE_CHECKING:
    from seqexpr.features.kmers import KmerCounter

__all__ = ["LONGEST", "WordProducts"]

Floats = npt.NDArray[np.float64]
LONGEST = 6
"""Longest words whose products fit in memory: 5,460 columns, 238 MB."""
_CHUNK_ROWS = 8_192
_SHARES = 64  # parts of the words that threads take in turn


class WordProducts:
    """Add up products of the counts of all words of up to k bases.

    Parameters
    ----------
    k : int
        Longest word, in [1, 6].
    n_jobs : int
        Threads. The result does not depend on it. Default 1.

    Attributes
    ----------
    n_rows : int
        Rows added so far.

    Examples
    --------
    >>> from seqexpr.features.kmers import KmerCounter
    >>> counter, rows, y = KmerCounter(k=(1, 2)), ["ACGT", "AANC"], np.array([1.0, 2.0])
    >>> products = WordProducts(2)
    >>> products.add(rows, y)
    >>> X = np.column_stack([np.ones(2), counter.transform(rows).toarray(), y])
    >>> bool((products.of_columns(counter) == X.T @ X).all())
    True
    """

    def __init__(self, k: int, *, n_jobs: int = 1) -> None:
        if not 1 <= k <= LONGEST:
            raise InputError(f"WordProducts: k must be in [1, {LONGEST}], got {k!r}")
        self.k, self.n_jobs, self.n_rows = k, n_jobs, 0
        sizes = [4**length for length in range(1, k + 1)]
        self.starts = np.concatenate([[0, 0], np.cumsum(sizes)[:-1]]).astype(np.uint64)
        self.n_words = sum(sizes)
        self._upper = np.zeros((self.n_words, self.n_words))
        self._sums = np.zeros((self.n_words, 2))  # with 1 and with y
        self._y = np.zeros((2, 2))

    def add(self, sequences: list[str], y: Floats, weights: Floats | None = None) -> None:
        """Add rows.

        Parameters
        ----------
        sequences : list of str, length n
            DNA; words with unknown bases are not counted.
        y : ndarray of float64, shape (n,)
            Target; rows where it is NaN are left out.
        weights : ndarray of float64, shape (n,), optional
            Non-negative.
        """
        strings, values = as_strings(sequences), np.asarray(y, dtype=np.float64)
        v = np.ones(len(strings)) if weights is None else np.asarray(weights, dtype=np.float64)
        if values.shape != (len(strings),) or v.shape != values.shape:
            raise InputError(f"{len(strings)} sequences, {len(values)} targets, {len(v)} weights")
        used = np.flatnonzero(np.isfinite(values) & (v > 0))
        with ThreadPoolExecutor(max(1, self.n_jobs)) as threads:
            for start in range(0, len(used), _CHUNK_ROWS):
                rows = used[start : start + _CHUNK_ROWS]
                self._add(threads, [strings[row] for row in rows], values[rows], v[rows])

    def _add(self, threads: ThreadPoolExecutor, rows: list[str], y: Floats, v: Floats) -> None:
        from seqexpr.features import _word_products as kernels

        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        words = np.empty(int(offsets[-1]) + len(rows) + 1, dtype=np.uint16)
        ends = np.empty(len(rows), dtype=np.int64)
        n = kernels.collect_words(
            join_ascii(rows), offsets, CODES, self.starts, self.k, words, ends
        )
        words = words[:n]
        first = np.zeros(self.n_words + 1, dtype=np.int64)
        owners, places = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int64)
        kernels.sort_words(words, ends, first, owners, places, np.empty(len(rows), dtype=np.int64))
        bounds = np.unique(np.linspace(0, self.n_words, _SHARES + 1).round().astype(np.int64))

        def add(low: int, high: int) -> None:
            kernels.add_products(words, ends, first, owners, places, v, low, high, self._upper)

        list(threads.map(add, bounds[:-1].tolist(), bounds[1:].tolist()))
        row_of = np.repeat(np.arange(len(rows)), np.diff(ends, prepend=0))
        for column, amounts in enumerate((v, v * y)):
            self._sums[:, column] += np.bincount(
                words, weights=amounts[row_of], minlength=self.n_words
            )
        beside = np.column_stack([np.ones(len(y)), y])
        self._y += beside.T @ (beside * v[:, None])
        self.n_rows += len(rows)

    def merge(self, other: WordProducts) -> None:
        """Add the rows of another one."""
        if other.k != self.k:
            raise InputError(f"products of words of up to {self.k} and {other.k} bases")
        self._upper += other._upper
        self._sums += other._sums
        self._y += other._y
        self.n_rows += other.n_rows

    def of_columns(self, counter: KmerCounter) -> Floats:
        """Return the weighted products of (1, X, y), where X are the columns of a counter.

        Parameters
        ----------
        counter : KmerCounter
            Of counts of k-mers of at most the k of this one, not hashed.

        Returns
        -------
        ndarray of float64, shape (p + 2, p + 2)
            As :class:`seqexpr.models.moments.Moments` holds them.

        Raises
        ------
        InputError
            If the counter counts something else.
        """
        columns = self._columns_of(counter)
        p = columns.shape[1]
        found = np.empty((p + 2, p + 2))
        # Each pair of words once above the diagonal; on it m (m + 1) / 2 for m of a word.
        inner = self._upper + self._upper.T
        inner.flat[:: self.n_words + 1] -= self._sums[:, 0]
        found[1:-1, 1:-1] = (columns.T @ (columns.T @ inner).T).T
        found[1:-1, [0, -1]] = columns.T @ self._sums
        found[[0, -1], 1:-1] = found[1:-1, [0, -1]].T
        found[np.ix_([0, -1], [0, -1])] = self._y
        return found

    def _columns_of(self, counter: KmerCounter) -> sparse.csr_matrix:
        """Return how often each column counts in each word of ours, shape (n_words, p)."""
        low, high = counter.k if isinstance(counter.k, tuple | list) else (counter.k, counter.k)
        if counter.mode != "count" or counter.n_features is not None or high > self.k:
            raise InputError(
                f"products are of counts of k-mers of up to {self.k} bases, not hashed; "
                f"got {counter}"
            )
        from seqexpr.features._counting import columns_of_kmers
        from seqexpr.features._plan import KmerPlan

        plan = KmerPlan(low, high, counter.strands == "canonical", 0)
        rows, numbers, lengths = self._shorter_words
        kept = (lengths >= low) & (lengths <= high)
        columns = np.zeros(len(rows), dtype=np.int64)
        for length in range(low, high + 1):
            mine = lengths == length
            columns[mine] = columns_of_kmers(plan, numbers[mine], length)
        entries = (np.ones(int(kept.sum())), (rows[kept], columns[kept]))
        return sparse.csr_matrix(entries, shape=(self.n_words, plan.n_columns))

    @cached_property
    def _shorter_words(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Return which words each of ours stands for: row, number and length of each."""
        rows, numbers, lengths = [], [], []
        for length in range(1, self.k + 1):
            own = np.arange(4**length)
            # A k-mer stands for what begins where it does; others for all that is in them.
            for start in range(1 if length == self.k else length):
                for inside in range(1, length - start + 1):
                    shift = 2 * (length - start - inside)
                    rows.append(own + int(self.starts[length]))
                    numbers.append(own >> shift & (4**inside - 1))
                    lengths.append(np.full(len(own), inside))
        return np.concatenate(rows), np.concatenate(numbers), np.concatenate(lengths)
