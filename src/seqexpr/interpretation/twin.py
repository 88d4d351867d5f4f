"""A twin: the same kind of model on a simulated library like the user's, whose motifs are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from seqexpr.data.motifs import Motif
from seqexpr.data.planting import PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.models.neural import NeuralRegressor
from seqexpr.sequences import BASES

__all__ = ["TwinLibrary", "count_recovered", "is_motif_of", "simulate_twin", "untrained_twin"]

Floats = npt.NDArray[np.float64]

N_MOTIFS = 5
SITE_LENGTH = 8
SHARE = 0.25
"""Share of the sequences that carry each motif."""
LOWEST_R2, HIGHEST_R2 = 0.1, 0.95
AGREES = 0.7
"""Mean frequency of a planted site's bases in a found motif that counts as the same."""


@dataclass(frozen=True, eq=False)
class TwinLibrary:
    """A simulated library.

    Attributes
    ----------
    sequences : list of str, length n
        Of the lengths of the library that it is a twin of.
    y : ndarray of float64, shape (n,)
        Planted effects and noise.
    sites : tuple of str
        What was planted.
    """

    sequences: list[str]
    y: Floats
    sites: tuple[str, ...]


def simulate_twin(
    sequences: Sequence[str], *, n: int, r2: float, fixed: bool, rng: np.random.Generator
) -> TwinLibrary:
    """Simulate a library of n sequences like the given ones, with five motifs in it.

    Parameters
    ----------
    sequences : sequence of str
        Whose lengths and GC content it has.
    n : int
        Number of sequences.
    r2 : float
        Share of the variance that the motifs explain, as far as it lies in [0.1,
        0.95]: what the user's model explains.
    fixed : bool
        Whether each motif stands at one place, for models that read positions only.
    rng : numpy.random.Generator
        Source of randomness.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> twin = simulate_twin(["ACGT" * 15], n=9, r2=0.5, fixed=False, rng=rng)
    >>> len(twin.sites), {len(sequence) for sequence in twin.sequences}
    (5, {60})
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    low, high = (int(length) for length in np.quantile(lengths, [0.05, 0.95]))
    letters = "".join(sequences[:1000]).upper()
    known = sum(letters.count(base) for base in BASES)
    gc = (letters.count("G") + letters.count("C")) / max(known, 1)
    width = min(SITE_LENGTH, max(4, low // (N_MOTIFS + 1)))
    effects = np.array([1.0, -1.0, 0.9, -0.9, 0.8])
    sites = _draw_sites(width, rng=rng)
    starts = np.linspace(0, max(low - width, 0), N_MOTIFS).round().astype(int).tolist()
    motifs = [
        PlantedMotif(site, float(effect), share=SHARE, start=start if fixed else None)
        for site, effect, start in zip(sites, effects, starts, strict=True)
    ]
    signal = float((effects**2).sum()) * SHARE * (1 - SHARE)
    r2 = float(np.clip(r2, LOWEST_R2, HIGHEST_R2))
    library = simulate_library(
        n, rng=rng, length=(max(low, width), max(high, width)), gc=min(max(gc, 0.2), 0.8),
        motifs=motifs, noise=float(np.sqrt(signal * (1 - r2) / r2)), replicates=1,
    )  # fmt: skip
    table = library.table
    return TwinLibrary(table["sequence"].tolist(), table["expression"].to_numpy(), tuple(sites))


def _draw_sites(width: int, *, rng: np.random.Generator) -> list[str]:
    """Draw sites of which no two are alike, on either strand, and none is a simple repeat."""
    sites: list[str] = []
    while len(sites) < N_MOTIFS:
        site = "".join(rng.choice(list(BASES), size=width))
        motif = Motif.from_consensus(site)
        alike = any(is_motif_of(motif, other) for other in sites)
        if len(set(site)) >= 3 and not alike:
            sites.append(site)
    return sites


def untrained_twin(model: Any, *, target: int = 0) -> Any:
    """Return a pipeline as the user's, untrained, for one target, its networks single ones.

    Members differ in their seeds only, so one network is enough to see what the
    architecture can show; more of them would show no less.

    Parameters
    ----------
    model : Pipeline
        Fitted or not.
    target : int
        Which target's weights a blend keeps. Default 0.
    """
    twin = clone(model)
    for network in _networks_in(twin):
        network.set_params(n_members=1)
    weights = getattr(twin[-1], "weights", None)
    if weights is not None and len(np.atleast_2d(np.asarray(weights))) > 1:
        twin[-1].set_params(weights=np.atleast_2d(np.asarray(weights))[target].tolist())
    return twin


def _networks_in(model: Any) -> Iterator[NeuralRegressor]:
    """Yield the networks of a pipeline or of a blend of them."""
    if isinstance(model, NeuralRegressor):
        yield model
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else []
    for part in (*steps, *(getattr(model, "members", None) or ())):
        yield from _networks_in(part)


def is_motif_of(motif: Motif, site: str) -> bool:
    """Whether a found motif is that of a planted site, on either strand.

    True if in some alignment, over three quarters of the shorter of the two and no
    fewer than four bases, the site's bases have a mean frequency of 0.7 in the
    motif.

    Examples
    --------
    >>> is_motif_of(Motif.from_consensus("GACTCAT"), "TGACTCA")
    True
    >>> is_motif_of(Motif.from_consensus("CACGTG"), "TGACTCA")
    False
    """
    codes = np.array([BASES.find(letter) for letter in site])
    table = np.asarray(motif.frequencies)
    least = max(4, int(np.ceil(0.75 * min(len(site), len(motif)))))
    for turned in (table, table[::-1, ::-1]):
        for shift in range(least - len(site), len(motif) - least + 1):
            first, last = max(0, shift), min(len(motif), shift + len(site))
            own = codes[first - shift : last - shift]
            shares = turned[own, np.arange(first, last)]
            if len(shares) >= least and float(shares.mean()) >= AGREES:
                return True
    return False


def count_recovered(motifs: Sequence[Motif], sites: Sequence[str]) -> int:
    """Count the planted sites that some found motif is that of."""
    return sum(any(is_motif_of(motif, site) for motif in motifs) for site in sites)
