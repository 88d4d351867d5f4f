"""How firmly the two strands hold together: nearest-neighbour energies of the duplex."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.features._spans import SpanFeatures, Spans
from seqexpr.sequences import BASES, UNKNOWN, EncodedSequences

__all__ = ["DuplexEnergy"]

T37 = 310.15  # kelvin
_NO_STEP = 16


class DuplexEnergy(SpanFeatures):
    """Energies of the DNA duplex, by nearest neighbours, in the whole and in windows.

    A scikit-learn transformer from n sequences to an (n, 6 + n_windows) array
    of float32. Each step from a base to the next has an enthalpy and an
    entropy; they are added up. Melting of the strands is what a polymerase has
    to do at a start of transcription, and what keeps nucleosomes and some
    proteins where they are. The columns are

    - ``dH`` (kcal/mol), ``dS`` (cal/mol/K), ``dG37`` (kcal/mol): of the whole
      duplex in 1 M NaCl, with initiation at both ends; ``dG37 = dH - 310.15 dS / 1000``;
    - ``step``: mean dG37 of its steps, in kcal/mol, about -2.2 to -0.6;
    - ``weakest``, ``strongest``: the largest and the smallest mean over the
      steps of any stretch of `width` bases (20 if it is None), wherever it lies;
    - ``step@0..20`` …: mean dG37 of the steps inside each window.

    A step with an unknown base is left out, and the mean of no steps is 0.

    Parameters
    ----------
    width : int or None, default 20
        Bases of a window, at least 2; None = the whole sequence only, and then
        a sequence and its reverse complement have the same features.
    anchor : {"left", "right"}, default "left"
        Which end windows are counted from.
    length : int, optional
        Number of bases cut into windows, from the anchored end, at least 1;
        None = that of the longest sequence given to ``fit``.

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
    Allawi & SantaLucia (1997), Thermodynamics and NMR of internal G·T
    mismatches in DNA, Biochemistry 36:10581-10594: the values, as they
    stand in Biopython's ``Bio.SeqUtils.MeltingTemp.DNA_NN3``.

    Examples
    --------
    >>> energy = DuplexEnergy(width=None).fit(["GGCC"])
    >>> row = energy.transform(["GGCC"])[0]
    >>> dict(zip(energy.get_feature_names_out()[:3], row[:3].astype(float).round(2).tolist()))
    {'dH': -25.6, 'dS': -69.8, 'dG37': -3.95}
    """

    @property
    def is_strand_symmetric(self) -> bool:  # type: ignore[override]  # depends on width
        """Whether a sequence and its reverse complement have the same features."""
        return self.width is None

    @property
    def _whole_names(self) -> tuple[str, ...]:
        return ("dH", "dS", "dG37", "step", "weakest", "strongest")

    @property
    def _window_names(self) -> tuple[str, ...]:
        return ("step",)

    def _describe(self, encoded: EncodedSequences, spans: Spans) -> npt.NDArray[Any]:
        sums = _cumulated_steps(encoded)
        # The steps of a span start at each of its bases but the last.
        lasts = np.maximum(spans.ends - 1, spans.starts)
        steps = sums[lasts] - sums[spans.starts]  # n, spans, (dH, dS, number)
        means = _mean_step(steps)
        whole = (steps[:, 0, :2] + _initiation(encoded)) / 10
        weakest, strongest = _extremes(encoded, sums, self.width or 20)
        short = ~np.isfinite(weakest)  # no stretch of that many bases
        return np.column_stack(
            [whole, whole[:, 0] - T37 * whole[:, 1] / 1000, means[:, 0],
             np.where(short, means[:, 0], weakest), np.where(short, means[:, 0], strongest),
             means[:, 1:]]
        )  # fmt: skip


@cache
def _tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return (dH, dS, 1) of each step, shape (17, 3), and (dH, dS) of each end, (5, 2).

    In tenths, which are whole numbers, so that sums are exact in any order.
    """
    from Bio.SeqUtils.MeltingTemp import DNA_NN3

    steps = np.zeros((_NO_STEP + 1, 3), dtype=np.int64)
    for pair, energies in DNA_NN3.items():
        top, _, bottom = pair.partition("/")
        if len(top) == len(bottom) == 2:
            for step in (top, bottom[::-1]):  # the same one, read on either strand
                number = 4 * BASES.index(step[0]) + BASES.index(step[1])
                steps[number] = [*(round(10 * energy) for energy in energies), 1]
    ends = np.zeros((UNKNOWN + 1, 2), dtype=np.int64)
    for code, base in enumerate(BASES):
        energies = DNA_NN3["init_A/T" if base in "AT" else "init_G/C"]
        ends[code] = [round(10 * energy) for energy in energies]
    return steps, ends


def _cumulated_steps(encoded: EncodedSequences) -> npt.NDArray[np.int64]:
    """Return the sums over the steps before each base, shape (bases + 1, 3)."""
    codes = np.append(encoded.codes, UNKNOWN).astype(np.int64)
    numbers = np.where((codes[:-1] < 4) & (codes[1:] < 4), 4 * codes[:-1] + codes[1:], _NO_STEP)
    sums = np.zeros((len(codes), 3), dtype=np.int64)
    np.cumsum(_tables()[0][numbers], axis=0, out=sums[1:])
    return sums


def _initiation(encoded: EncodedSequences) -> npt.NDArray[np.int64]:
    """Return what both ends of each sequence cost, shape (n, 2)."""
    first, last = encoded.offsets[:-1], encoded.offsets[1:] - 1
    codes = np.append(encoded.codes, UNKNOWN)
    ends = _tables()[1]
    cost = ends[codes[first]] + ends[codes[last]]
    return np.where((encoded.lengths > 0)[:, None], cost, 0)


def _mean_step(steps: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the mean dG37 of sums of steps, shape (..., 3) to (...)."""
    energy = (steps[..., 0] - T37 * steps[..., 1] / 1000) / 10
    return energy / np.maximum(steps[..., 2], 1)


def _extremes(
    encoded: EncodedSequences, sums: npt.NDArray[np.int64], width: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the largest and the smallest mean of a stretch of `width` bases, ∓inf if none."""
    n_starts = np.maximum(encoded.lengths - width + 1, 0)
    rows = np.repeat(np.arange(len(encoded)), n_starts)
    starts = np.arange(len(rows)) - np.repeat(np.cumsum(n_starts) - n_starts, n_starts)
    starts += encoded.offsets[rows]
    steps = sums[starts + width - 1] - sums[starts]
    means, known = _mean_step(steps), steps[:, 2] > 0
    largest = np.full(len(encoded), -np.inf)
    smallest = np.full(len(encoded), np.inf)
    np.maximum.at(largest, rows[known], means[known])
    np.minimum.at(smallest, rows[known], means[known])
    return largest, smallest
