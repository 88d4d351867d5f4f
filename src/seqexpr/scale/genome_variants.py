"""Score a VCF in blocks: regions of the genome, each record in exactly one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqexpr.data.reference import ReferenceGenome
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError
from seqexpr.scale.jobs import BlockResult, check_destination, run_job
from seqexpr.variants.effect_table import Tally, VariantSummary, join_variant_summaries
from seqexpr.variants.genome_variants import AlleleReader, assembly_notes, score_records
from seqexpr.variants.regions import Placement, read_regions
from seqexpr.variants.vcf import VcfReader, is_vcf
from seqexpr.variants.vcf_blocks import VcfBlock, find_vcf_blocks, iter_vcf_block

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.scale.backend import Backend

__all__ = ["score_vcf_blocks"]

_BATCH = 10_000
"""Alleles and windows that a worker scores at a time."""


def score_vcf_blocks(  # noqa: PLR0913 - one keyword for each choice
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    genome: str | os.PathLike[str],
    placement: Placement,
    regions: str | os.PathLike[str] | None = None,
    covariates: Mapping[str, object] | None = None,
    backend: Backend | None = None,
    block_records: int = 20_000,
    resume: bool = False,
    on_rows: Callable[[int], None] = lambda n_rows: None,
) -> VariantSummary:
    """Score each alternative allele of a VCF to a table, the same as :func:`score_vcf` does.

    Parameters
    ----------
    bundle : Bundle
        A loaded model; workers read a copy of it beside the destination.
    source : str or Path
        VCF (by bgzip) or BCF with its index (.tbi, .csi) beside it, where every
        worker can read it.
    destination : str or Path
        A folder, for a name without an ending: ``part-000000.parquet``, … in
        the order of the records. Or one file: .csv, .tsv or .parquet.
    genome : str or Path
        The reference genome as FASTA, where every worker can read it.
    placement : Placement
        In which windows variants are seen; without its regions, which each worker
        reads from their file.
    regions : str or Path, optional
        File of the windows to use instead: see :func:`read_regions`.
    covariates : mapping, optional
        As for :func:`score_vcf`.
    block_records : int
        Records of a block, about. Default 20,000.
    backend, resume, on_rows
        As for :func:`~seqexpr.scale.predict.predict_blocks`.

    Returns
    -------
    VariantSummary
        As :func:`score_vcf` gives it.

    Raises
    ------
    InputError
        If a file cannot be read, there is no index or it is of another file, or no
        chromosome of the VCF is in the genome.
    OutputError
        If the output cannot be written, or a block is not as its worker left it.
    """
    if is_vcf(destination):
        raise InputError(
            f"{destination}: blocks are written as a table; name a folder, .parquet, .csv or .tsv, "
            "or leave out --backend"
        )
    target = check_destination(destination, formats=("csv", "tsv", "parquet"))
    beside = [str(genome)] if regions is None else [str(genome), str(regions)]
    blocks, n_records = find_vcf_blocks(source, records=block_records, beside=tuple(beside))
    task = _ScoreVcf(
        str(genome), replace(placement, regions=None), None if regions is None else str(regions),
        tuple(sorted((covariates or {}).items())),
    )  # fmt: skip

    def check(summaries: list[dict[str, Any]]) -> None:
        found = sum(summary["n_records"] for summary in summaries)
        if found != n_records:
            raise InputError(
                f"{source}: {found:,} records were found by place, its index counts "
                f"{n_records:,}; make the index again (tabix -f -p vcf; of a BCF bcftools index "
                "-f), or score it whole, into a file and without --backend"
            )

    notes = _compare(source, genome, placement)
    said = run_job(
        bundle, task, blocks, target=target, backend=backend, resume=resume, check=check,
        on_rows=on_rows,
    )  # fmt: skip
    whole = join_variant_summaries([VariantSummary.from_dict(one["effects"]) for one in said])
    return replace(whole, notes=(*notes, *assembly_notes(whole)))


def _compare(
    source: str | os.PathLike[str], genome: str | os.PathLike[str], placement: Placement
) -> list[str]:
    """Say which chromosomes were reconciled; the genome's index is made once, here."""
    with ReferenceGenome.open(genome) as reference:
        reader = VcfReader(source)
        try:
            return AlleleReader(reference, placement).compare(reader)
        finally:
            reader.close()


@dataclass(frozen=True)
class _ScoreVcf:
    """What is done with a block.

    Attributes
    ----------
    genome : str
        The reference genome.
    placement : Placement
        In which windows variants are seen.
    regions : str or None
        File of windows to use instead.
    covariates : tuple of (str, object)
        The value of each covariate.
    """

    genome: str
    placement: Placement
    regions: str | None
    covariates: tuple[tuple[str, object], ...]

    def start(self, bundle: Bundle) -> Callable[[VcfBlock, Path], BlockResult]:
        """Read the regions, and return what scores a block."""
        placement = self.placement
        if self.regions is not None:
            with ReferenceGenome.open(self.genome) as reference:
                placement = replace(placement, regions=read_regions(self.regions, reference))

        def write(block: VcfBlock, file: Path) -> BlockResult:
            return self._score(bundle, placement, block, file)

        return write

    def _score(
        self, bundle: Bundle, placement: Placement, block: VcfBlock, file: Path
    ) -> BlockResult:
        tally, n_records = Tally(), 0
        with ExitStack() as stack:
            reference = stack.enter_context(ReferenceGenome.open(self.genome))
            reader = VcfReader(block.path)
            stack.callback(reader.close)
            scored = score_records(
                bundle, iter_vcf_block(reader, block), AlleleReader(reference, placement),
                covariates=dict(self.covariates), batch_size=_BATCH,
            )  # fmt: skip
            writer: TableWriter | None = None
            for records, batch, frame in scored:
                if writer is None:  # a region that only deletions from before reach has no file
                    writer = stack.enter_context(TableWriter(file))
                writer.write(frame)
                tally.count(batch, frame)
                n_records += len(records)
        return tally.n_rows, {
            "n_records": n_records,
            "effects": tally.summary(bundle).to_dict(),
        }
