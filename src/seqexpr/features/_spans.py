"""Spans of bases (the whole sequence, and windows from one end), and what is asked of each."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError, SequenceError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.sequences import EncodedSequences, StringsLike, as_strings, encode

__all__ = ["SpanFeatures", "Spans"]

ANCHORS = ("left", "right")
BATCH = 10_000  # rows described at a time, which bounds the temporary arrays


class Spans(NamedTuple):
    """Where spans lie among the bases of all sequences, one after the other.

    Attributes
    ----------
    starts, ends : ndarray of int64, shape (n, 1 + n_windows)
        The whole sequence, then each window, left to right. What lies outside
        the sequence is cut off, so a span can be empty, never reversed.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class SpanFeatures(SequenceFeatures):
    """Numbers of the whole sequence and of windows counted from one of its ends.

    Subclasses write ``_describe(encoded, spans)`` and the names of what it
    gives: ``_whole_names`` and ``_window_names``.

    Parameters
    ----------
    width : int or None, default 20
        Bases of a window, at least 2; None = no windows.
    anchor : {"left", "right"}, default "left"
        Which end windows are counted from.
    length : int, optional
        Number of bases cut into windows, from the anchored end, at least 1;
        None = that of the longest sequence given to ``fit``. The last window,
        counted from the anchor, may be shorter than the others.
    """

    is_strand_symmetric = False
    """Whether a sequence and its reverse complement have the same features."""

    def __init__(
        self,
        width: int | None = 20,
        *,
        anchor: Literal["left", "right"] = "left",
        length: int | None = None,
    ) -> None:
        self.width = width
        self.anchor = anchor
        self.length = length

    @property
    @abstractmethod
    def _whole_names(self) -> tuple[str, ...]: ...

    @property
    @abstractmethod
    def _window_names(self) -> tuple[str, ...]: ...

    @abstractmethod
    def _describe(self, encoded: EncodedSequences, spans: Spans) -> npt.NDArray[Any]: ...

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Learn the length, if it is not given.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.
        """
        self._check_parameters()
        strings = as_strings(X)
        length = self.length or max(map(len, strings), default=0)
        if length < 1:
            raise SequenceError(
                f"{type(self).__name__}: every sequence given to fit is empty, so there is no "
                "length to learn; pass length="
            )
        self.length_ = int(length)
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float32]:
        """Describe each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float32, shape (n, n_columns)
            Finite, in the order of :meth:`get_feature_names_out`.
        """
        check_is_fitted(self)
        strings = as_strings(X)
        rows = np.empty((len(strings), len(self.get_feature_names_out())), dtype=np.float32)
        for start in range(0, len(strings), BATCH):
            encoded = encode(strings[start : start + BATCH])
            rows[start : start + BATCH] = self._describe(encoded, self._spans(encoded))
        return rows

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns, such as "gc" and "gc@20..40".

        Bases are counted from 0 at the left end, or back from 0 at the right
        end ("gc@-20..0").

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
        zero = 0 if self.anchor == "left" else self.length_
        bounds = self._bounds - zero
        names = list(self._whole_names)
        for start, end in bounds.tolist():
            names += [f"{name}@{start}..{end}" for name in self._window_names]
        return np.array(names, dtype=object)

    @property
    def _bounds(self) -> npt.NDArray[np.int64]:
        """Return start and end of each window, of `length_` bases, shape (n_windows, 2)."""
        if self.width is None:
            return np.empty((0, 2), dtype=np.int64)
        starts = np.arange(0, self.length_, self.width)
        bounds = np.column_stack([starts, np.minimum(starts + self.width, self.length_)])
        return bounds if self.anchor == "left" else self.length_ - bounds[::-1, ::-1]

    def _spans(self, encoded: EncodedSequences) -> Spans:
        first, last = encoded.offsets[:-1, None], encoded.offsets[1:, None]
        origin = first if self.anchor == "left" else last - self.length_
        bounds = self._bounds
        starts = np.clip(origin + bounds[:, 0], first, last)
        ends = np.clip(origin + bounds[:, 1], first, last)
        return Spans(np.hstack([first, starts]), np.hstack([last, ends]))

    def _check_parameters(self) -> None:
        name = type(self).__name__
        if self.width is not None and not (is_int(self.width) and self.width >= 2):
            raise InputError(f"{name}: width must be None or an int >= 2, got {self.width!r}")
        if self.anchor not in ANCHORS:
            hint = did_you_mean(str(self.anchor), ANCHORS)
            raise InputError(f"{name}: anchor must be 'left' or 'right', got {self.anchor!r}{hint}")
        if self.length is not None and not (is_int(self.length) and self.length >= 1):
            raise InputError(f"{name}: length must be None or an int >= 1, got {self.length!r}")
