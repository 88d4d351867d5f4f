"""Haplotypes: the variants of one chromosome copy that lie in one region, scored together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from seqexpr.data.reference import ReferenceGenome
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError
from seqexpr.variants.effect_table import Batch, Tally, VariantSummary, effect_table
from seqexpr.variants.genome_variants import AlleleReader
from seqexpr.variants.regions import Placement
from seqexpr.variants.vcf import VcfReader
from seqexpr.variants.windows import Allele, Window, cut_out

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle

__all__ = ["score_haplotypes"]

_Haplotype = tuple[tuple[Allele, str], ...]
"""The alleles of a copy that differ from the reference, each with its name."""


def score_haplotypes(
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
    """Score every haplotype that the samples of a VCF have in each region.

    A copy of a sample is known in a region if its genotypes there are phased, or if at
    most one of them is heterozygous. Copies that are not known are counted in the notes.
    Copies that are the reference have no effect, and no row.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    source : str or Path
        VCF (by bgzip) or BCF with samples, and its index beside it.
    destination : str or Path
        .csv, .tsv or .parquet by its name; "-" is CSV on standard output. A row for
        each haplotype of a region: id, window, strand, changes, n_copies (how many
        chromosome copies have it), and its effect beside the reference.
    genome : str or Path
        The reference genome as FASTA.
    placement : Placement
        With regions.
    covariates, batch_size, on_batch
        As for :func:`~seqexpr.variants.genome_variants.score_vcf`.

    Raises
    ------
    InputError
        If there are no regions, no samples or no index.
    """
    if placement.regions is None:
        raise InputError("haplotypes are variants that share a region: give --regions")
    tally = Tally()
    with ExitStack() as stack:
        reference = stack.enter_context(ReferenceGenome.open(genome))
        reader = VcfReader(source)
        stack.callback(reader.close)
        if not reader.samples:
            raise InputError(f"{reader.name} has no samples, so it says nothing of haplotypes")
        alleles = AlleleReader(reference, placement)
        tally.notes += alleles.compare(reader)
        writer = stack.enter_context(TableWriter(destination))
        for batch in _batches(reader, alleles, tally, size=batch_size):
            frame = effect_table(bundle, batch, covariates=covariates)
            tally.count(batch, frame)
            writer.write(frame)
            if on_batch is not None:
                on_batch(tally.n_rows)
    return tally.summary(bundle)


def _batches(
    reader: VcfReader, alleles: AlleleReader, tally: Tally, *, size: int
) -> Iterator[Batch]:
    batch, unknown = Batch(), 0
    theirs = {alleles.resolve(name): name for name in reader.chromosomes}
    for window in alleles.placement.regions or ():
        name = theirs.get(window.chromosome)
        if name is None:
            continue
        copies, missed = _copies(reader.within(name, window.start, window.end), window, alleles)
        unknown += missed
        _add(copies, window, alleles, batch=batch)
        if len(batch) >= size:
            yield batch
            batch = Batch()
    if len(batch):
        yield batch
    if unknown:
        tally.notes.append(
            f"{unknown:,} chromosome copies were left out: genotypes of a region are missing, or "
            "several are heterozygous and not phased"
        )


def _copies(
    records: Iterator[Any], window: Window, alleles: AlleleReader
) -> tuple[Counter[_Haplotype], int]:
    """Count the haplotypes of all samples in a window, and the copies that are not known."""
    sites: list[tuple[dict[int, tuple[Allele, str]], list[list[Any]]]] = []
    for record in records:
        known: dict[int, tuple[Allele, str]] = {}
        for number, alternative in enumerate(record.ALT):
            allele = alleles.allele(record, alternative.upper())[0]
            if allele is not None and window.holds(allele):
                known[number + 1] = (allele, f"{record.POS}{record.REF}>{alternative}")
        if known:
            sites.append((known, record.genotypes))
    counts: Counter[_Haplotype] = Counter()
    unknown = 0
    for sample in range(len(sites[0][1]) if sites else 0):
        calls = [genotypes[sample] for _, genotypes in sites]
        ploidy = max(len(call) - 1 for call in calls)
        mixed = [len(set(call[:-1])) > 1 for call in calls]
        is_phased = all(call[-1] for call, several in zip(calls, mixed, strict=True) if several)
        if any(-1 in call[:-1] for call in calls) or (sum(mixed) > 1 and not is_phased):
            unknown += ploidy
            continue
        for copy in range(ploidy):
            numbers = [call[min(copy, len(call) - 2)] for call in calls]
            pairs = zip(sites, numbers, strict=True)
            counts[tuple(known[number] for (known, _), number in pairs if number in known)] += 1
    return counts, unknown


def _add(
    copies: Counter[_Haplotype], window: Window, alleles: AlleleReader, *, batch: Batch
) -> None:
    total = sum(copies.values())
    found = sorted(copies.items(), key=lambda item: (-item[1], [name for _, name in item[0]]))
    for number, (haplotype, count) in enumerate((h, n) for h, n in found if h):
        described = {
            "id": f"{window}#{number + 1}", "window": str(window), "strand": window.strand,
            "changes": ";".join(name for _, name in haplotype), "n_copies": count,
            "share": count / total,
        }  # fmt: skip
        try:
            pair = [
                cut_out(window, chosen, fetch=alleles.fetch, keep=alleles.placement.keep)
                for chosen in ((), [allele for allele, _ in haplotype])
            ]
        except InputError as error:
            batch.refuse(described, str(error))
        else:
            batch.add(described, *pair)
