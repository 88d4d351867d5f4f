"""Counts of k-mers as features."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import StatelessSequenceFeatures, is_int
from seqexpr.features._plan import KmerPlan
from seqexpr.features.occurrences import Occurrences, windows_of
from seqexpr.features.word_scores import LONGEST_WORD, WordScores
from seqexpr.sequences import BASES, StringsLike, as_strings, encode

__all__ = ["KmerCounter", "spelled_kmers"]

LONGEST = 31
LONGEST_EXACT = 12
DEFAULT_N_FEATURES = 2**20
MODES = ("count", "presence", "frequency")
STRANDS = ("single", "canonical")
DTYPES = ("float32", "float64", "int32", "int64")


class KmerCounter(StatelessSequenceFeatures):
    """Count the k-mers of DNA sequences.

    A scikit-learn transformer from n sequences to an (n, n_columns) matrix.
    Lower case is read as upper case and U as T; a window that holds N or any
    other character than A, C, G, T is not counted; a sequence shorter than k
    gives a row of zeros. Nothing is learnt from data, so it can be used
    without ``fit``.

    Parameters
    ----------
    k : int or (int, int), default 3
        Length of the k-mers in bases, in ``[1, 31]``, or the smallest and the
        largest length; the features of a range are those of each k, one block
        after the other, counted in one pass.
    mode : {"count", "presence", "frequency"}, default "count"
        What a value is: the number of windows; 1 if there are any; the number
        divided by the number of counted windows of that k in that sequence.
    strands : {"single", "canonical"}, default "single"
        With "canonical", a k-mer and its reverse complement are one feature,
        named by the lexicographically smaller of the two.
    n_features : int, optional
        If given, in ``[1, 2**31 - 1]``, k-mers are hashed to so many columns;
        those that meet in a column are added up. By default there is one
        column for each k-mer up to k = 12, and 2**20 hashed ones above.
    dtype : {"float32", "float64", "int32", "int64"} or dtype, default "float32"
        Type of the values; a float type for ``mode="frequency"``.
    dense : bool, default False
        Return an ndarray in place of a sparse matrix.
    n_jobs : int, optional
        Number of threads; None = 1 (or what a surrounding
        ``joblib.parallel_config`` says), -1 = all cores.

    Notes
    -----
    The hash of a k-mer is the finalizer of SplitMix64 of ``4**k`` plus the
    number of the k-mer in base four (A = 0, C = 1, G = 2, T = 3); the column is
    the upper 32 bits times `n_features`, shifted right by 32. It does not
    change between versions, machines or runs.

    The first call on an install compiles the kernel, in about two seconds.

    Raises
    ------
    InputError
        From ``fit`` and ``transform``: a parameter is out of range.
    SequenceError
        From ``fit`` and ``transform``: an element is not a str.

    Examples
    --------
    >>> counter = KmerCounter(k=2, dense=True)
    >>> counts = counter.fit_transform(["ACACN", "acgu", "A"])
    >>> names = counter.get_feature_names_out()
    >>> {name: row for name, row in zip(names, counts.T.tolist()) if sum(row)}
    {'AC': [2.0, 1.0, 0.0], 'CA': [1.0, 0.0, 0.0], 'CG': [0.0, 1.0, 0.0], 'GT': [0.0, 1.0, 0.0]}
    >>> KmerCounter(k=(1, 2), strands="canonical").get_feature_names_out().tolist()
    ['A', 'C', 'AA', 'AC', 'AG', 'AT', 'CA', 'CC', 'CG', 'GA', 'GC', 'TA']
    """

    def __init__(
        self,
        k: int | tuple[int, int] = 3,
        *,
        mode: Literal["count", "presence", "frequency"] = "count",
        strands: Literal["single", "canonical"] = "single",
        n_features: int | None = None,
        dtype: npt.DTypeLike = "float32",
        dense: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.k = k
        self.mode = mode
        self.strands = strands
        self.n_features = n_features
        self.dtype = dtype
        self.dense = dense
        self.n_jobs = n_jobs

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

        Returns
        -------
        KmerCounter
            This object.
        """
        _checked_plan(self)
        as_strings(X)
        return self

    def transform(self, X: StringsLike) -> Any:
        """Count the k-mers of each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        csr_matrix or ndarray, shape (n, n_columns)
            The features, in the order of :meth:`get_feature_names_out`. The
            sparse matrix has sorted indices and no explicit zeros.
        """
        plan = _checked_plan(self)
        strings = as_strings(X)
        from joblib import effective_n_jobs

        # numba is imported with the first sequences, not with the first model.
        from seqexpr.features._counting import count_kmers

        matrix = count_kmers(
            strings, plan, mode=self.mode, dtype=np.dtype(self.dtype),
            n_jobs=effective_n_jobs(self.n_jobs),
        )  # fmt: skip
        return matrix.toarray() if self.dense else matrix

    def locate(self, X: StringsLike) -> Occurrences:
        """Return where the k-mers of each sequence stand.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        Occurrences
            One place a window and k, window by window for each k.
        """
        from seqexpr.features._counting import columns_of_kmers

        plan = _checked_plan(self)
        encoded = encode(X)
        parts = []
        for k in plan.ks:
            rows, starts, numbers = windows_of(encoded, k)
            values = np.ones(len(rows))
            if self.mode == "frequency":
                values /= np.bincount(rows, minlength=1)[rows]
            columns = columns_of_kmers(plan, numbers, k)
            masks = np.full(len(rows), 2**k - 1, dtype=np.uint32)
            parts.append((rows, columns, values, starts, masks))
        rows, columns, values, starts, masks = map(np.concatenate, zip(*parts, strict=True))
        if self.mode == "presence":  # what is there more than once is shared between the places
            keys = rows * plan.n_columns + columns
            _, which, times = np.unique(keys, return_inverse=True, return_counts=True)
            values /= times[which]
        shape = (len(encoded), plan.n_columns)
        return Occurrences(rows, columns, values, starts, masks, shape)

    def word_scores(self, weights: npt.NDArray[np.float64]) -> tuple[WordScores, ...] | None:
        """Return what each k-mer adds to a weighted sum of the features.

        Parameters
        ----------
        weights : ndarray of float64, shape (n_columns,)
            One a feature.

        Returns
        -------
        tuple of WordScores, or None
            One a k; None for k-mers too long for a table, and where hashed
            k-mers of several k count once.
        """
        from seqexpr.features._counting import columns_of_kmers

        plan = _checked_plan(self)
        once = self.mode == "presence"
        if plan.high > LONGEST_WORD or (once and plan.n_features and len(plan.ks) > 1):
            return None
        tables = []
        for k in plan.ks:
            columns = columns_of_kmers(plan, np.arange(4**k), k)
            scores, same = weights[columns][None], columns if once else None
            tables.append(WordScores(k, scores, same=same, is_mean=self.mode == "frequency"))
        return tuple(tables)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "ACG", or "hash_7" where k-mers are hashed.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (n_columns,)
            Names, each once.
        """
        plan = _checked_plan(self)
        if plan.n_features:
            return np.array([f"hash_{i}" for i in range(plan.n_features)], dtype=object)
        names: npt.NDArray[np.object_] = np.concatenate(
            [spelled_kmers(plan.numbers_of(k), k) for k in plan.ks]
        )
        return names


def spelled_kmers(numbers: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.object_]:
    """Return the k-mers with these numbers as str, shape (len(numbers),)."""
    digits = numbers[:, None] >> np.arange(2 * (k - 1), -1, -2) & 3
    letters = np.frombuffer(BASES.encode(), dtype=np.uint8)[digits]
    words: npt.NDArray[np.object_] = letters.view(f"S{k}").ravel().astype(f"U{k}").astype(object)
    return words


def _checked_plan(counter: KmerCounter) -> KmerPlan:
    """Check the parameters of `counter` and return what they mean."""
    low, high = _checked_k(counter.k)
    for name, choice, choices in (
        ("mode", counter.mode, MODES),
        ("strands", counter.strands, STRANDS),
    ):
        if choice not in choices:
            known = ", ".join(map(repr, choices))
            hint = did_you_mean(str(choice), choices)
            raise InputError(f"KmerCounter: {name} must be one of {known}, got {choice!r}{hint}")
    n_features = counter.n_features
    if n_features is not None and not (is_int(n_features) and 1 <= n_features < 2**31):
        message = f"KmerCounter: n_features must be an int in [1, 2**31 - 1], got {n_features!r}"
        raise InputError(message)
    if n_features is None and high > LONGEST_EXACT:
        n_features = DEFAULT_N_FEATURES
    _check_dtype(counter.dtype, counter.mode)
    if counter.n_jobs is not None and not (is_int(counter.n_jobs) and counter.n_jobs != 0):
        message = f"KmerCounter: n_jobs must be None, -1 or a positive int, got {counter.n_jobs!r}"
        raise InputError(message)
    return KmerPlan(low, high, counter.strands == "canonical", int(n_features or 0))


def _checked_k(k: object) -> tuple[int, int]:
    low: Any
    high: Any
    low, high = k if isinstance(k, tuple | list) and len(k) == 2 else (k, k)
    if not (is_int(low) and is_int(high) and 1 <= low <= high <= LONGEST):
        message = (
            f"KmerCounter: k must be an int in [1, {LONGEST}] or a pair (low, high) of such, "
            f"low <= high, got {k!r}"
        )
        raise InputError(message)
    return int(low), int(high)


def _check_dtype(dtype: npt.DTypeLike, mode: str) -> None:
    allowed = DTYPES[:2] if mode == "frequency" else DTYPES
    try:
        name = np.dtype(dtype).name if dtype is not None else "None"
    except TypeError:
        name = str(dtype)
    if name not in allowed:
        known = ", ".join(map(repr, allowed))
        message = f"KmerCounter: dtype for mode={mode!r} must be one of {known}, got {name!r}"
        raise InputError(message)
