"""Variants of a genome: a VCF scored allele by allele, in constant memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.bundle.columns import prediction_columns
from seqexpr.data.reference import ReferenceGenome
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError
from seqexpr.variants.effect_table import Batch, Tally, VariantSummary, effect_table
from seqexpr.variants.regions import Placement
from seqexpr.variants.scoring import EFFECT_COLUMNS
from seqexpr.variants.vcf import VcfReader, VcfWriter, info_name, info_value, is_vcf
from seqexpr.variants.windows import Allele, Window, cut_out, trimmed

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.bundle import Bundle

__all__ = ["MISMATCH", "AlleleReader", "assembly_notes", "score_records", "score_vcf"]

MISMATCH = "the genome has another reference allele"
_BASES = frozenset("ACGTN")
_BLOCK = 1 << 18
_INFO = dict(zip(("effect", "lower", "upper", "ref", "alt"), EFFECT_COLUMNS, strict=True))


def score_vcf(
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    genome: str | os.PathLike[str],
    placement: Placement,
    covariates: Mapping[str, object] | None = None,
    batch_size: int = 10_000,
    on_batch: Callable[[int], None] | None = None,
) -> VariantSummary:
    """Score each alternative allele of a VCF, in order, in constant memory.

    Alleles are trimmed to what differs; each is seen in the windows that `placement`
    gives. An allele whose reference is not what the genome holds, that is symbolic, or
    that no window can show, keeps its place and says why.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    source : str or Path
        VCF, plain or compressed, or BCF; "-" is standard input.
    destination : str or Path
        .vcf, .vcf.gz or .bcf: the same records with INFO fields (see
        :class:`~seqexpr.variants.vcf.VcfWriter`). .csv, .tsv or .parquet: a row for
        each allele and window; "-" is CSV on standard output. Written whole or not
        at all.
    genome : str or Path
        The reference genome as FASTA.
    placement : Placement
        In which windows variants are seen.
    covariates : mapping, optional
        The value of each covariate, for a model that reads any.
    batch_size : int
        Alleles and windows scored at a time, at least 1. Default 10,000.
    on_batch : callable, optional
        Told the number of rows done after each batch.

    Returns
    -------
    VariantSummary

    Raises
    ------
    InputError
        If a file cannot be read, or no chromosome of the VCF is in the genome.
    OutputError
        If the output cannot be written.
    MissingExtraError
        If cyvcf2 or pyfaidx is not installed.
    """
    if batch_size < 1:
        raise InputError(f"batch_size = {batch_size}: must be at least 1")
    tally = Tally()
    with ExitStack() as stack:
        reference = stack.enter_context(ReferenceGenome.open(genome))
        reader = VcfReader(source)
        stack.callback(reader.close)
        alleles = AlleleReader(reference, placement)
        tally.notes += alleles.compare(reader)
        writer = _writer(destination, reader, bundle)
        stack.enter_context(writer)
        for scored in score_records(
            bundle, reader, alleles, covariates=covariates, batch_size=batch_size
        ):
            records, batch, frame = scored
            tally.count(batch, frame)
            if isinstance(writer, VcfWriter):
                _write_records(writer, records, frame, bundle.target_names)
            else:
                writer.write(frame)
            if on_batch is not None:
                on_batch(tally.n_rows)
    summary = tally.summary(bundle)
    return replace(summary, notes=(*summary.notes, *assembly_notes(summary)))


def _writer(
    destination: str | os.PathLike[str], reader: VcfReader, bundle: Bundle
) -> VcfWriter | TableWriter:
    if not is_vcf(destination):
        return TableWriter(destination)
    several = len(bundle.target_names) > 1
    targets = [(target.name if several else "", target.unit) for target in bundle.manifest.targets]
    return VcfWriter(destination, reader, targets)


def assembly_notes(summary: VariantSummary) -> list[str]:
    """Say where so many reference alleles are not the genome's that it may be another assembly."""
    count = sum(problem.n_rows for problem in summary.problems if problem.reason == MISMATCH)
    if count < 10 or count <= 0.1 * summary.n_rows:
        return []
    shown = f"{count:,} of {summary.n_rows:,} reference alleles"
    return [f"{shown} are not what the genome holds: is it another assembly?"]


@dataclass
class _Record:
    """A record of the VCF with the rows of a batch that belong to each of its alleles."""

    record: Any
    rows: list[list[int]] = field(default_factory=list)


def score_records(
    bundle: Bundle,
    records: Iterable[Any],
    alleles: AlleleReader,
    *,
    covariates: Mapping[str, object] | None = None,
    batch_size: int = 10_000,
) -> Iterator[tuple[list[_Record], Batch, pd.DataFrame]]:
    """Score records in batches.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    records : iterable of cyvcf2.Variant
        In order.
    alleles : AlleleReader
        Reads their alleles.
    covariates, batch_size
        As for :func:`score_vcf`.

    Yields
    ------
    records : list
        Those of the batch.
    batch : Batch
        A row for each allele and window.
    frame : DataFrame
        Their effects: see :func:`~seqexpr.variants.effect_table.effect_table`.
    """
    for kept, batch in _batches(records, alleles, batch_size):
        yield kept, batch, effect_table(bundle, batch, covariates=covariates)


def _batches(
    records: Iterable[Any], alleles: AlleleReader, size: int
) -> Iterator[tuple[list[_Record], Batch]]:
    waiting: list[_Record] = []
    batch = Batch()
    for record in records:
        kept = _Record(record)
        for number in range(max(1, len(record.ALT))):
            first = len(batch)
            alleles.read(record, number, batch)
            kept.rows.append(list(range(first, len(batch))))
        waiting.append(kept)
        if len(batch) >= size:
            yield waiting, batch
            waiting, batch = [], Batch()
    if waiting:
        yield waiting, batch


class AlleleReader:
    """What a model reads without and with each allele of a VCF.

    Parameters
    ----------
    genome : ReferenceGenome
        The reference genome.
    placement : Placement
        In which windows variants are seen.
    """

    def __init__(self, genome: ReferenceGenome, placement: Placement) -> None:
        self.genome = genome
        self.placement = placement
        self._block: tuple[str, int, str] = ("", 0, "")
        self._names: dict[str, str | None] = {}

    def compare(self, reader: VcfReader) -> list[str]:
        """Say which names were reconciled, and where the header has other lengths.

        Raises
        ------
        InputError
            If none of the chromosomes in the header is in the genome.
        """
        named = reader.chromosomes
        known = {name: self.resolve(name) for name in named}
        if named and not any(known.values()):
            raise InputError(
                f"{reader.name}: no chromosome of its header is in {self.genome.path.name} (found "
                f"{', '.join(named[:5])}; the genome has {', '.join(self.genome.names[:5])}); give "
                "the genome that the variants were called on"
            )
        notes = []
        renamed = [f"{name} is {own}" for name, own in known.items() if own and own != name]
        if renamed:
            more = f" and {len(renamed) - 3:,} more" if len(renamed) > 3 else ""
            notes.append(f"chromosomes: {', '.join(renamed[:3])}{more}")
        for name, length in reader.lengths().items():
            own = known.get(name)
            if own and 0 < length < 1 << 31 and length != self.genome.length(own):
                notes.append(
                    f"{name} has {length:,} bases in the VCF and {self.genome.length(own):,} in "
                    "the genome: is it another assembly?"
                )
        return notes

    def resolve(self, chromosome: str) -> str | None:
        """Return what the genome calls a chromosome, or None."""
        if chromosome not in self._names:
            self._names[chromosome] = self.genome.resolve(chromosome)
        return self._names[chromosome]

    def fetch(self, chromosome: str, start: int, end: int) -> str:
        """Return bases of the forward strand; neighbours are read from one block."""
        own, first, bases = self._block
        if own != chromosome or start < first or end > first + len(bases):
            first = start - _BLOCK // 8
            bases = self.genome.fetch(chromosome, first, max(first + _BLOCK, end))
            self._block = (chromosome, first, bases)
        return bases[start - first : end - first]

    def read(self, record: Any, number: int, batch: Batch) -> None:
        """Add what is to be scored for one allele of a record: a row for each window.

        Parameters
        ----------
        record : cyvcf2.Variant
            The record.
        number : int
            Which of its alternative alleles, from 0.
        batch : Batch
            Takes the rows.
        """
        alternative = record.ALT[number].upper() if record.ALT else "."
        described = {
            "id": record.ID or f"{record.CHROM}:{record.POS}:{record.REF}>{alternative}",
            "chromosome": record.CHROM, "position": record.POS, "ref": record.REF,
            "alt": alternative, "window": None, "strand": None,
        }  # fmt: skip
        allele, problem, reason = self.allele(record, alternative)
        if allele is None:
            batch.refuse(described, problem, reason=reason)
            return
        windows = self.placement.windows(allele)
        if not windows:
            batch.refuse(described, "in no region")
        for window in windows:
            self._see(allele, window, described, batch)

    def _see(self, allele: Allele, window: Window, described: dict[str, Any], batch: Batch) -> None:
        row = described | {"window": str(window), "strand": window.strand}
        try:
            pair = [
                cut_out(window, alleles, fetch=self.fetch, keep=self.placement.keep)
                for alleles in ((), (allele,))
            ]
        except InputError as error:
            batch.refuse(row, str(error))
            return
        batch.add(row, *pair)

    def allele(self, record: Any, alternative: str) -> tuple[Allele | None, str, str]:
        """Read one allele of a record.

        Parameters
        ----------
        record : cyvcf2.Variant
            The record.
        alternative : str
            One of its alternative alleles, upper case.

        Returns
        -------
        allele : Allele or None
            None if it cannot be used.
        problem, reason : str
            Why not, and the kind of problem that it is; empty if there is none.
        """
        reference = record.REF.upper()
        if alternative in (".", "*") or not _BASES.issuperset(alternative):
            kind = "no sequence of bases: symbolic, missing or a breakend"
            return None, f"alternative allele {alternative}: {kind}", kind
        if not _BASES.issuperset(reference):
            kind = "the reference allele is no sequence of bases"
            return None, f"{kind}: {reference}", kind
        name = self.resolve(record.CHROM)
        if name is None:
            kind = "the chromosome is not in the genome"
            return None, f"{kind}: {record.CHROM}", kind
        start = int(record.start)
        found = self.fetch(name, start, start + len(reference))
        if found != reference:
            return None, f"{MISMATCH}: {found}, not {reference}", MISMATCH
        start, end, new = trimmed(start, reference, alternative)
        return Allele(name, start, end, new), "", ""


def _write_records(
    writer: VcfWriter, records: list[_Record], frame: pd.DataFrame, targets: tuple[str, ...]
) -> None:
    fields = _fields_of(frame, targets)
    size = np.nan_to_num(frame[prediction_columns(targets, "effect")[0]].abs(), nan=-1.0)
    has_several = any(len(rows) > 1 for kept in records for rows in kept.rows)
    columns = _columns_of_all(frame, targets) if has_several else []
    listed = ["|".join(row) for row in zip(*columns, strict=True)]
    for kept in records:
        # Of an allele that is seen in several windows the strongest effect counts.
        strongest = [rows[0] if len(rows) == 1 else max(rows, key=size.item) for rows in kept.rows]
        values = {name: [texts[row] for row in strongest] for name, texts in fields.items()}
        if any(len(rows) > 1 for rows in kept.rows):
            values[info_name("all")] = [listed[row] for rows in kept.rows for row in rows]
        writer.write(kept.record, values)


def _fields_of(frame: pd.DataFrame, targets: tuple[str, ...]) -> dict[str, list[str]]:
    """Return each INFO field with its value for every row, as text."""
    fields: dict[str, list[str]] = {}
    for index, target in enumerate(targets):
        for kind, prefix in _INFO.items():
            name = info_name(kind, target if len(targets) > 1 else "")
            fields[name] = _texts(frame, prediction_columns(targets, prefix)[index])
    return fields | {
        info_name(kind): _texts(frame, kind) for kind in ("in_domain", "window", "problem")
    }


def _columns_of_all(frame: pd.DataFrame, targets: tuple[str, ...]) -> list[list[str]]:
    kinds = ("effect", "effect_lower", "effect_upper")
    names = [prediction_columns(targets, kind)[0] for kind in kinds]
    return [_texts(frame, name) for name in ("alt", "window", *names, "in_domain")]


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    return list(map(info_value, frame[name].tolist()))
