"""Libraries whose truth is known: planted motifs, pairs of them, families, noise, a floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.data.planting import (
    DEFAULT_MOTIFS,
    MotifPair,
    PlantedMotif,
    mutate,
    parse_motif,
    plant_copies,
    surviving_starts,
)
from seqexpr.errors import InputError
from seqexpr.sequences import BASES

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.dataset import Dataset

__all__ = [
    "DEFAULT_MOTIFS",
    "MotifPair",
    "PlantedMotif",
    "SimulatedLibrary",
    "SimulatedTruth",
    "parse_motif",
    "simulate_library",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_MUTATION_RATE = 0.05  # of the bases of a member of a family


@dataclass(frozen=True, eq=False)
class SimulatedTruth:
    """What a simulated library was made of.

    Attributes
    ----------
    motifs : tuple of PlantedMotif, length m
        The motifs with their effects.
    pairs : tuple of MotifPair
        The pairs with theirs.
    starts : ndarray of int64, shape (n, m)
        First base of each planted copy; -1 where a sequence has none.
    activity : ndarray of float64, shape (n,)
        Sum of the effects.
    expression : ndarray of float64, shape (n,)
        The activity, but no lower than the floor: what is measured without
        noise.
    noise : float
        Standard deviation of one replicate.
    """

    motifs: tuple[PlantedMotif, ...]
    pairs: tuple[MotifPair, ...]
    starts: Ints
    activity: Floats
    expression: Floats
    noise: float

    @property
    def planted(self) -> Mask:
        """Which sequence carries which motif, shape (n, m)."""
        return np.asarray(self.starts >= 0, dtype=bool)


@dataclass(frozen=True, eq=False)
class SimulatedLibrary:
    """A simulated library and its truth.

    Attributes
    ----------
    table : DataFrame
        id, sequence, expression (mean of the replicates), rep1, rep2, …, group
        where families were asked for, and true_expression.
    truth : SimulatedTruth
        What was planted where, and the values without noise.
    """

    table: pd.DataFrame
    truth: SimulatedTruth

    @property
    def ceiling_r2(self) -> float:
        """R² of the truth itself against the noisy expression: no model does better.

        NaN where the expression does not vary.
        """
        y = self.table["expression"].to_numpy()
        total = float(np.sum((y - y.mean()) ** 2))
        missed = float(np.sum((y - self.truth.expression) ** 2))
        return 1 - missed / total if total > 0 else float("nan")

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


def simulate_library(  # noqa: PLR0913  # one keyword for each property of a library
    n: int,
    *,
    rng: np.random.Generator,
    length: int | tuple[int, int] = 100,
    gc: float = 0.5,
    motifs: Sequence[PlantedMotif] = DEFAULT_MOTIFS,
    pairs: Sequence[MotifPair] = (),
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
    length : int or (int, int)
        Bases in each, or the lowest and highest number of them; no shorter
        than the longest motif. Default 100.
    gc : float
        GC content of the background, in [0, 1]. Default 0.5.
    motifs : sequence of PlantedMotif
        What is planted. A later motif may overwrite an earlier one; a copy
        that was overwritten or mutated counts as absent. Sites that arise by
        chance in the background have no effect.
    pairs : sequence of MotifPair
        Which of the motifs act together. Default none.
    noise : float
        Standard deviation of one replicate, at least 0. Default 0.5.
    replicates : int
        Number of replicates, at least 1; the expression is their mean. Default 3.
    family_size : int
        Sequences in a family: one parent and its point mutants (5% of the
        bases), named in the column group. Default 1, no families.
    floor : float, optional
        Detection floor: lower measurements read as this value.

    Returns
    -------
    SimulatedLibrary
        Table and truth.

    Raises
    ------
    InputError
        If a number is out of range, or a motif does not fit.

    Examples
    --------
    >>> library = simulate_library(4, rng=np.random.default_rng(0), length=20, noise=0.0)
    >>> bool(np.allclose(library.table["expression"], library.truth.expression))
    True
    >>> list(library.table.columns)
    ['id', 'sequence', 'expression', 'rep1', 'rep2', 'rep3', 'true_expression']
    """
    low, high = (length, length) if isinstance(length, int) else length
    _check(n, low, high, gc=gc, noise=noise, replicates=replicates, family_size=family_size)
    _check_motifs(motifs, pairs, low)
    family = np.arange(n) // family_size
    lengths = rng.integers(low, high + 1, size=family[-1] + 1)
    background = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    parents = rng.choice(4, size=(len(lengths), high), p=background).astype(np.uint8)
    copies = [plant_copies(parents, lengths, motif, rng=rng) for motif in motifs]
    codes, lengths = parents[family], lengths[family]
    if family_size > 1:
        mutate(codes, np.arange(n) % family_size > 0, rate=_MUTATION_RATE, rng=rng)
    starts = np.full((n, len(motifs)), -1, dtype=np.int64)
    for m, (where, sites) in enumerate(copies):
        starts[:, m] = surviving_starts(codes, where[family], sites[family])
    activity = _activity(starts, tuple(motifs), tuple(pairs))
    measured = activity[:, None] + noise * rng.standard_normal((n, replicates))
    expression = activity.copy()
    if floor is not None:
        measured, expression = np.maximum(measured, floor), np.maximum(expression, floor)
    truth = SimulatedTruth(tuple(motifs), tuple(pairs), starts, activity, expression, noise)
    letters = np.frombuffer(BASES.encode(), dtype=np.uint8)[codes]
    sequences = [
        row.tobytes()[:end].decode() for row, end in zip(letters, lengths.tolist(), strict=True)
    ]
    return SimulatedLibrary(
        _table(sequences, measured, truth=truth, family=family if family_size > 1 else None),
        truth,
    )


def _check(
    n: int, low: int, high: int, *, gc: float, noise: float, replicates: int, family_size: int
) -> None:
    counts = {"n": n, "length": low, "replicates": replicates, "family_size": family_size}
    for name, value in counts.items():
        if value < 1:
            raise InputError(f"{name} = {value}: must be at least 1")
    if low > high:
        raise InputError(f"length = ({low}, {high}): the lowest comes first")
    if not 0 <= gc <= 1:
        raise InputError(f"gc = {gc}: must be in [0, 1]")
    if not 0 <= noise < np.inf:
        raise InputError(f"noise = {noise}: must be at least 0")


def _check_motifs(motifs: Sequence[PlantedMotif], pairs: Sequence[MotifPair], length: int) -> None:
    for motif in motifs:
        if len(motif.site) + (motif.start or 0) > length:
            where = "" if motif.start is None else f" at {motif.start}"
            raise InputError(f"motif {motif.site}{where} does not fit into {length} bases")
    for pair in pairs:
        if pair.first == pair.second or not {pair.first, pair.second} <= set(range(len(motifs))):
            raise InputError(
                f"pair ({pair.first}, {pair.second}): expected two of the motifs 0 to "
                f"{len(motifs) - 1}"
            )


def _activity(
    starts: Ints, motifs: tuple[PlantedMotif, ...], pairs: tuple[MotifPair, ...]
) -> Floats:
    effects = np.array([motif.effect for motif in motifs], dtype=np.float64)
    activity = (starts >= 0).astype(np.float64) @ effects
    for pair in pairs:
        a, b = starts[:, pair.first], starts[:, pair.second]
        wide_a, wide_b = len(motifs[pair.first].site), len(motifs[pair.second].site)
        gap = np.where(a < b, b - a - wide_a, a - b - wide_b)
        near = (a >= 0) & (b >= 0)
        if pair.max_gap is not None:
            near &= gap <= pair.max_gap
        activity += pair.effect * near
    return np.asarray(activity, dtype=np.float64)


def _table(
    sequences: list[str], measured: Floats, *, truth: SimulatedTruth, family: Ints | None
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
    columns["true_expression"] = truth.expression
    return pd.DataFrame(columns)
