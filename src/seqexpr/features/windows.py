"""What each stretch of a sequence is made of: shares of bases, CpG, skews, longest runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._spans import SpanFeatures, Spans
from seqexpr.sequences import EncodedSequences

__all__ = ["WindowComposition"]

NAMES = (
    "A", "C", "G", "T", "gc", "CpG", "gc_skew", "at_skew",
    "run_A", "run_C", "run_G", "run_T", "run_W", "run_S",
)  # fmt: skip


class WindowComposition(SpanFeatures):
    """Describe the composition of the whole sequence and of windows along it.

    A scikit-learn transformer from n sequences to an (n, 14 (1 + n_windows))
    array of float32. For the whole sequence and for each window the columns are

    - ``A``, ``C``, ``G``, ``T``: share of each base among the known ones, in ``[0, 1]``;
    - ``gc``: share of G and C, in ``[0, 1]``;
    - ``CpG``: number of CG a known base, in ``[0, 0.5]``;
    - ``gc_skew``, ``at_skew``: (G - C) / (G + C) and (A - T) / (A + T), in ``[-1, 1]``;
    - ``run_A`` … ``run_T``: longest run of the base, in bases;
    - ``run_W``, ``run_S``: longest run of A and T, and of C and G, in bases.

    Runs and CG are looked for inside the window. A share of nothing is 0, and
    an unknown base ends a run.

    Parameters
    ----------
    width : int or None, default 20
        Bases of a window, at least 2; None = the whole sequence only.
    anchor : {"left", "right"}, default "left"
        Which end windows are counted from: the one that lies at a fixed
        distance from the start of transcription, say.
    length : int, optional
        Number of bases cut into windows, from the anchored end, at least 1;
        None = that of the longest sequence given to ``fit``. The window
        furthest from the anchor may be shorter than the others.

    Attributes
    ----------
    length_ : int
        Number of bases cut into windows.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range.
    SequenceError
        From ``fit``: the length is to be learnt and every sequence is empty.
        From ``fit`` and ``transform``: an element is not a str.

    References
    ----------
    Lobry (1996), Asymmetric substitution patterns in the two DNA strands of
    bacteria, Molecular Biology and Evolution 13:660-665 (the skews).

    Examples
    --------
    >>> windows = WindowComposition(width=4).fit(["AAATGCGC"])
    >>> row = windows.transform(["AAATGCGC"])[0]
    >>> named = dict(zip(windows.get_feature_names_out(), row.tolist()))
    >>> named["gc"], named["A@0..4"], named["CpG@4..8"], named["run_W"], named["run_A@0..4"]
    (0.5, 0.75, 0.25, 4.0, 3.0)
    """

    @property
    def _whole_names(self) -> tuple[str, ...]:
        return NAMES

    @property
    def _window_names(self) -> tuple[str, ...]:
        return NAMES

    def _describe(self, encoded: EncodedSequences, spans: Spans) -> npt.NDArray[Any]:
        from seqexpr.features._windows import count_spans

        counts = np.zeros((spans.starts.size, 11), dtype=np.int32)
        count_spans(encoded.codes, spans.starts.ravel(), spans.ends.ravel(), counts)
        a, c, g, t = counts[:, :4].T.astype(np.float64)
        known = a + c + g + t
        columns = [_ratio(base, known) for base in (a, c, g, t, g + c, counts[:, 4])]
        columns += [_ratio(g - c, g + c), _ratio(a - t, a + t), *counts[:, 5:].T]
        return np.column_stack(columns).reshape(len(encoded), -1)


def _ratio(part: npt.NDArray[Any], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return part / whole, and 0 where whole is 0."""
    share: npt.NDArray[np.float64]
    share = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return share
