"""Libraries whose truth is known: planted motifs, replicates, noise, families, a floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.sequences import BASES

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.dataset import Dataset

__all__ = ["DEFAULT_MOTIFS", "PlantedMotif", "SimulatedLibrary", "parse_motif", "simulate_library"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PlantedMotif:
    """A site that is planted into some of the sequences.

    Attributes
    ----------
    site : str
        The bases, made of A, C, G and T.
    effect : float
        What one copy adds to the expression.
    share : float
        Share of the sequences that carry it, in [0, 1].
    start : int or None
        Where it is planted; None = anywhere.
    """

    site: str
    effect: float
    share: float = 0.5
    start: int | None = None

    def __post_init__(self) -> None:
        if not self.site or set(self.site) - set(BASES):
            raise InputError(f"motif {self.site!r}: a site is made of A, C, G and T")
        if not np.isfinite(self.effect):
            raise InputError(f"motif {self.site}: the effect must be a number")


DEFAULT_MOTIFS = (
    PlantedMotif("TGACTCA", 1.5),
    PlantedMotif("CACGTG", -1.0),
    PlantedMotif("TATAAT", 0.8),
)


def parse_motif(text: str) -> PlantedMotif:
    """Read a motif written as SITE=EFFECT.

    Examples
    --------
    >>> parse_motif("TGACTCA=1.5").effect
    1.5
    >>> parse_motif("TGACTCA")
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: motif 'TGACTCA': expected SITE=EFFECT, like TGACTCA=1.5
    """
    site, equals, effect = text.partition("=")
    try:
        if equals:
            return PlantedMotif(site.strip().upper(), float(effect))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
    raise InputError(f"motif {text!r}: expected SITE=EFFECT, like TGACTCA=1.5")


@dataclass(frozen=True, eq=False)
class SimulatedLibrary:
    """A simulated library and its truth.

    Attributes
    ----------
    table : DataFrame
        id, sequence, expression (mean of the replicates), rep1, rep2, …, and
        group where families were asked for.
    truth : ndarray of float64, shape (n,)
        Expression without noise.
    planted : ndarray of bool, shape (n, n_motifs)
        Which motif was planted where.
    motifs : tuple of PlantedMotif
        The motifs.
    """

    table: pd.DataFrame
    truth: Floats
    planted: npt.NDArray[np.bool_]
    motifs: tuple[PlantedMotif, ...]

    @property
    def ceiling_r2(self) -> float:
        """R² of the truth itself against the noisy expression."""
        y = self.table["expression"].to_numpy()
        return float(1 - np.sum((y - self.truth) ** 2) / np.sum((y - y.mean()) ** 2))

    def to_dataset(self) -> Dataset:
        """Return the library as a Dataset with one target."""
        from seqexpr.data.dataset import Dataset

        replicates = [c for c in self.table.columns if str(c).startswith("rep")]
        return Dataset(
            self.table["sequence"].to_numpy(dtype=object),
            self.table["expression"].to_numpy(),
            target_names=("expression",),
            ids=self.table["id"].to_numpy(dtype=object),
            replicates=self.table[replicates].to_numpy(),
            groups=self.table["group"].to_numpy(dtype=object) if "group" in self.table else None,
        )


def simulate_library(
    n: int,
    *,
    rng: np.random.Generator,
    length: int = 100,
    gc: float = 0.5,
    motifs: Sequence[PlantedMotif] = DEFAULT_MOTIFS,
    noise: float = 0.5,
    replicates: int = 3,
    family_size: int = 1,
    floor: float | None = None,
) -> SimulatedLibrary:
    """Make random sequences, plant motifs, add up their effects and measure with noise.

    Parameters
    ----------
    n : int
        Number of sequences, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    length : int
        Bases in each; no shorter than the longest motif. Default 100.
    gc : float
        GC content of the background, in [0, 1]. Default 0.5.
    motifs : sequence of PlantedMotif
        What is planted. A later motif may overwrite an earlier one; a motif
        that was overwritten counts as absent.
    noise : float
        Standard deviation of one replicate, at least 0. Default 0.5.
    replicates : int
        Number of replicates, at least 1; the expression is their mean. Default 3.
    family_size : int
        Sequences in a family: point mutants (5% of the bases) of one parent,
        named in the column group. Default 1, no families.
    floor : float, optional
        Detection floor: lower measurements read as this value.

    Returns
    -------
    SimulatedLibrary
        Table and truth. Only planted sites count, not those that arise by
        chance in the background.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> library = simulate_library(4, rng=np.random.default_rng(0), length=20, noise=0.0)
    >>> bool(np.allclose(library.table["expression"], library.truth))
    True
    """
    _check(n, length, replicates, noise, motifs)
    p = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    bases = np.frombuffer(BASES.encode(), dtype=np.uint8)
    n_families = -(-n // family_size)
    family = np.arange(n) // family_size
    codes = bases[rng.choice(4, size=(n_families, length), p=p)][family]
    if family_size > 1:
        mutated = rng.random(codes.shape) < 0.05
        codes = np.where(mutated, bases[rng.integers(4, size=codes.shape)], codes)
    planted = _plant(codes, motifs, rng)
    truth: Floats = planted.astype(np.float64) @ np.array(
        [motif.effect for motif in motifs], dtype=np.float64
    )
    measured = truth[:, None] + noise * rng.standard_normal((n, replicates))
    if floor is not None:
        measured = np.maximum(measured, floor)
    sequences = [row.tobytes().decode() for row in codes]
    table = _table(sequences, measured, family if family_size > 1 else None)
    return SimulatedLibrary(table, truth, planted, tuple(motifs))


def _check(
    n: int, length: int, replicates: int, noise: float, motifs: Sequence[PlantedMotif]
) -> None:
    for name, value in (("n", n), ("length", length), ("replicates", replicates)):
        if value < 1:
            raise InputError(f"{name} = {value}: must be at least 1")
    if noise < 0:
        raise InputError(f"noise = {noise}: must be at least 0")
    for motif in motifs:
        end = len(motif.site) + (motif.start or 0)
        if end > length:
            raise InputError(f"motif {motif.site} does not fit into {length} bases")


def _plant(
    codes: npt.NDArray[np.uint8], motifs: Sequence[PlantedMotif], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    n, length = codes.shape
    planted = np.zeros((n, len(motifs)), dtype=bool)
    starts = np.zeros((n, len(motifs)), dtype=np.int64)
    sites = [np.frombuffer(motif.site.encode(), dtype=np.uint8) for motif in motifs]
    for m, (motif, site) in enumerate(zip(motifs, sites, strict=True)):
        planted[:, m] = rng.random(n) < motif.share
        last = length - len(site) + 1
        starts[:, m] = rng.integers(last, size=n) if motif.start is None else motif.start
        rows = np.flatnonzero(planted[:, m])
        columns = starts[rows, m][:, None] + np.arange(len(site))
        codes[rows[:, None], columns] = site
    for m, site in enumerate(sites):  # overwritten by a later motif: not there
        columns = starts[:, m][:, None] + np.arange(len(site))
        planted[:, m] &= (codes[np.arange(n)[:, None], columns] == site).all(axis=1)
    return planted


def _table(
    sequences: list[str], measured: Floats, family: npt.NDArray[np.int64] | None
) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, object] = {
        "id": [f"seq{i}" for i in range(1, len(sequences) + 1)],
        "sequence": sequences,
        "expression": measured.mean(axis=1) if measured.shape[1] > 1 else measured[:, 0],
    }
    columns |= {f"rep{r + 1}": measured[:, r] for r in range(measured.shape[1])}
    if family is not None:
        columns["group"] = [f"family{f + 1}" for f in family]
    return pd.DataFrame(columns)
