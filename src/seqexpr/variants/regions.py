"""Where a variant is seen: in regions that the user gives, or in a window around it."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

import numpy as np

from seqexpr.data.reference import ReferenceGenome, Strand
from seqexpr.errors import InputError, TableError
from seqexpr.variants.windows import Allele, Keep, Window, centred_window

__all__ = ["Placement", "Regions", "Strands", "read_regions"]

Strands: TypeAlias = Literal["+", "-", "both"]
"""Which strands of a window around a variant are read."""


class Regions:
    """Windows of a genome, found by place.

    Parameters
    ----------
    windows : iterable of Window
        In any order; they may overlap.

    Examples
    --------
    >>> regions = Regions([Window("1", 0, 10, name="a"), Window("1", 5, 30, name="b")])
    >>> [window.name for window in regions.holding(Allele("1", 7, 8, "T"))]
    ['a', 'b']
    >>> [window.name for window in regions.holding(Allele("1", 9, 11, ""))]
    ['b']
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        self._windows: dict[str, list[Window]] = {}
        for window in windows:
            self._windows.setdefault(window.chromosome, []).append(window)
        for own in self._windows.values():
            own.sort(key=lambda window: (window.start, window.end, window.name, window.strand))
        # The furthest end so far: nothing before the first that reaches a place can hold it.
        self._furthest = {
            name: np.maximum.accumulate([window.end for window in own])
            for name, own in self._windows.items()
        }

    def __len__(self) -> int:
        return sum(map(len, self._windows.values()))

    def __iter__(self) -> Iterator[Window]:
        for own in self._windows.values():
            yield from own

    def holding(self, allele: Allele) -> list[Window]:
        """Return the windows in which a change lies as a whole, by start and end."""
        own = self._windows.get(allele.chromosome)
        if own is None:
            return []
        first = int(np.searchsorted(self._furthest[allele.chromosome], allele.end, side="left"))
        last = bisect_left(own, allele.start + 1, key=lambda window: window.start)
        return [window for window in own[first:last] if window.holds(allele)]


def read_regions(source: str | os.PathLike[str], genome: ReferenceGenome) -> Regions:
    """Read regions from a BED file, or from a table with chromosome, start, end and strand.

    Parameters
    ----------
    source : str or Path
        BED (by its name: .bed, .bed.gz), or a table such as ``seqexpr windows``
        writes, whose ``start`` and ``end`` are 0-based and half-open as in BED, and
        may lie beyond the ends of a chromosome.
    genome : ReferenceGenome
        Chromosomes are given its names.

    Raises
    ------
    TableError
        If there are no such columns, or a row is no region.
    InputError
        If no region lies on a chromosome of the genome.
    """
    from seqexpr.variants.region_files import iter_regions

    windows, unknown = [], set()
    for window in iter_regions(source):
        name = genome.resolve(window.chromosome)
        if name is None:
            unknown.add(window.chromosome)
            continue
        windows.append(Window(name, window.start, window.end, window.strand, window.name))
    if not windows:
        found = ", ".join(sorted(unknown)[:5])
        if not found:
            raise TableError(f"{source}: there are no regions in it")
        raise InputError(
            f"{source}: no region lies on a chromosome of {genome.path.name} (found {found}; it "
            f"has {', '.join(genome.names[:5])}); give the genome that the regions belong to"
        )
    return Regions(windows)


@dataclass(frozen=True)
class Placement:
    """In which windows each variant is seen, and how.

    Attributes
    ----------
    length : int
        Of a window around a variant.
    strands : {"+", "-", "both"}
        Which are read there. Regions have strands of their own.
    keep : {"centre", "start", "end"}
        What stays in place when the length changes; see
        :func:`~seqexpr.variants.windows.cut_out`.
    regions : Regions, optional
        Windows to use instead.
    """

    length: int
    strands: Strands = "+"
    keep: Keep = "centre"
    regions: Regions | None = None

    @classmethod
    def around(cls, length: int | None, lengths: tuple[int, int], **choices: object) -> Self:
        """Return a placement whose windows are as long as the training sequences.

        Parameters
        ----------
        length : int or None
            As the user gave it.
        lengths : tuple of int
            Length of the shortest and of the longest training sequence.
        **choices
            The other attributes.

        Raises
        ------
        InputError
            If the length is not given and training sequences differ in theirs, or
            it is below 1.

        Examples
        --------
        >>> Placement.around(None, (150, 150)).length
        150
        """
        low, high = lengths
        if length is None and low != high and choices.get("regions") is None:
            raise InputError(
                f"the model was trained on sequences of {low:,} to {high:,} bases; say how long "
                f"the window around a variant is: --window {high}"
            )
        if length is not None and length < 1:
            raise InputError(f"a window of {length} bases: it must have at least 1")
        return cls(high if length is None else length, **choices)  # type: ignore[arg-type]

    def windows(self, allele: Allele) -> list[Window]:
        """Return the windows in which a variant is seen; none where no region holds it."""
        if self.regions is not None:
            return self.regions.holding(allele)
        strands: tuple[Strand, ...] = ("+", "-") if self.strands == "both" else (self.strands,)
        return [centred_window(allele, self.length, strand) for strand in strands]
