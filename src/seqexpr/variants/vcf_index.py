"""The index of a VCF or BCF: where records lie in the file, and how many there are.

References
----------
Li (2011), Tabix: fast retrieval of sequence features from generic TAB-delimited files,
Bioinformatics 27:718-719. The layouts are those of the SAM/BAM format group's specifications
of tabix and CSI: bins of eight, the smallest of 2**14 bases, each with chunks of the
compressed file; a last bin that holds counts.
"""

from __future__ import annotations

import gzip
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqexpr.errors import InputError

__all__ = ["IndexedContig", "find_index", "read_index"]

_TBI_SHIFT, _TBI_DEPTH = 14, 5


@dataclass(frozen=True)
class IndexedContig:
    """What an index says of one chromosome.

    Attributes
    ----------
    name : str
        As the VCF names it; empty where the index holds no names (BCF).
    number : int
        Which chromosome of the index, from 0.
    n_records : int
        How many records, at least 1.
    begin, end : int
        Where they begin and end in the file, as virtual offsets.
    places : tuple of (int, int)
        Places, 0-based and ascending, and an offset from which records lie that
        begin there or later: every 16,384 bases in a .tbi; in a .csi as often as
        there is much to be found.
    """

    name: str
    number: int
    n_records: int
    begin: int
    end: int
    places: tuple[tuple[int, int], ...]


def find_index(path: str | os.PathLike[str]) -> Path:
    """Return the index beside a VCF or BCF.

    Raises
    ------
    InputError
        If there is none.
    """
    for ending in (".csi", ".tbi"):  # in the order in which htslib looks for them
        if Path(f"{path}{ending}").is_file():
            return Path(f"{path}{ending}")
    raise InputError(
        f"{path} has no index, which is needed to find variants by place; make one with: "
        f"tabix -p vcf {path} (of a file compressed with bgzip; of a BCF: bcftools index {path})"
    )


def read_index(path: Path) -> list[IndexedContig]:
    """Read an index.

    Parameters
    ----------
    path : Path
        A .tbi or .csi file.

    Returns
    -------
    list of IndexedContig
        Chromosomes that have records, in the order of the file.

    Raises
    ------
    InputError
        If it is damaged, or does not count records.
    """
    try:
        with gzip.open(path) as file:
            contigs = _parse(_Bytes(file.read()))
    except (OSError, EOFError, struct.error, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as the index of a VCF ({error}); make it again: tabix -f -p vcf"
        ) from error
    return sorted(contigs, key=lambda contig: contig.begin)


class _Bytes:
    """Little-endian numbers, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, kinds: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{kinds}", self.data, self.at)
        self.at += struct.calcsize(f"<{kinds}")
        return found

    def text(self, n: int) -> bytes:
        self.at += n
        return self.data[self.at - n : self.at]


def _parse(data: _Bytes) -> list[IndexedContig]:
    magic = data.text(4)
    if magic == b"TBI\1":
        (n_contigs,) = data.take("i")
        names = _names(data)
        shift, depth = _TBI_SHIFT, _TBI_DEPTH
    elif magic == b"CSI\1":
        shift, depth, n_beside = data.take("3i")
        after = data.at + n_beside
        names = _names(data) if n_beside else []
        data.at = after
        (n_contigs,) = data.take("i")
    else:
        raise ValueError("it begins otherwise")
    is_tbi = magic == b"TBI\1"
    found = [_contig(data, shift, depth, is_tbi=is_tbi) for _ in range(n_contigs)]
    return [
        IndexedContig(names[number] if names else "", number, *one)
        for number, one in enumerate(found)
        if one is not None
    ]


def _names(data: _Bytes) -> list[str]:
    *_, n = data.take("7i")
    return [name.decode() for name in data.text(n).split(b"\0")[:-1]]


def _contig(
    data: _Bytes, shift: int, depth: int, *, is_tbi: bool
) -> tuple[int, int, int, tuple[tuple[int, int], ...]] | None:
    """Return count, begin, end and places of a chromosome; None if it has no records."""
    counting = _first(depth + 1) + 1
    counted: tuple[int, int, int] | None = None
    places: list[tuple[int, int]] = []
    (n_bins,) = data.take("i")
    for _ in range(n_bins):
        (number, *_, n_chunks) = data.take("Ii" if is_tbi else "IQi")
        chunks = data.take(f"{2 * n_chunks}Q")
        if number == counting:
            begin, end, n_records, n_more = chunks
            counted = (n_records + n_more, begin, end)
        else:
            places.append((_start(number, shift, depth), chunks[0]))
    if is_tbi:
        (n_windows,) = data.take("i")
        offsets = data.take(f"{n_windows}Q")
        places = [(number << shift, offset) for number, offset in enumerate(offsets) if offset]
    if counted is None and n_bins:
        raise ValueError("it does not count records")
    if counted is None or not counted[0]:
        return None
    return *counted, tuple(sorted(places))


def _start(number: int, shift: int, depth: int) -> int:
    """Return the place at which a bin begins."""
    level = next(level for level in range(depth, -1, -1) if number >= _first(level))
    return (number - _first(level)) << (shift + 3 * (depth - level))


def _first(level: int) -> int:
    """Return the number of the first bin of a level; the largest bin is level 0."""
    return ((1 << 3 * level) - 1) // 7
