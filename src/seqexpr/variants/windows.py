"""Windows of a genome in which a variant is seen: placed, cut out, and with the variant in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from seqexpr.data.reference import Strand
from seqexpr.errors import InputError
from seqexpr.sequences import reverse_complement

__all__ = ["Allele", "Fetch", "Keep", "Window", "centred_window", "cut_out", "trimmed"]

Keep: TypeAlias = Literal["centre", "start", "end"]
"""Which part of a window stays in place when an insertion or deletion changes its length."""

Fetch: TypeAlias = Callable[[str, int, int], str]
"""Bases of (chromosome, start, end) on the forward strand, N beyond the ends."""


@dataclass(frozen=True)
class Allele:
    """Bases of a genome that others take the place of.

    Attributes
    ----------
    chromosome : str
        As the genome names it.
    start, end : int
        Which bases go, 0-based, half-open, on the forward strand; equal for an
        insertion.
    alternative : str
        What stands there instead; empty for a deletion.
    """

    chromosome: str
    start: int
    end: int
    alternative: str

    @property
    def gain(self) -> int:
        """By how many bases the sequence becomes longer; negative for a deletion."""
        return len(self.alternative) - (self.end - self.start)


@dataclass(frozen=True)
class Window:
    """A stretch of a genome that a model reads.

    Attributes
    ----------
    chromosome : str
        As the genome names it.
    start, end : int
        0-based, half-open, on the forward strand.
    strand : {"+", "-"}
        The strand that is read.
    name : str
        Of the region; empty for a window that was laid around a variant.
    """

    chromosome: str
    start: int
    end: int
    strand: Strand = "+"
    name: str = ""

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        place = f"{self.chromosome}:{self.start + 1}-{self.end}({self.strand})"
        return self.name or place

    def holds(self, allele: Allele) -> bool:
        """Whether the whole change lies inside; an insertion at an edge does not."""
        if allele.start == allele.end:
            return self.start < allele.start < self.end
        return self.start <= allele.start and allele.end <= self.end


def trimmed(start: int, reference: str, alternative: str) -> tuple[int, int, str]:
    """Leave away what both alleles share: first at their end, then at their start.

    Parameters
    ----------
    start : int
        Place of the first base of the reference allele, 0-based.
    reference, alternative : str
        As a VCF writes them, with a base before an insertion or deletion.

    Returns
    -------
    start, end : int
        Which bases of the reference go, 0-based, half-open.
    alternative : str
        What takes their place.

    References
    ----------
    Tan, Abecasis & Kang, Unified representation of genetic variants, Bioinformatics
    31 (2015) 2202-2204 (parsimony).

    Examples
    --------
    >>> trimmed(9, "AT", "A"), trimmed(9, "A", "ACG"), trimmed(9, "ATG", "ACG")
    ((10, 11, ''), (10, 10, 'CG'), (10, 11, 'C'))
    """
    end = start + len(reference)
    while reference and alternative and reference[-1] == alternative[-1]:
        reference, alternative, end = reference[:-1], alternative[:-1], end - 1
    while reference and alternative and reference[0] == alternative[0]:
        reference, alternative, start = reference[1:], alternative[1:], start + 1
    return start, end, alternative


def centred_window(allele: Allele, length: int, strand: Strand = "+") -> Window:
    """Return the window with a variant in the middle.

    Parameters
    ----------
    allele : Allele
        The variant.
    length : int
        Of the window, at least 1.
    strand : {"+", "-"}
        Which strand is read. Default "+".

    Examples
    --------
    >>> centred_window(Allele("chr1", 10, 11, "T"), 5)
    Window(chromosome='chr1', start=8, end=13, strand='+', name='')
    """
    start = allele.start - (length - (allele.end - allele.start)) // 2
    return Window(allele.chromosome, start, start + length, strand)


def cut_out(
    window: Window, alleles: Iterable[Allele] = (), *, fetch: Fetch, keep: Keep = "centre"
) -> str:
    """Return what a model reads in a window, with variants in it and the window's own length.

    Where variants make the sequence longer or shorter, bases fall out at the ends of
    the window, or come in from the genome beside it: at both ends alike, so that the
    middle stays in the middle (``keep="centre"``), or all at the end or the start of
    the strand that is read (``keep="start"``, ``keep="end"``).

    Parameters
    ----------
    window : Window
        Which stretch, and on which strand it is read.
    alleles : iterable of Allele
        Variants that stand together; by default none.
    fetch : callable
        Reads the genome.
    keep : {"centre", "start", "end"}
        See above. Default "centre".

    Returns
    -------
    str
        ``len(window)`` bases of the strand.

    Raises
    ------
    InputError
        If a variant is not wholly inside, two overlap, or an insertion is longer
        than the window.

    Examples
    --------
    >>> genome = "AACCGGTTAACCGGTT"
    >>> read = lambda chromosome, start, end: genome[start:end]
    >>> window = Window("1", 4, 12)
    >>> cut_out(window, fetch=read)
    'GGTTAACC'
    >>> cut_out(window, [Allele("1", 7, 9, "")], fetch=read)  # one base from either side
    'CGGTACCG'
    >>> cut_out(window, [Allele("1", 7, 9, "")], fetch=read, keep="start")
    'GGTACCGG'
    """
    ordered = sorted(alleles, key=lambda allele: (allele.start, allele.end))
    _check_inside(window, ordered)
    gain = sum(allele.gain for allele in ordered)
    if keep == "centre":
        left = gain // 2
    else:
        left = gain if (keep == "end") == (window.strand == "+") else 0
    right = gain - left
    parts, done = [], window.start + min(left, 0)
    for allele in ordered:
        parts += [fetch(window.chromosome, done, allele.start), allele.alternative]
        done = allele.end
    parts.append(fetch(window.chromosome, done, window.end - min(right, 0)))
    whole = "".join(parts)
    cut = whole[max(left, 0) : len(whole) - max(right, 0)]
    return reverse_complement(cut) if window.strand == "-" else cut


def _check_inside(window: Window, ordered: list[Allele]) -> None:
    for before, allele in zip([None, *ordered], ordered, strict=False):
        if not window.holds(allele):
            raise InputError("crosses the edge of the window")
        if len(allele.alternative) > len(window):
            raise InputError(
                f"an insertion of {len(allele.alternative):,} bases is longer than the window"
            )
        if before is not None and (
            allele.start < before.end or (allele.start, allele.end) == (before.start, before.end)
        ):
            raise InputError("two variants change the same place")
