"""A reference genome: bases by chromosome and place, from an indexed FASTA file."""

from __future__ import annotations

import os
import re
import shutil
import struct
import tempfile
import zlib
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from seqexpr.errors import InputError, UnknownNameError, did_you_mean
from seqexpr.optional import require
from seqexpr.sequences import IUPAC, normalize, reverse_complement

__all__ = ["ReferenceGenome", "Strand"]

Strand: TypeAlias = Literal["+", "-"]

_GZIP = b"\x1f\x8b"
_LETTERS = frozenset(IUPAC)
# Other names of the mitochondrial chromosome, as _plain leaves them.
_MITOCHONDRION = frozenset({"m", "mt", "mito", "mtdna"})
_DAMAGE = (ValueError, OSError, EOFError, zlib.error, struct.error)


class ReferenceGenome:
    r"""The bases of a genome, read piece by piece from a FASTA file.

    Only the index is held in memory. Coordinates are 0-based and half-open.
    Use :meth:`open` to make one, and close it, or use it in a ``with``
    statement. Needs the extra ``genome`` (pyfaidx).

    Attributes
    ----------
    path : Path
        The FASTA file.
    names : tuple of str
        The chromosomes, in the order of the file, as the file names them: each
        title up to its first white space.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "genome.fa"); _ = file.write_text(">chr1 made up\nacgtT\nGG\n")
    ...     with ReferenceGenome.open(file) as genome:
    ...         genome.resolve("1"), genome.length("1")
    ...         genome.fetch("1", 0, 5), genome.fetch("chr1", 4, 9, strand="-")
    ('chr1', 7)
    ('ACGTT', 'NNCCA')
    """

    def __init__(self, path: Path, index: Any) -> None:
        self.path = path
        self._index = index  # a pyfaidx.Faidx
        self.names: tuple[str, ...] = tuple(index.index)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a genome, and make its index if there is none or it is older than the file.

        The index is written beside the file (``.fai``, with bgzip also
        ``.gzi``, as samtools writes them), so that the next opening is quick.
        Where that folder is not writable, it is made anew each time.

        Parameters
        ----------
        path : str or Path
            FASTA, plain or compressed with bgzip (then named .gz or .bgz).

        Returns
        -------
        ReferenceGenome
            The caller closes it.

        Raises
        ------
        InputError
            If the file is missing, is no FASTA, is damaged, or is compressed
            with something else than bgzip.
        MissingExtraError
            If pyfaidx is not installed.
        """
        pyfaidx = require("pyfaidx", extra="genome")
        file = Path(path)
        is_bgzip = _is_bgzip(file)
        try:
            index = _read_index(pyfaidx, file, is_bgzip=is_bgzip)
            if index is None:
                index = _build_index(pyfaidx, file, is_bgzip=is_bgzip)
        except InputError:
            raise
        except (pyfaidx.FastaIndexingError, *_DAMAGE) as error:
            raise InputError(f"{file} cannot be read as FASTA: {_reason(error)}") from error
        return cls(file, index)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._index.close()

    @cached_property
    def _by_plain_name(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for name in self.names:
            names.setdefault(_plain(name), []).append(name)
        return names

    def resolve(self, name: str) -> str | None:
        """Return what the file calls a chromosome, or None if it has no such chromosome.

        The exact name comes first. Then names are compared without "chr", and
        M, MT and Mito are one: so ``chr1`` finds ``1``, and ``MT`` finds
        ``chrM``. Accessions (``NC_000913.3``) must be there as they are.

        Parameters
        ----------
        name : str
            As an annotation or a VCF names it.

        Returns
        -------
        str or None
            One of :attr:`names`. None also where two of them fit.
        """
        if name in self._index.index:
            return name
        found = self._by_plain_name.get(_plain(name), [])
        return found[0] if len(found) == 1 else None

    def _resolved(self, chromosome: str) -> str:
        name = self.resolve(chromosome)
        if name is None:
            hint = did_you_mean(chromosome, self.names) or ";"
            shown = ", ".join(self.names[:8])
            more = f" and {len(self.names) - 8:,} more" if len(self.names) > 8 else ""
            raise UnknownNameError(
                f"{self.path.name} has no chromosome {chromosome!r}{hint} it has {shown}{more}"
            )
        return name

    def length(self, chromosome: str) -> int:
        """Return the number of bases of a chromosome.

        Raises
        ------
        UnknownNameError
            If there is no such chromosome.
        """
        return int(self._index.index[self._resolved(chromosome)].rlen)

    def fetch(self, chromosome: str, start: int, end: int, *, strand: Strand = "+") -> str:
        """Return the bases of ``[start, end)``, in upper case, U as T.

        Parameters
        ----------
        chromosome : str
            Any name that :meth:`resolve` knows.
        start, end : int
            0-based, half-open, on the forward strand, with start <= end. What
            lies beyond an end of the chromosome is filled with N.
        strand : {"+", "-"}
            "-" gives the reverse complement. Default "+".

        Returns
        -------
        str
            ``end - start`` bases.

        Raises
        ------
        UnknownNameError
            If there is no such chromosome.
        InputError
            If end is before start, the strand is no strand, or the file holds
            something else than DNA there.
        """
        if end < start or strand not in ("+", "-"):
            raise InputError(
                f"{chromosome}:{start}-{end} ({strand}): expected start <= end and strand + or -"
            )
        name = self._resolved(chromosome)
        low, high = max(start, 0), min(end, self.length(name))
        bases = self._read(name, low, high) if low < high else ""
        before = min(-start, end - start) if start < 0 else 0
        filled = ("N" * before + bases).ljust(end - start, "N")
        return reverse_complement(filled) if strand == "-" else filled

    def _read(self, name: str, low: int, high: int) -> str:
        where = f"{self.path}: {name}:{low}-{high}"
        try:
            bases = self._fetch(name, low, high)
        except _DAMAGE as error:
            raise InputError(f"{where}: the file is damaged ({error}); copy it again") from error
        bases = normalize(bases)
        if len(bases) == high - low and _LETTERS.issuperset(bases):
            return bases
        strange = sorted(set(bases) - _LETTERS)
        found = f"{strange[0]!r} among the bases" if strange else f"only {len(bases):,} bases"
        raise InputError(
            f"{where}: found {found}; if the file was changed since it was indexed, delete "
            f"{self.path.name}.fai, else expected a FASTA of DNA"
        )

    def _fetch(self, name: str, low: int, high: int) -> str:
        try:
            return str(self._index.fetch(name, low + 1, high))
        except ValueError:
            # pyfaidx looks for the first byte of a block at the end of the block before, where
            # a block of the full 64 KiB (as Biopython writes them) has no address.
            if low == 0:
                raise
            return str(self._index.fetch(name, low, high))[1:]


def _plain(name: str) -> str:
    """Return a chromosome's name without what sources write differently."""
    plain = re.sub(r"^chr(?!omosome)(?=.)", "", name.lower())
    return "m" if plain in _MITOCHONDRION else plain


def _reason(error: Exception) -> str:
    text = str(error).rstrip(".")
    if "Duplicate key" in text:
        return f"two records have one name ({text.split()[-1]}); rename one"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text; expected FASTA, plain or compressed with bgzip"
    return f"{text}; copy or download it again"


def _is_bgzip(file: Path) -> bool:
    """Whether the file is compressed with bgzip; anything but that or plain text is an error."""
    try:
        with file.open("rb") as stream:
            head = stream.read(18)
    except FileNotFoundError:
        names = (entry.name for entry in file.parent.iterdir()) if file.parent.is_dir() else ()
        raise InputError(f"no file {file}{did_you_mean(file.name, names)}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot read {str(file)!r}: {reason}") from error
    is_named_gz = file.name.lower().endswith((".gz", ".bgz"))
    if not head:
        raise InputError(f"{file} is empty; expected FASTA of a genome")
    if head.startswith(_GZIP):
        if head[12:14] != b"BC":  # the extra field of a BGZF block
            raise InputError(
                f"{file} is compressed with gzip, which cannot be read at a place; "
                f"run: gunzip -c {file.name} | bgzip > genome.fa.gz"
            )
        if not is_named_gz:
            raise InputError(f"{file} is compressed with bgzip; rename it to end in .gz")
        return True
    if head[:1] not in (b">", b";", b"\n", b"\r"):
        raise InputError(f"{file} is no FASTA: it starts with {head[:8]!r}, not with '>'")
    if is_named_gz:
        raise InputError(f"{file} is named .gz, but is not compressed; take .gz off its name")
    return False


def _read_index(pyfaidx: Any, file: Path, *, is_bgzip: bool) -> Any | None:
    """Read the index beside the file; None if there is none, or it is old or does not fit."""
    beside = [Path(f"{file}.fai"), *([Path(f"{file}.gzi")] if is_bgzip else [])]
    try:
        if any(part.stat().st_mtime < file.stat().st_mtime for part in beside):
            return None
        index = pyfaidx.Faidx(str(file), as_raw=True, build_index=False, rebuild=False)
    except _DAMAGE:
        return None
    ends = [record.bend for record in index.index.values()]
    if ends and (is_bgzip or max(ends) <= file.stat().st_size):
        return index
    index.close()
    return None


def _build_index(pyfaidx: Any, file: Path, *, is_bgzip: bool) -> Any:
    """Index the file, and leave the index beside it where that is allowed."""
    try:
        folder = tempfile.mkdtemp(prefix=".index-", dir=file.parent)
    except OSError:
        folder = tempfile.mkdtemp(prefix="seqexpr-index-")
    try:
        endings = (".fai", ".gzi") if is_bgzip else (".fai",)
        parts = {ending: str(Path(folder) / f"index{ending}") for ending in endings}
        index = pyfaidx.Faidx(
            str(file), indexname=parts[".fai"], gzi_indexname=parts.get(".gzi"), as_raw=True
        )
        if not any(record.rlen for record in index.index.values()):
            index.close()
            raise InputError(f"{file} holds titles (>…) but no bases; expected FASTA of a genome")
        if Path(folder).parent == file.parent:
            for ending, part in parts.items():
                os.replace(part, f"{file}{ending}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return index
