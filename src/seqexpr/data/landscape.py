"""Worlds whose truth is known for every sequence, not only for those of a library.

In a simulated library (:mod:`seqexpr.data.simulate`) a motif counts where it was planted.
Here it counts wherever it stands, so a sequence that somebody thinks up has a true
expression as well, and a design can be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.data.planting import MotifPair, PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.errors import InputError
from seqexpr.sequences import as_strings, encode

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXAMPLE_LANDSCAPE", "Landscape"]

Floats = npt.NDArray[np.float64]

_STEEPNESS, _HALF = 2.5, 0.75
"""A site with three quarters of a mismatch would be bound half of the time."""


@dataclass(frozen=True)
class Landscape:
    """The true expression of any sequence.

    Each motif is bound at its best site, a perfect one 87% of the time, one with
    a mismatch 35%, with two 4%. The activity is the sum of effect times binding,
    and of what pairs of neighbouring sites add. Further copies of a motif add
    nothing, the expression bends towards a ceiling, and a sequence too poor or
    too rich in G and C loses: all three happen in cells, and none of them shows
    in a library of random sequences with a site or two.

    Attributes
    ----------
    motifs : tuple of PlantedMotif
        Sites and effects; `share`, `start` and `spread` say where a library has them.
    pairs : tuple of MotifPair
        Which of the motifs act together, at most `max_gap` bases apart.
    ceiling : float
        Largest expression, above 0. Default 6.
    gc_range : (float, float)
        Share of G and C within which nothing is lost, in [0, 1]. Default (0.35, 0.65).
    gc_cost : float
        Loss for each tenth of G and C outside of it, at least 0. Default 1.

    References
    ----------
    Bintu et al. (2005), Transcriptional regulation by the numbers: models, Current Opinion
    in Genetics & Development 15:116-124 (binding, saturation, cooperation).

    Examples
    --------
    >>> world = Landscape((PlantedMotif("TGACTCA", 2.0),))
    >>> one, two = world.expression(["CCATGACTCAGT", "TGACTCATGACTCA"]).round(2).tolist()
    >>> one == two
    True
    """

    motifs: tuple[PlantedMotif, ...]
    pairs: tuple[MotifPair, ...] = ()
    ceiling: float = 6.0
    gc_range: tuple[float, float] = (0.35, 0.65)
    gc_cost: float = 1.0

    def __post_init__(self) -> None:
        low, high = self.gc_range
        if not 0 < self.ceiling < np.inf:
            raise InputError(f"ceiling = {self.ceiling}: must be above 0")
        if not (0 <= low <= high <= 1 and self.gc_cost >= 0):
            raise InputError("gc_range must be within [0, 1], gc_cost at least 0")

    def expression(self, sequences: object) -> Floats:
        """Return the true expression of sequences.

        Parameters
        ----------
        sequences : list, array or Series of str, length n
            DNA; a motif needs a sequence as long as itself.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        strings = as_strings(sequences)
        found = np.zeros(len(strings))
        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        for length in np.unique(lengths[lengths > 0]).tolist():
            rows = np.flatnonzero(lengths == length)
            codes = encode([strings[row] for row in rows]).codes.reshape(-1, length)
            found[rows] = self._of_codes(codes)
        return found

    def _of_codes(self, codes: npt.NDArray[np.uint8]) -> Floats:
        bound = [_binding(codes, motif) for motif in self.motifs]
        activity = np.zeros(len(codes))
        for motif, (share, _) in zip(self.motifs, bound, strict=True):
            activity += motif.effect * share
        for pair in self.pairs:
            (one, a), (other, b) = bound[pair.first], bound[pair.second]
            wide_a, wide_b = (len(self.motifs[i].site) for i in (pair.first, pair.second))
            gap = np.where(a < b, b - a - wide_a, a - b - wide_b)
            near = (gap >= 0) & (gap <= (np.inf if pair.max_gap is None else pair.max_gap))
            activity += pair.effect * one * other * near
        gc = ((codes == 1) | (codes == 2)).mean(axis=1)
        outside = np.maximum(np.maximum(self.gc_range[0] - gc, gc - self.gc_range[1]), 0)
        bent = self.ceiling * np.tanh(activity / self.ceiling)
        return np.asarray(bent - 10 * self.gc_cost * outside, dtype=np.float64)

    def measure(
        self, n: int, *, rng: np.random.Generator, length: int = 80, noise: float = 0.3
    ) -> pd.DataFrame:
        """Measure a library of random sequences with planted sites.

        Parameters
        ----------
        n : int
            Number of sequences, at least 1.
        rng : numpy.random.Generator
            Source of randomness.
        length : int
            Bases of each. Default 80.
        noise : float
            Standard deviation of a measurement, at least 0. Default 0.3.

        Returns
        -------
        DataFrame of n rows
            id, sequence, expression (measured), true_expression.
        """
        made = simulate_library(
            n, rng=rng, length=length, motifs=self.motifs, noise=0.0, replicates=1
        )
        table = made.table[["id", "sequence"]].copy()
        truth = self.expression(table["sequence"])
        table["expression"] = truth + noise * rng.standard_normal(n)
        table["true_expression"] = truth
        return table


def _binding(
    codes: npt.NDArray[np.uint8], motif: PlantedMotif
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return how often the best site is bound, and where it begins."""
    wanted = motif.probabilities > 0
    tables: Sequence[npt.NDArray[np.bool_]] = [wanted]
    if motif.strands == "both":
        tables = [wanted, wanted[::-1, ::-1]]
    n, length = codes.shape
    width = len(motif.site)
    if length < width:
        return np.zeros(n), np.zeros(n, dtype=np.int64)
    known: npt.NDArray[np.int64] = np.minimum(codes, 4).astype(np.int64)
    fewest = np.full((n, length - width + 1), width)
    for table in tables:
        padded = np.column_stack([table, np.zeros(width, dtype=bool)])  # an unknown base fits none
        missed = np.zeros(fewest.shape, dtype=np.int64)
        for place in range(width):
            stop = place + fewest.shape[1]
            missed += ~padded[place][known[:, place:stop]]
        fewest = np.minimum(fewest, missed)
    share = 1 / (1 + np.exp(_STEEPNESS * (fewest.min(axis=1) - _HALF)))
    return share, fewest.argmin(axis=1)


EXAMPLE_LANDSCAPE = Landscape(
    (
        PlantedMotif("TGACTCA", 1.5, share=0.2),
        PlantedMotif("GGGCGGAA", 1.2, share=0.2),
        PlantedMotif("TATAAAT", 1.0, share=0.2),
        PlantedMotif("CCATATTA", 0.8, share=0.2),
        PlantedMotif("ATTTGCAT", 0.8, share=0.2),
        PlantedMotif("GCCACGTG", -1.2, share=0.2),
        PlantedMotif("AACCGGTT", -0.8, share=0.2),
    ),
    pairs=(MotifPair(0, 1, 1.0, max_gap=15),),
)
"""Five activators, two repressors, and two of the activators that help each other."""
