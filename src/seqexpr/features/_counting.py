"""From strings to a CSR matrix of k-mers: chunks, threads and the way into one matrix."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from seqexpr.features import _kernels
from seqexpr.features._plan import KmerPlan, column_of_code
from seqexpr.sequences import CODES, join_ascii

__all__ = ["Mode", "columns_of_kmers", "count_kmers", "hashed_columns"]

Mode: TypeAlias = Literal["count", "presence", "frequency"]
Ints: TypeAlias = npt.NDArray[np.int64]

# What the threads take at a time: enough to forget the cost of handing it out,
# and with its features not too much for a processor's second or third cache.
CHUNK_BASES = 2**18
CHUNK_ROWS = 2**13
# A counter for each code is quicker than sorting the windows up to so many
# codes; and up to so many for each base of a sequence, if they fit in memory.
DENSE_CODES, DENSE_CODES_PER_BASE, MOST_DENSE_CODES = 2**15, 300, 2**22
# Up to so many codes, reading every counter is quicker than a bitmap.
FEW_CODES = 4**4
SLACK = 64  # what count_dense may write past the end


class _Counted(NamedTuple):
    """The features of some rows: columns ascending in each row."""

    row_nnz: Ints
    columns: npt.NDArray[Any]
    values: npt.NDArray[Any]


def count_kmers(
    strings: list[str], plan: KmerPlan, *, mode: Mode, dtype: npt.DTypeLike, n_jobs: int
) -> csr_matrix:
    """Count the k-mers of n sequences.

    Returns
    -------
    csr_matrix of `dtype`, shape (n, plan.n_columns)
        Canonical: indices sorted, no entry twice, no explicit zeros.
    """
    lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
    bounds = _cumulated(plan.row_bounds(lengths))
    offsets = _cumulated(lengths)
    chunks = _chunks(offsets)
    # The largest there can be; what is not filled is never touched, so it takes no memory.
    columns = np.empty(bounds[-1], dtype=np.int32)
    values = np.empty(len(columns), dtype=dtype)
    row_nnz = np.zeros(len(strings) + 1, dtype=np.int64)
    count = _chunk_counter(strings, plan, offsets, bounds, mode)

    def write(rows: slice, reserve: Callable[[int], int]) -> None:
        counted = count(rows)
        start = reserve(len(counted.columns))
        end = start + len(counted.columns)
        columns[start:end] = counted.columns
        values[start:end] = counted.values
        row_nnz[rows.start + 1 : rows.stop + 1] = counted.row_nnz

    filled = _write_in_order(write, chunks, n_jobs)
    columns.resize(filled, refcheck=False)
    values.resize(filled, refcheck=False)
    pointers = np.cumsum(row_nnz)
    if filled <= np.iinfo(np.int32).max:
        pointers = pointers.astype(np.int32)
    matrix = csr_matrix((values, columns, pointers), shape=(len(strings), plan.n_columns))
    matrix.has_canonical_format = True  # spares scipy the look at every entry
    return matrix


def _cumulated(numbers: Ints) -> Ints:
    """Return where each of some adjoining blocks starts, and where the last ends."""
    sums = np.zeros(len(numbers) + 1, dtype=np.int64)
    np.cumsum(numbers, out=sums[1:])
    return sums


def _chunks(offsets: Ints) -> list[slice]:
    """Cut the rows into runs of about CHUNK_BASES bases and at most CHUNK_ROWS rows."""
    chunks, start, n_rows = [], 0, len(offsets) - 1
    while start < n_rows:
        full = int(np.searchsorted(offsets, offsets[start] + CHUNK_BASES, side="right")) - 1
        stop = min(max(full, start + 1), start + CHUNK_ROWS, n_rows)
        chunks.append(slice(start, stop))
        start = stop
    return chunks


def _write_in_order(
    write: Callable[[slice, Callable[[int], int]], None], chunks: list[slice], n_jobs: int
) -> int:
    """Call ``write(chunk, reserve)`` for each chunk from `n_jobs` threads; return the end.

    ``reserve(n)``, called once by each, gives the place of its `n` entries: they follow
    those of the chunk before it, so it waits until that one has reserved.
    """
    ends: list[Future[int]] = [Future() for _ in range(len(chunks) + 1)]
    ends[0].set_result(0)

    def run(number: int) -> None:
        def reserve(n: int) -> int:
            start = ends[number].result()
            ends[number + 1].set_result(start + n)
            return start

        try:
            write(chunks[number], reserve)
        except BaseException as error:
            if not ends[number + 1].done():  # let nobody wait for it
                ends[number + 1].set_exception(error)
            raise

    n_threads = min(n_jobs, len(chunks))
    if n_threads <= 1:
        for number in range(len(chunks)):
            run(number)
    else:
        # Chunks start in order, so the one that is waited for is always being counted.
        with ThreadPoolExecutor(n_threads) as threads:
            for _ in threads.map(run, range(len(chunks))):
                pass
    return ends[-1].result()


def _chunk_counter(
    strings: list[str], plan: KmerPlan, offsets: Ints, bounds: Ints, mode: Mode
) -> Callable[[slice], _Counted]:
    """Return the function that counts one chunk; its result holds until the thread's next."""
    dense = _is_dense(plan, offsets)
    local = threading.local()

    def count(rows: slice) -> _Counted:
        letters = join_ascii(strings[rows])
        starts = offsets[rows.start : rows.stop + 1] - offsets[rows.start]
        if not dense:
            return _count_sorted(plan, letters, starts, mode)
        if not hasattr(local, "scratch"):
            local.scratch = _Scratch(plan)
        bound = int(bounds[rows.stop] - bounds[rows.start])
        return _finish_dense(local.scratch.count(plan, letters, starts, bound), plan, mode)

    return count


def _is_dense(plan: KmerPlan, offsets: Ints) -> bool:
    """Say whether counters are quicker than sorting."""
    if plan.n_features:
        return False
    mean_length = int(offsets[-1]) // max(len(offsets) - 1, 1)
    limit = max(DENSE_CODES, min(DENSE_CODES_PER_BASE * mean_length, MOST_DENSE_CODES))
    return plan.n_codes <= limit


class _Scratch:
    """The memory that ``count_dense`` works in, kept from chunk to chunk."""

    def __init__(self, plan: KmerPlan) -> None:
        self.counts = np.zeros(plan.n_codes, dtype=np.int32)
        n_words = -(-plan.n_codes // 64)
        if len(plan.ks) == 1 and plan.n_codes <= FEW_CODES:
            n_words = 0
        self.words = np.zeros(n_words, dtype=np.uint64)
        self.codes = np.empty(0, dtype=np.int32)
        self.values = np.empty(0, dtype=np.int32)

    def count(
        self, plan: KmerPlan, letters: npt.NDArray[np.uint8], offsets: Ints, bound: int
    ) -> _Counted:
        """Return codes and counts as views into this memory."""
        if len(self.codes) < bound + SLACK:
            self.codes = np.empty(bound + bound // 4 + SLACK, dtype=np.int32)
            self.values = np.empty(len(self.codes), dtype=np.int32)
        row_nnz = np.empty(len(offsets) - 1, dtype=np.int64)
        n = _kernels.count_dense(
            letters, offsets, CODES, plan.starts, plan.high, plan.force,
            self.counts, self.words.view(np.uint8), self.words, self.codes, self.values, row_nnz,
        )  # fmt: skip
        return _Counted(row_nnz, self.codes[:n], self.values[:n])


def _finish_dense(counted: _Counted, plan: KmerPlan, mode: Mode) -> _Counted:
    row_nnz, codes, values = counted
    if mode == "presence":
        values.fill(1)
    elif mode == "frequency":
        rows = np.repeat(np.arange(len(row_nnz)), row_nnz)
        blocks = np.searchsorted(plan.starts.astype(np.int64), codes, side="right") - 1
        values = _shares(values, rows * len(plan.ks) + blocks)
    columns = column_of_code(plan.low, plan.high)[codes] if plan.canonical else codes
    return _Counted(row_nnz, columns, values)


def _shares(counts: npt.NDArray[Any], groups: Ints) -> npt.NDArray[np.float64]:
    """Divide each count by the sum of its group: the windows of one row and one k."""
    shares: npt.NDArray[np.float64] = counts / np.bincount(groups, weights=counts)[groups]
    return shares


def _count_sorted(
    plan: KmerPlan, letters: npt.NDArray[np.uint8], offsets: Ints, mode: Mode
) -> _Counted:
    """Count by sorting the windows: where a counter for each code would not fit a cache."""
    n_rows, n_k = len(offsets) - 1, len(plan.ks)
    codes = np.empty(len(letters) * n_k, dtype=np.uint64)
    ends = np.empty(n_rows, dtype=np.int64)
    n = _kernels.collect_codes(
        letters, offsets, CODES, plan.starts, plan.high, plan.force,
        codes, ends,
    )  # fmt: skip
    codes = codes[:n]
    # Each window becomes one number that sorts by row, then column, then k.
    columns, blocks = _columns_and_blocks(plan, codes)
    rows = np.repeat(np.arange(n_rows), np.diff(ends, prepend=0))
    keys = (rows * plan.n_columns + columns) * n_k + blocks
    keys.sort()
    keys, counts = _run_lengths(keys)
    values: npt.NDArray[Any] = counts
    if mode == "frequency":
        values = _shares(counts, keys // (plan.n_columns * n_k) * n_k + keys % n_k)
    # Two k that were hashed to one column are added up.
    keys //= n_k
    firsts = _firsts(keys)
    if len(firsts) < len(keys):
        keys, values = keys[firsts], np.add.reduceat(values, firsts)
    if mode == "presence":
        values.fill(1)
    rows = keys // plan.n_columns
    return _Counted(np.bincount(rows, minlength=n_rows), keys - rows * plan.n_columns, values)


def _columns_and_blocks(plan: KmerPlan, codes: npt.NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Return for each code its column and which k it belongs to, counted from 0."""
    blocks = np.zeros(len(codes), dtype=np.int64)
    if len(plan.ks) > 1:
        blocks = np.searchsorted(plan.starts, codes, side="right") - 1
    if plan.n_features:
        return hashed_columns(codes, plan.n_features), blocks
    columns = codes.astype(np.int64)
    if plan.canonical:
        columns = column_of_code(plan.low, plan.high)[columns].astype(np.int64)
    return columns, blocks


def columns_of_kmers(plan: KmerPlan, numbers: Ints, k: int) -> Ints:
    """Return the column of each k-mer, given by its number, shape (len(numbers),)."""
    if plan.canonical:
        turned = np.zeros_like(numbers)
        for shift in range(0, 2 * k, 2):
            turned = turned << 2 | 3 - (numbers >> shift & 3)
        numbers = np.minimum(numbers, turned)
    codes = numbers.astype(np.uint64) + plan.starts[k - plan.low]
    return _columns_and_blocks(plan, codes)[0]


def hashed_columns(codes: npt.NDArray[np.uint64], n_features: int) -> Ints:
    """Hash numbers to columns 0..n_features - 1: the finalizer of SplitMix64.

    Stable for good: it is part of the meaning of a saved model.

    Parameters
    ----------
    codes : ndarray of uint64, shape (n,)
        A k-mer is ``4**k`` plus its number in base four.
    n_features : int
        Number of columns, in 1..2**31 - 1.

    Returns
    -------
    ndarray of int64, shape (n,)
        Columns, ``(upper 32 bits of the hash) * n_features >> 32``.

    References
    ----------
    Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators,
    OOPSLA (``mix64variant13``).

    Examples
    --------
    >>> hashed_columns(np.array([4**3 + 0, 4**3 + 1], dtype=np.uint64), 1000).tolist()
    [541, 418]
    """
    mixed = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    scaled = (mixed >> np.uint64(32)) * np.uint64(n_features)
    return (scaled >> np.uint64(32)).astype(np.int64)


def _firsts(keys: Ints) -> Ints:
    """Return where each run of equal keys starts."""
    return np.flatnonzero(np.concatenate(([len(keys) > 0], keys[1:] != keys[:-1])))


def _run_lengths(keys: Ints) -> tuple[Ints, Ints]:
    """Return each different key of a sorted array, and how often it occurs."""
    firsts = _firsts(keys)
    return keys[firsts], np.diff(firsts, append=len(keys))
