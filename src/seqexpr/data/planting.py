"""Motifs for simulated libraries: what they are, and how copies get into sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.sequences import BASES, IUPAC

__all__ = [
    "DEFAULT_MOTIFS",
    "MotifPair",
    "PlantedMotif",
    "mutate",
    "parse_motif",
    "plant_copies",
    "surviving_starts",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]

_MEANINGS = dict(
    zip(
        IUPAC,
        ("A", "C", "G", "T", "AG", "CT", "CG", "AT", "GT", "AC", "CGT", "AGT", "ACT", "ACG", BASES),
        strict=True,
    )
)


@dataclass(frozen=True)
class PlantedMotif:
    """A site that is planted into some of the sequences.

    Attributes
    ----------
    site : str
        The consensus, in IUPAC letters; each copy draws its bases from them.
    effect : float
        What one copy adds to the expression.
    share : float
        Share of the sequences that carry it, in [0, 1]. Default 0.5.
    start : int or None
        Where it is planted, from 0; None = anywhere. Default None.
    spread : float
        Standard deviation of that position in bases, at least 0. Default 0.
    strands : {"forward", "both"}
        With "both", half of the copies are planted as reverse complements.
        Default "forward".
    pwm : tuple of tuple of float, shape (len(site), 4), or None
        Probabilities of A, C, G, T at each position, to draw copies from
        instead of the consensus. Default None.

    Raises
    ------
    InputError
        If one of them is out of range.

    Examples
    --------
    >>> PlantedMotif("TATAWT", 0.8).probabilities[4].tolist()
    [0.5, 0.0, 0.0, 0.5]
    >>> PlantedMotif.from_pwm([[0.9, 0.1, 0, 0], [0, 0, 0.2, 0.8]], effect=1.0).site
    'AT'
    """

    site: str
    effect: float
    share: float = 0.5
    start: int | None = None
    spread: float = 0.0
    strands: Literal["forward", "both"] = "forward"
    pwm: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        name = f"motif {self.site!r}"
        if not self.site or set(self.site) - set(IUPAC):
            raise InputError(f"{name}: a site is made of A, C, G, T or other IUPAC letters")
        if not np.isfinite(self.effect):
            raise InputError(f"{name}: effect = {self.effect}: must be a finite number")
        if not 0 <= self.share <= 1:
            raise InputError(f"{name}: share = {self.share}: must be in [0, 1]")
        if self.start is not None and self.start < 0:
            raise InputError(f"{name}: start = {self.start}: must be at least 0")
        if not 0 <= self.spread < np.inf:
            raise InputError(f"{name}: spread = {self.spread}: must be at least 0")
        if self.strands not in ("forward", "both"):
            raise InputError(f"{name}: strands = {self.strands!r}: must be 'forward' or 'both'")
        table = self.probabilities
        if table.shape != (len(self.site), 4) or (table < 0).any():
            raise InputError(f"{name}: the PWM must have 4 probabilities for each of its bases")
        if not np.allclose(table.sum(axis=1), 1):
            raise InputError(f"{name}: each row of the PWM must add up to 1")

    @property
    def probabilities(self) -> Floats:
        """Probability of A, C, G, T at each position, shape (len(site), 4)."""
        if self.pwm is not None:
            return np.asarray(self.pwm, dtype=np.float64)
        rows = [[float(base in _MEANINGS[letter]) for base in BASES] for letter in self.site]
        table = np.array(rows)
        return np.asarray(table / table.sum(axis=1, keepdims=True))

    @classmethod
    def from_pwm(cls, pwm: npt.ArrayLike, *, effect: float, **others: Any) -> PlantedMotif:
        """Return a motif whose copies are drawn from a position weight matrix.

        Parameters
        ----------
        pwm : array-like, shape (length, 4)
            Probabilities of A, C, G, T.
        effect : float
            What one copy adds to the expression.
        **others
            Further attributes: share, start, spread, strands.
        """
        table = np.asarray(pwm, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != 4 or len(table) == 0:
            raise InputError(f"a PWM has shape (length, 4), found {table.shape}")
        site = "".join(BASES[best] for best in table.argmax(axis=1))
        rows = tuple(tuple(row) for row in table.tolist())
        return cls(site, effect, pwm=rows, **others)


@dataclass(frozen=True)
class MotifPair:
    """Two motifs that add something when they are near each other.

    Attributes
    ----------
    first, second : int
        Positions in the list of motifs, from 0.
    effect : float
        What the pair adds beside the effects of its two motifs; negative for
        motifs that disturb each other.
    max_gap : int or None
        Largest number of bases between the two; None = anywhere. Default None.
    """

    first: int
    second: int
    effect: float
    max_gap: int | None = None


DEFAULT_MOTIFS = (
    PlantedMotif("TGACTCA", 1.5),
    PlantedMotif("CACGTG", -1.0),
    PlantedMotif("TATAAT", 0.8),
)


def parse_motif(text: str) -> PlantedMotif:
    """Read a motif written as SITE=EFFECT or SITE=EFFECT@START.

    Examples
    --------
    >>> parse_motif("TGACTCA=1.5").effect
    1.5
    >>> parse_motif("TATAAT=1@60").start
    60
    >>> parse_motif("TGACTCA")
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: motif 'TGACTCA': expected SITE=EFFECT, like TGACTCA=1.5
    """
    site, equals, rest = text.partition("=")
    effect, at, start = rest.partition("@")
    try:
        if equals:
            place = int(start) if at else None
            return PlantedMotif(site.strip().upper(), float(effect), start=place)
    except InputError:
        raise
    except ValueError:
        pass
    raise InputError(f"motif {text!r}: expected SITE=EFFECT, like TGACTCA=1.5")


def plant_copies(
    codes: Codes, lengths: Ints, motif: PlantedMotif, *, rng: np.random.Generator
) -> tuple[Ints, Codes]:
    """Write copies of a motif into sequences, in place.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, longest)
        Base codes in 0..3; changed.
    lengths : ndarray of int64, shape (n,)
        Length of each sequence; none shorter than the motif.
    motif : PlantedMotif
        What is planted.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    starts : ndarray of int64, shape (n,)
        First base of each copy; -1 where a sequence got none.
    sites : ndarray of uint8, shape (n, width)
        The bases of each copy.
    """
    n, width = len(codes), len(motif.site)
    chosen = rng.random(n) < motif.share
    last = lengths - width
    if motif.start is None:
        starts = rng.integers(0, last + 1)
    else:
        drawn = motif.start + motif.spread * rng.standard_normal(n)
        starts = np.clip(np.rint(drawn).astype(np.int64), 0, last)
    draws = rng.random((n, width, 1))
    edges = np.cumsum(motif.probabilities, axis=1)[:, :3]  # width, 3
    sites = (draws > edges).sum(axis=2).astype(np.uint8)
    if motif.strands == "both":
        turned = rng.random(n) < 0.5
        sites[turned] = 3 - sites[turned, ::-1]
    rows = np.flatnonzero(chosen)
    codes[rows[:, None], starts[rows, None] + np.arange(width)] = sites[rows]
    return np.where(chosen, starts, -1), sites


def mutate(
    codes: Codes, rows: npt.NDArray[np.bool_], *, rate: float, rng: np.random.Generator
) -> None:
    """Replace a share `rate` of the bases of some rows by other bases, in place."""
    mutated = (rng.random(codes.shape) < rate) & rows[:, None]
    codes[mutated] = (codes[mutated] + rng.integers(1, 4, size=int(mutated.sum()))) % 4


def surviving_starts(codes: Codes, starts: Ints, sites: Codes) -> Ints:
    """Return the starts of the copies that were neither overwritten nor mutated, else -1."""
    columns = np.maximum(starts, 0)[:, None] + np.arange(sites.shape[1])
    intact = (codes[np.arange(len(codes))[:, None], columns] == sites).all(axis=1)
    return np.where(intact, starts, -1)
