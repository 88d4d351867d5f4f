"""The kernel of window composition: bases, CpGs and longest runs of each span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.features._kernels import njit_kept

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["count_spans"]


@njit_kept
def count_spans(
    codes: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int32],
) -> Any:
    """Count what each span of bases holds.

    Parameters
    ----------
    codes : ndarray of uint8, shape (bases,)
        Base codes 0..4 of all sequences, one after the other.
    starts, ends : ndarray of int64, shape (n_spans,)
        Each span is ``codes[start:end]``.
    counts : ndarray of int32, shape (n_spans, 11)
        Zeros; filled with the numbers of A, C, G, T and of CG, and the longest
        runs of A, C, G, T, of A or T, and of C or G.

    Returns
    -------
    int
        Number of spans.
    """
    for span in range(len(starts)):
        before, same, alike = 4, 0, 0
        for position in range(starts[span], ends[span]):
            base = int(codes[position])
            if base > 3:
                before, same, alike = 4, 0, 0
                continue
            counts[span, base] += 1
            if before == 1 and base == 2:
                counts[span, 4] += 1
            strong = base == 1 or base == 2
            was_strong = before == 1 or before == 2
            same = same + 1 if base == before else 1
            alike = alike + 1 if before < 4 and strong == was_strong else 1
            counts[span, 5 + base] = max(counts[span, 5 + base], same)
            kind = 10 if strong else 9
            counts[span, kind] = max(counts[span, kind], alike)
            before = base
    return len(starts)
