"""The k-mer kernels: the only code here that walks over bases, compiled by numba.

The kernels release the GIL, so threads run them side by side. They are
compiled at their first call, each for one set of types, and the compiled code
is kept on disk, so that only the first run of an install compiles. Threads of
our own are chosen over numba's ``parallel=True``, which takes several times as
long to compile.

All numbers in them are unsigned, which spares numba the test for negative
indices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["Kernel", "collect_codes", "count_dense"]

U64 = np.uint64
ZERO, ONE, TWO, THREE, SEVEN, WORD = U64(0), U64(1), U64(2), U64(3), U64(7), U64(64)


class Kernel:
    """A compiled function: at its first call, or loaded if its code was kept.

    Code that cannot be kept (no folder to write to, a full disk) or loaded (a
    damaged file) costs the time to compile, not the run.

    Parameters
    ----------
    function : callable
        What to compile.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.is_kept = True
        try:
            self.compiled = njit(nogil=True, cache=True)(function)
        except RuntimeError:  # neither beside the source nor in the user's cache folder
            self._compile_anew()

    def _compile_anew(self) -> None:
        self.compiled = njit(nogil=True)(self.function)
        self.is_kept = False

    def __call__(self, *arguments: Any) -> int:
        """Call the compiled function, which gives an int."""
        try:
            return int(self.compiled(*arguments))
        except Exception:  # a damaged file can raise anything
            if not self.is_kept:
                raise
            self._compile_anew()
            return int(self.compiled(*arguments))


def njit_kept(function: Callable[..., Any]) -> Kernel:
    """Compile `function` at its first call, and keep the compiled code."""
    return Kernel(function)


def njit_helper(function: Callable[..., Any]) -> Any:
    """Compile as a part of the kernels that call it."""
    return njit(nogil=True)(function)


def _intrinsic(function: Callable[..., Any]) -> Any:
    """Make one instruction of the processor callable in kernels."""
    return intrinsic(function)


@_intrinsic
def _trailing_zeros(typing_context: Any, word: Any) -> Any:  # pragma: no cover
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@_intrinsic
def _ones(typing_context: Any, word: Any) -> Any:  # pragma: no cover
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit_kept
def collect_codes(
    letters: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lookup: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.uint64],
    high: int,
    force: np.uint64,
    codes: npt.NDArray[Any],
    ends: npt.NDArray[np.int64],
) -> Any:
    """Write the code of each window of each sequence, for every k of a range.

    A window without unknown bases is the number of its k-mer in base four
    (A = 0, C = 1, G = 2, T = 3, first base most significant), plus ``starts``.

    Parameters
    ----------
    letters : ndarray of uint8, shape (bases,)
        The sequences as ASCII, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    lookup : ndarray of uint8, shape (256,)
        Base code of each character, 0..4.
    starts : ndarray of uint64, shape (n_k,)
        What is added to the numbers of each k, smallest k first.
    high : int
        The largest k, in 1..31.
    force : uint64
        0 to take the smaller of a k-mer and its reverse complement; all ones
        to take the k-mer itself.
    codes : ndarray of unsigned int, shape (capacity,)
        Filled with the codes, row by row, in the order of the windows.
    ends : ndarray of int64, shape (n,)
        Filled with the place after the last code of each row.

    Returns
    -------
    int
        How many codes were written.
    """
    low = high + 1 - len(starts)
    mask = (ONE << U64(2 * high)) - ONE
    shift = U64(2 * high - 2)
    end = ZERO
    for row in range(U64(len(ends))):
        code, reverse, run = ZERO, ZERO, 0
        for position in range(U64(offsets[row]), U64(offsets[row + ONE])):
            base = U64(lookup[letters[position]])
            run += 1
            if base > THREE:
                run = 0
                continue
            code = ((code << TWO) | base) & mask
            reverse = (reverse >> TWO) | ((THREE - base) << shift)
            for k in range(low, min(high, run) + 1):
                forward = code & ((ONE << U64(2 * k)) - ONE)
                backward = reverse >> U64(2 * (high - k))
                codes[end] = starts[U64(k - low)] + min(forward, backward | force)
                end += ONE
        ends[row] = np.int64(end)
    return end


@njit_helper
def _count_one_k(
    letters: npt.NDArray[np.uint8],
    first: np.uint64,
    last: np.uint64,
    lookup: npt.NDArray[np.uint8],
    k: int,
    counts: npt.NDArray[np.int32],
    flags: npt.NDArray[np.uint8],
) -> None:
    """Do as `_count_row` for one k and one strand: without the other cases, in half the time."""
    mask = (ONE << U64(2 * k)) - ONE
    has_flags = len(flags) > 0
    code, run = ZERO, 0
    for position in range(first, last):
        base = U64(lookup[letters[position]])
        run += 1
        if base > THREE:
            run = 0
            continue
        code = ((code << TWO) | base) & mask
        if run >= k:
            counts[code] += np.int32(1)
            if has_flags:
                flags[code >> THREE] |= np.uint8(ONE << (code & SEVEN))


@njit_helper
def _count_row(
    letters: npt.NDArray[np.uint8],
    first: np.uint64,
    last: np.uint64,
    lookup: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.uint64],
    high: int,
    force: np.uint64,
    counts: npt.NDArray[np.int32],
    flags: npt.NDArray[np.uint8],
) -> None:
    """Add the windows of one sequence to `counts`, and flag them unless there is no bitmap."""
    low = high + 1 - len(starts)
    mask = (ONE << U64(2 * high)) - ONE
    shift = U64(2 * high - 2)
    has_flags = len(flags) > 0
    code, reverse, run = ZERO, ZERO, 0
    for position in range(first, last):
        base = U64(lookup[letters[position]])
        run += 1
        if base > THREE:
            run = 0
            continue
        code = ((code << TWO) | base) & mask
        if force == ZERO:
            reverse = (reverse >> TWO) | ((THREE - base) << shift)
        if low < high:
            for k in range(low, min(high, run) + 1):
                forward = code & ((ONE << U64(2 * k)) - ONE)
                backward = reverse >> U64(2 * (high - k))
                key = starts[U64(k - low)] + min(forward, backward | force)
                counts[key] += np.int32(1)
                flags[key >> THREE] |= np.uint8(ONE << (key & SEVEN))
        elif run >= high:  # one k: without the inner loop it takes half the time
            key = min(code, reverse | force)
            counts[key] += np.int32(1)
            if has_flags:
                flags[key >> THREE] |= np.uint8(ONE << (key & SEVEN))


@njit_helper
def _read_row(
    counts: npt.NDArray[np.int32],
    words: npt.NDArray[np.uint64],
    indices: npt.NDArray[np.int32],
    values: npt.NDArray[np.int32],
    start: np.uint64,
) -> Any:
    """Write code and count of every code that occurs, in order, and clear the scratch."""
    end = start
    if len(words) == 0:  # written whether it occurs or not, see below
        for number in range(U64(len(counts))):
            indices[end] = np.int32(number)
            end += U64(min(counts[number], np.int32(1)))
    for word in range(U64(len(words))):
        bits = words[word]
        words[word] = ZERO
        after = end + _ones(bits)
        # Four, then eight are written whether or not there are so many: what is
        # too much is overwritten by the next word, and a branch that cannot be
        # foretold would cost more.
        for ahead in range(4):
            indices[end + U64(ahead)] = np.int32(word * WORD + _trailing_zeros(bits))
            bits &= bits - ONE
        if bits:
            for ahead in range(4, 12):
                indices[end + U64(ahead)] = np.int32(word * WORD + _trailing_zeros(bits))
                bits &= bits - ONE
        while bits:
            indices[end + U64(12)] = np.int32(word * WORD + _trailing_zeros(bits))
            bits &= bits - ONE
            end += ONE
        end = after
    for entry in range(start, end):
        code = U64(indices[entry])
        values[entry] = counts[code]
        counts[code] = np.int32(0)
    return end


@njit_kept
def count_dense(  # noqa: PLR0913 - a kernel takes arrays, not objects
    letters: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    lookup: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.uint64],
    high: int,
    force: np.uint64,
    counts: npt.NDArray[np.int32],
    flags: npt.NDArray[np.uint8],
    words: npt.NDArray[np.uint64],
    indices: npt.NDArray[np.int32],
    values: npt.NDArray[np.int32],
    row_nnz: npt.NDArray[np.int64],
) -> Any:
    """Count the windows of each sequence by their codes, for every k of a range at once.

    One counter a code takes the counts of a row, a bitmap says which counters
    are not zero, and reading the bitmap gives them in order.

    Parameters
    ----------
    letters, offsets, lookup, starts, high, force
        As in :func:`collect_codes`.
    counts : ndarray of int32, shape (largest code + 1,)
        Scratch, all zero, and left so.
    flags, words : ndarray of uint8 and of uint64
        Scratch: one memory seen in two ways, all zero, and left so; one bit a
        code, rounded up to whole words. Empty for a single k: every counter is
        read then, which is quicker for few codes.
    indices, values : ndarray of int32, shape (capacity,)
        Filled with code and count, row by row, codes ascending. At least 64
        longer than what is filled.
    row_nnz : ndarray of int64, shape (n,)
        Filled with the number of different codes of each row.

    Returns
    -------
    int
        How many entries were filled.
    """
    end = ZERO
    is_simple = len(starts) == 1 and force != ZERO
    for row in range(U64(len(row_nnz))):
        first, last = U64(offsets[row]), U64(offsets[row + ONE])
        if is_simple:
            _count_one_k(letters, first, last, lookup, high, counts, flags)
        else:
            _count_row(letters, first, last, lookup, starts, high, force, counts, flags)
        start = end
        end = _read_row(counts, words, indices, values, start)
        row_nnz[row] = np.int64(end - start)
    return end
