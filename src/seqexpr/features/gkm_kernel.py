"""The gapped k-mer kernel: how alike two sequences are by the words that they share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import SequenceKernel, is_int
from seqexpr.features.gapped import LONGEST, MOST_COLUMNS, GappedKmers
from seqexpr.sequences import CODES, StringsLike, as_strings, join_ascii, reverse_complement

__all__ = ["GkmKernel"]

STRANDS = ("single", "both")
METHODS = ("auto", "words", "pairs")
BATCH = 256
"""Rows at a time, which bounds the counts in memory."""
MOST_ENTRIES = 2**24
"""Counts of the other sequences that are kept at a time."""
MOST_PATTERNS = 70
"""Up to so many choices of k places in a window, counting words is the quicker way."""

Floats = npt.NDArray[np.float64]


class GkmKernel(SequenceKernel):
    """The gapped k-mer kernel of ls-gkm, exact and normalised to 1 for equal sequences.

    Two windows of l bases with m mismatches have C(l - m, k) choices of k
    places in common. The kernel adds these up over all pairs of windows of two
    sequences, for m up to d, and divides by the square root of the products of
    each sequence with itself. Lower case is read as upper case and U as T; a
    window that holds any other character is not counted, and a sequence without
    windows has kernel 0 with every other, and with itself.

    Parameters
    ----------
    l : int, default 8
        Length of the window in bases, in ``[1, 31]``.
    k : int, default 6
        Bases that a word fixes, in ``[1, l]``.
    d : int, optional
        Most mismatches that count, in ``[0, l - k]``. By default l - k, with
        which the kernel is the dot product of the gapped k-mer counts; with
        less it can have slightly negative eigenvalues.
    strands : {"single", "both"}, default "single"
        With "both", the words of the other strand of one of the two sequences
        count as well, and the kernel does not depend on which strand is given.
    gamma : float, optional
        If given, ``exp(gamma * (K - 1))`` in place of the kernel K: gkmrbf of
        ls-gkm, which lets words act together. Positive.
    method : {"auto", "words", "pairs"}, default "auto"
        Whether to count the words and multiply the counts that two sequences
        have in common, or to compare all pairs of windows. Both give the same;
        "auto" takes the quicker one.
    n_jobs : int, default 1
        Threads. The result does not depend on it.

    Raises
    ------
    InputError
        When called: a parameter is out of range.
    SequenceError
        When called: an element is not a str.

    Notes
    -----
    For two sequences of w windows, pairs cost w² steps of about 2 ns. What words
    cost grows with C(l, k), the number of words in a window, and with
    C(l, k) / 4**k, the share of them that two windows have in common by chance.
    Measured for l of 4 to 11 on 150 sequences of 150 bases and 500 of 40, they
    take .1 to .4 of the time of pairs for up to 35 words in a window (l = 8,
    k = 6: .3), .5 to 1 for 70 (l = 8, k = 4), and 2 to 10 for 120 and more.

    References
    ----------
    Ghandi et al., PLOS Computational Biology 10 (2014) e1003711, equations 1 to
    3. Lee, Bioinformatics 32 (2016) 2196-2198 (ls-gkm; d; the RBF kernel on it).

    Examples
    --------
    >>> kernel = GkmKernel(l=3, k=2)
    >>> kernel(["ACGT"], ["ACGT", "ACGA", "TTTT"]).round(3).tolist()
    [[1.0, 0.667, 0.0]]
    >>> GkmKernel(l=3, k=2, strands="both")(["AACG"], ["CGTT"]).tolist()
    [[1.0]]
    """

    def __init__(
        self,
        l: int = 8,  # noqa: E741 - ls-gkm's name
        k: int = 6,
        *,
        d: int | None = None,
        strands: Literal["single", "both"] = "single",
        gamma: float | None = None,
        method: Literal["auto", "words", "pairs"] = "auto",
        n_jobs: int = 1,
    ) -> None:
        self.l = l
        self.k = k
        self.d = d
        self.strands = strands
        self.gamma = gamma
        self.method = method
        self.n_jobs = n_jobs

    @property
    def is_strand_symmetric(self) -> bool:
        """Whether a sequence and its reverse complement are one to the kernel."""
        return self.strands == "both"

    def __call__(self, X: StringsLike, Y: StringsLike | None = None) -> Floats:
        """Return how alike each sequence of X is to each of Y.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        Y : list, array or Series of str, length m, optional
            Others; by default those of X.

        Returns
        -------
        ndarray of float64, shape (n, m)
            In ``[0, 1]``.
        """
        self._check_parameters()
        rows = as_strings(X)
        columns = rows if Y is None else as_strings(Y)
        out = np.zeros((len(rows), len(columns)))
        size = self._columns_at_a_time(columns)
        for start in range(0, len(columns), size):
            others = _Others(self, columns[start : start + size])
            others.fill_all(rows, out[:, start : start + size])
        return out

    def uses_words(self) -> bool:
        """Whether words are counted, or else pairs of windows compared.

        Examples
        --------
        >>> GkmKernel(l=8, k=6).uses_words(), GkmKernel(l=11, k=7, d=3).uses_words()
        (True, False)
        """
        if self.method != "auto":
            return self.method == "words"
        patterns = comb(self.l, self.k)
        is_whole = self.d is None or self.d == self.l - self.k
        fits = patterns * 4**self.k <= MOST_COLUMNS
        return is_whole and fits and patterns <= MOST_PATTERNS

    def worth(self) -> npt.NDArray[np.int64]:
        """Return what two windows with 0, 1, … l mismatches are worth, shape (l + 1,).

        Examples
        --------
        >>> GkmKernel(l=3, k=2).worth().tolist()
        [3, 1, 0, 0]
        """
        most = self.l - self.k if self.d is None else self.d
        return np.array(
            [comb(self.l - m, self.k) if m <= most else 0 for m in range(self.l + 1)],
            dtype=np.int64,
        )

    def windows(self, strings: list[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Return the windows of all sequences as numbers in base four, and where each row ends."""
        from seqexpr.features._kernels import collect_codes

        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        codes = np.empty(int(offsets[-1]) + 1, dtype=np.uint64)
        ends = np.zeros(len(strings) + 1, dtype=np.int64)
        n = collect_codes(
            join_ascii(strings), offsets, CODES, np.zeros(1, dtype=np.uint64), int(self.l),
            np.uint64(2**64 - 1), codes, ends[1:],
        )  # fmt: skip
        return codes[:n], ends

    def seen(self, strings: list[str]) -> list[str]:
        """Return what one of two sequences is compared by: itself, or both of its strands."""
        if self.strands == "single":
            return strings
        return [f"{text}N{reverse_complement(text)}" for text in strings]

    def _columns_at_a_time(self, columns: list[str]) -> int:
        if not self.uses_words():
            return max(1, len(columns))
        bases = sum(map(len, columns)) * (2 if self.strands == "both" else 1)
        entries = max(1, bases) * comb(self.l, self.k)
        return max(1, int(len(columns) * min(1.0, MOST_ENTRIES / entries)))

    def _check_parameters(self) -> None:
        whole = is_int(self.l) and is_int(self.k)
        if not (whole and 1 <= self.k <= self.l <= LONGEST):
            raise InputError(
                f"GkmKernel: l must be an int in [1, {LONGEST}] and k one in [1, l], got "
                f"l={self.l!r}, k={self.k!r}"
            )
        if self.d is not None and not (is_int(self.d) and 0 <= self.d <= self.l - self.k):
            raise InputError(
                f"GkmKernel: d must be None or an int in [0, l - k] = [0, {self.l - self.k}], got "
                f"{self.d!r}"
            )
        for name, value, known in (
            ("strands", self.strands, STRANDS),
            ("method", self.method, METHODS),
        ):
            if value not in known:
                choices = ", ".join(map(repr, known))
                hint = did_you_mean(str(value), known)
                raise InputError(f"GkmKernel: {name} must be one of {choices}, got {value!r}{hint}")
        if self.gamma is not None and not self.gamma > 0:
            raise InputError(f"GkmKernel: gamma must be None or positive, got {self.gamma!r}")
        if self.method == "words" and self.d not in (None, self.l - self.k):
            raise InputError(
                f"GkmKernel: method 'words' counts up to l - k = {self.l - self.k} mismatches; "
                f"for d={self.d!r} take method 'pairs'"
            )


class _Others:
    """The sequences of the columns, prepared so that rows can be compared with them."""

    def __init__(self, kernel: GkmKernel, strings: list[str]) -> None:
        self.kernel = kernel
        self.own = self._own(strings)
        strands = kernel.seen(strings)
        if kernel.uses_words():
            self.counter = GappedKmers(kernel.l, kernel.k)
            self.by_word = self.counter.transform(strands).tocsc()
        else:
            self.codes, self.ends = kernel.windows(strands)

    def fill_all(self, strings: list[str], out: Floats) -> None:
        """Write the kernel of all rows with all columns into `out`."""

        def one(start: int) -> None:  # each thread writes rows of its own
            self.fill(strings[start : start + BATCH], out[start : start + BATCH])

        with ThreadPoolExecutor(max_workers=max(1, int(self.kernel.n_jobs))) as threads:
            list(threads.map(one, range(0, len(strings), BATCH)))

    def fill(self, strings: list[str], out: Floats) -> None:
        """Write the kernel of these rows with all columns into `out`."""
        from seqexpr.features._gkm_kernel import add_common_words, add_window_pairs

        if self.kernel.uses_words():
            counts, by_word = self.counter.transform(strings), self.by_word
            add_common_words(
                counts.indptr, counts.indices, counts.data, by_word.indptr, by_word.indices,
                by_word.data, out,
            )  # fmt: skip
        else:
            codes, ends = self.kernel.windows(strings)
            found = np.empty(out.shape)
            add_window_pairs(codes, ends, self.codes, self.ends, self.kernel.worth(), found)
            out[:] = found
        scale = np.sqrt(np.outer(self._own(strings), self.own))
        np.divide(out, scale, out=out, where=scale > 0)
        if self.kernel.gamma is not None:
            out[:] = np.exp(self.kernel.gamma * (out - 1))

    def _own(self, strings: list[str]) -> Floats:
        """Return the kernel of each sequence with itself, before it is normalised."""
        from seqexpr.features._gkm_kernel import add_window_pairs

        codes, ends = self.kernel.windows(strings)
        other_codes, other_ends = self.kernel.windows(self.kernel.seen(strings))
        out = np.empty((len(strings), 1))
        add_window_pairs(codes, ends, other_codes, other_ends, self.kernel.worth(), out)
        return out[:, 0]
