"""What a design must keep to: places, sites, composition, changes, distances."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seqexpr.design.sites import Site, read_site
from seqexpr.errors import InputError
from seqexpr.sequences import BASES, IUPAC, normalize

__all__ = ["Constraints", "GcWindow", "read_gc_window", "read_positions", "read_share_range"]

_POSITIONS = re.compile(r"(\d+)(?:-(\d+))?")
_RANGE = re.compile(r"([0-9.]+)\s*-\s*([0-9.]+)")


@dataclass(frozen=True)
class GcWindow:
    """Bounds of the share of G and C in every window of a sequence.

    Attributes
    ----------
    width : int
        Bases of a window, at least 1.
    low, high : float
        Smallest and largest share, in [0, 1].
    """

    width: int
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.width < 1:
            raise InputError(f"gc_window: width = {self.width}: must be at least 1")
        _check_shares("gc_window", self.low, self.high)


@dataclass(frozen=True)
class Constraints:
    """What every design must keep to.

    Attributes
    ----------
    template : str or None
        IUPAC letters, one a base: each allows the bases it stands for. A
        lower-case letter keeps the base of the start, whichever it is.
        Default None: every base is free.
    fixed : tuple of (int, int)
        Stretches that keep the start's bases: first base from 0, and the one
        after the last. Default none.
    forbidden : tuple of str
        Restriction enzymes by name, or words in IUPAC letters, that may stand on
        neither strand. Default none.
    left_flank, right_flank : str
        What the construct has beside every design; sites, runs and start codons
        that reach into it count. Default none.
    gc : (float, float)
        Smallest and largest share of G and C, in [0, 1]. Default (0, 1).
    gc_window : GcWindow or None
        The same for every window of some width. Default None.
    max_homopolymer : int or None
        Longest run of one base, at least 1. Default None.
    start_codons : tuple of str
        Codons, such as ATG, that may stand on the forward strand only where
        the start has them. Default none.
    max_changes : int or None
        Most bases that may differ from the start, at least 1. Default None.
    train_distance : int
        Fewest bases that differ from every training sequence, at least 1.
        Default 1: none is a training sequence.
    distance : int or None
        Fewest bases that differ between two designs, at least 1. Default None:
        a twentieth of the length, at most what the other constraints leave.

    Notes
    -----
    Distances count bases that differ at the same place (Hamming): an insertion
    moves all that follows. Of two sequences of different lengths, bases are
    compared from the first one on, and what one has more counts as different.

    Raises
    ------
    InputError
        If a number is out of range or a letter is not IUPAC.
    UnknownNameError
        If there is no such enzyme.

    Examples
    --------
    >>> Constraints(forbidden=("BsaI",), gc=(0.4, 0.6)).sites[0].words
    ('GGTCTC', 'GAGACC')
    >>> Constraints(max_homopolymer=0)
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: max_homopolymer = 0: must be at least 1
    """

    template: str | None = None
    fixed: tuple[tuple[int, int], ...] = ()
    forbidden: tuple[str, ...] = ()
    left_flank: str = ""
    right_flank: str = ""
    gc: tuple[float, float] = (0.0, 1.0)
    gc_window: GcWindow | None = None
    max_homopolymer: int | None = None
    start_codons: tuple[str, ...] = ()
    max_changes: int | None = None
    train_distance: int = 1
    distance: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_homopolymer", "max_changes", "train_distance", "distance"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} = {value}: must be at least 1")
        _check_shares("gc", *self.gc)
        for first, end in self.fixed:
            if not 0 <= first < end:
                raise InputError(f"fixed: ({first}, {end}) is no stretch of bases")
        for name in ("template", "left_flank", "right_flank"):
            _check_letters(name, getattr(self, name) or "")
        for codon in self.start_codons:
            if len(codon) != 3 or set(codon) - set(BASES):
                raise InputError(f"start codon {codon!r}: must be three of A, C, G, T")
        self.sites  # noqa: B018 - an enzyme that is misspelt is told here

    @property
    def sites(self) -> tuple[Site, ...]:
        """What `forbidden` means."""
        return tuple(read_site(text) for text in self.forbidden)


def _check_shares(name: str, low: float, high: float) -> None:
    if not (0 <= low <= high <= 1):
        advice = "; write shares, such as 0.4-0.6" if max(low, high) > 1 else ""
        raise InputError(f"{name}: {low:g} to {high:g} is no range within 0 to 1{advice}")


def _check_letters(name: str, text: str) -> None:
    for place, letter in enumerate(text):
        if normalize(letter) not in IUPAC or letter.isspace():
            raise InputError(
                f"{name}: {letter!r} at position {place + 1} is no IUPAC letter ({IUPAC})"
            )


def read_positions(text: str) -> tuple[tuple[int, int], ...]:
    """Read stretches of bases written as people count: from 1, ends included.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> read_positions("1-20,60")
    ((0, 20), (59, 60))
    """
    stretches = []
    for part in text.replace(" ", "").split(","):
        found = _POSITIONS.fullmatch(part)
        first = int(found[1]) if found else 0
        last = int(found[2] or found[1]) if found else 0
        if not 1 <= first <= last:
            raise InputError(f"positions {text!r}: write them as 1-20,60-75, counted from 1")
        stretches.append((first - 1, last))
    return tuple(stretches)


def read_share_range(text: str, *, name: str = "gc") -> tuple[float, float]:
    """Read a range of shares.

    Raises
    ------
    InputError
        If it is something else, or outside of 0 to 1.

    Examples
    --------
    >>> read_share_range("0.4-0.6")
    (0.4, 0.6)
    """
    found = _RANGE.fullmatch(text.strip())
    try:
        low, high = (float(found[1]), float(found[2])) if found else (None, None)
    except ValueError:
        low = high = None
    if low is None or high is None:
        raise InputError(f"{name} {text!r}: write a range of shares, such as 0.4-0.6")
    _check_shares(name, low, high)
    return low, high


def read_gc_window(text: str) -> GcWindow:
    """Read the bounds of GC content in windows, written as WIDTH:LOW-HIGH.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> read_gc_window("50:0.3-0.7")
    GcWindow(width=50, low=0.3, high=0.7)
    """
    width, colon, shares = text.partition(":")
    if not colon or not width.strip().isdigit():
        raise InputError(f"gc_window {text!r}: write WIDTH:LOW-HIGH, such as 50:0.3-0.7")
    return GcWindow(int(width), *read_share_range(shares, name="gc_window"))
