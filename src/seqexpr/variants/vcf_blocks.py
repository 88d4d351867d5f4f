"""A VCF in regions of the genome that can be read on their own, each record in exactly one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from seqexpr.errors import InputError
from seqexpr.variants.vcf import VcfReader
from seqexpr.variants.vcf_index import IndexedContig, find_index, read_index

__all__ = ["VcfBlock", "find_vcf_blocks", "iter_vcf_block"]

_END = 1 << 31
"""Beyond every place of a VCF."""


@dataclass(frozen=True)
class VcfBlock:
    """The records of a VCF whose POS lies in a region.

    Attributes
    ----------
    index : int
        Number of the block, 0 and up, in the order of the file.
    path : str
        The VCF.
    chromosome : str
        As the VCF names it.
    start, end : int
        0-based and half-open; -1 is the telomere (POS 0).
    beside : tuple of str
        Other files that results depend on: the index, the genome, regions.
    """

    index: int
    path: str
    chromosome: str
    start: int
    end: int
    beside: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """What it is read from."""
        return (self.path, *self.beside)

    @property
    def n_rows(self) -> None:
        """An allele may have several windows: nobody knows before."""
        return None


def find_vcf_blocks(
    path: str | os.PathLike[str], *, records: int = 20_000, beside: tuple[str, ...] = ()
) -> tuple[list[VcfBlock], int]:
    """Part a VCF by its index.

    Parameters
    ----------
    path : str or Path
        VCF (by bgzip) or BCF with its index beside it; the VCF itself is not read.
    records : int
        Of a block, about, at least 1; blocks begin where the index has a mark, so
        they have more where that has few. Default 20,000.
    beside : tuple of str
        Other files that results depend on.

    Returns
    -------
    blocks : list of VcfBlock
        All records once, in the order of the file.
    n_records : int
        How many there are, by the index.

    Raises
    ------
    InputError
        If there is no index, it is damaged, or there are no records.
    """
    index = find_index(path)
    contigs = read_index(index)
    if not contigs:
        raise InputError(f"{path}: there are no records, by its index {index.name}")
    reader = VcfReader(path)
    named = reader.chromosomes
    reader.close()
    blocks: list[VcfBlock] = []
    for contig in contigs:
        name = contig.name or named[contig.number]
        bounds = [-1, *_bounds(contig, records), _END]
        for start, end in pairwise(bounds):
            blocks.append(VcfBlock(len(blocks), str(path), name, start, end, (str(index), *beside)))
    return blocks, sum(contig.n_records for contig in contigs)


def _bounds(contig: IndexedContig, records: int) -> list[int]:
    """Return where a chromosome is parted, so that blocks have about as many bytes."""
    n_blocks = round(contig.n_records / records)
    bounds: list[int] = []
    for number in range(1, n_blocks):
        least = contig.begin + number * (contig.end - contig.begin) // n_blocks
        place = next((place for place, offset in contig.places if offset >= least), 0)
        if place > max(bounds, default=0):
            bounds.append(place)
    return bounds


def iter_vcf_block(reader: VcfReader, block: VcfBlock) -> Iterator[Any]:
    """Yield the records of a block, in the order of the file.

    Parameters
    ----------
    reader : VcfReader
        Of the block's VCF.
    block : VcfBlock
        As from :func:`find_vcf_blocks`.
    """
    for record in reader.within(block.chromosome, max(0, block.start), block.end):
        # A deletion that begins before the region reaches into it, and belongs to the one before.
        if block.start <= record.start < block.end:
            yield record
