"""seqexpr variants: what changes of a sequence do to the prediction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqexpr.cli import blocks, options
from seqexpr.cli.predict import ModelArgument

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.scale.backend import Backend
    from seqexpr.variants.effect_table import VariantSummary

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr variants run calls.vcf.gz --genome hg38.fa -o scored.vcf.gz

seqexpr variants run calls.vcf.gz --genome hg38.fa --regions promoters.bed -o scored.parquet

seqexpr variants run pairs.csv --reference wt --alternative mutant -o effects.csv

seqexpr variants run calls.vcf.gz --genome hg38.fa -o folder --workers 8 --resume

seqexpr variants run pairs.parquet -o folder --backend ray --address auto --resume

seqexpr variants run --wild-type lac.fasta --change "A12T del15-17 ins20:ACG"

seqexpr variants run --wild-type lac.fasta -o every-change.csv"""

_GENOME = "Variants of a genome (VCF)"
_WILD = "Changes of one sequence"
_PAIRS = "Pairs of sequences (a table)"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("variants", epilog=_EPILOG)(variants)


def variants(
    model: ModelArgument,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="A VCF or BCF, or a table with the sequence without and with a variant in each "
            "row. None with --wild-type.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="CSV, TSV or Parquet by its name, of a VCF also .vcf, .vcf.gz or .bcf; - is "
            "standard output (CSV). A name without an ending is a folder of Parquet, from "
            "Parquet or from a VCF with an index.",
        ),
    ] = "-",
    genome: Annotated[
        Path | None,
        typer.Option(
            "--genome",
            metavar="FASTA",
            help="The reference genome.",
            show_default=False,
            rich_help_panel=_GENOME,
        ),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            "--regions",
            metavar="FILE",
            show_default=False,
            rich_help_panel=_GENOME,
            help="Windows in which variants are seen: BED, or what seqexpr windows wrote. Default: "
            "a window around each variant.",
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            metavar="BASES",
            show_default=False,
            rich_help_panel=_GENOME,
            help="Length of a window around a variant. Default: that of the training sequences.",
        ),
    ] = None,
    strand: Annotated[
        str,
        typer.Option(
            "--strand",
            metavar="+|-|both",
            help="Which strand is read around a variant.",
            rich_help_panel=_GENOME,
        ),
    ] = "+",
    keep: Annotated[
        str,
        typer.Option(
            "--keep",
            metavar="centre|start|end",
            rich_help_panel=_GENOME,
            help="What stays in place when an insertion or deletion changes the length; start and "
            "end are those of the strand that is read.",
        ),
    ] = "centre",
    haplotypes: Annotated[
        bool,
        typer.Option(
            "--haplotypes",
            rich_help_panel=_GENOME,
            help="Score the variants that a chromosome copy has in a region together.",
        ),
    ] = False,
    wild_type: Annotated[
        str | None,
        typer.Option(
            "--wild-type",
            metavar="SEQUENCE|FASTA",
            show_default=False,
            rich_help_panel=_WILD,
            help="The sequence that is changed, or a FASTA file of it.",
        ),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--change",
            metavar="A12T",
            show_default=False,
            rich_help_panel=_WILD,
            help="A change, or several, each scored by itself; ; joins changes that stand "
            "together. Repeat it. Default: every change of one base.",
        ),
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(
            "--changes",
            metavar="FILE",
            show_default=False,
            rich_help_panel=_WILD,
            help="A file with a variant in each line.",
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="COL",
            help="The sequence without the variant.",
            rich_help_panel=_PAIRS,
        ),
    ] = None,
    alternative: Annotated[
        str | None,
        typer.Option(
            "--alternative", metavar="COL", help="The sequence with it.", rich_help_panel=_PAIRS
        ),
    ] = None,
    id: Annotated[
        str | None,
        typer.Option("--id", metavar="COL", help="Names of the rows.", rich_help_panel=_PAIRS),
    ] = None,
    covariate: Annotated[
        list[str] | None,
        typer.Option(
            "--covariate",
            metavar="NAME=VALUE",
            show_default=False,
            help="For a model with covariates: the value of each; repeat it.",
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Variants held in memory at a time.")
    ] = 10_000,
    backend: blocks.Backend = "local",
    address: blocks.Address = None,
    workers: blocks.Workers = None,
    resume: blocks.Resume = False,
    json: options.Json = False,
) -> None:
    """Predict what variants do: the effect, its interval, and whether to trust it.

    Variants that cannot be scored keep their place, with the reason.
    """  # fmt: skip
    from seqexpr.bundle.fixed_covariates import parse_covariates
    from seqexpr.bundle.store import load_bundle
    from seqexpr.cli import screen, screen_variants
    from seqexpr.errors import InputError

    if json and output == "-":
        raise InputError("--json prints to standard output; write the effects to a file with -o")
    _check_inputs(table, wild_type, genome=genome, of_genome=bool(regions or haplotypes or window))
    bundle = load_bundle(model)
    console = screen.error_console()
    in_blocks = blocks.choose_backend(
        backend, address=address, workers=workers, resume=resume,
        in_blocks=blocks.is_folder(output) and wild_type is None and not haplotypes,
    )  # fmt: skip
    if in_blocks is not None and (wild_type is not None or haplotypes):
        raise InputError("--backend is for a table of pairs and for a VCF without --haplotypes")
    choices: dict[str, Any] = {"covariates": parse_covariates(covariate)}
    with screen.count_rows(console) as on_rows:
        if in_blocks is None:
            how = {"batch_size": batch_size, "on_batch": on_rows}
        else:
            how = {"backend": in_blocks, "resume": resume, "on_rows": on_rows}
        if wild_type is not None:
            summary = _of_wild_type(
                bundle, wild_type, output, change=change, changes=changes, **choices
            )
        elif genome is None:
            choices |= {"reference": reference, "alternative": alternative, "id": id}
            summary = _of_pairs(in_blocks)(bundle, str(table), output, **choices, **how)
        else:
            choices["genome"] = genome
            choices["placement"] = _placement(
                bundle, genome, regions, window=window, strand=strand, keep=keep
            )
            if in_blocks is not None:
                choices["regions"] = regions
            of_genome = _of_genome(in_blocks, haplotypes=haplotypes)
            summary = of_genome(bundle, str(table), output, **choices, **how)
    if json:
        screen.print_json(summary.to_dict())
    else:
        screen_variants.show(summary, console, output=output)


def _check_inputs(
    table: str | None, wild_type: str | None, *, genome: Path | None, of_genome: bool
) -> None:
    from seqexpr.errors import InputError
    from seqexpr.variants.vcf import is_vcf

    if (table is None) == (wild_type is None):
        raise InputError("give either INPUT (a VCF or a table of pairs) or --wild-type")
    if table is not None and is_vcf(table) and genome is None:
        raise InputError(f"{table} is a VCF: give the genome that it belongs to, --genome FASTA")
    if table is not None and genome is not None and not is_vcf(table) and table != "-":
        raise InputError(f"{table}: with --genome INPUT is a VCF: .vcf, .vcf.gz or .bcf")
    if of_genome and genome is None:
        raise InputError("--regions, --window and --haplotypes are for a VCF: give --genome FASTA")


def _of_pairs(in_blocks: Backend | None) -> Any:
    from seqexpr.scale.variants import score_table_blocks
    from seqexpr.variants.sequence_variants import score_table

    return score_table if in_blocks is None else score_table_blocks


def _of_genome(in_blocks: Backend | None, *, haplotypes: bool) -> Any:
    from seqexpr.scale.genome_variants import score_vcf_blocks
    from seqexpr.variants.genome_variants import score_vcf
    from seqexpr.variants.haplotypes import score_haplotypes

    if in_blocks is not None:
        return score_vcf_blocks
    return score_haplotypes if haplotypes else score_vcf


def _placement(
    bundle: Bundle,
    genome: Path,
    regions: Path | None,
    *,
    window: int | None,
    strand: str,
    keep: str,
) -> Any:
    from seqexpr.data.reference import ReferenceGenome
    from seqexpr.errors import UnknownNameError, did_you_mean
    from seqexpr.variants.regions import Placement, read_regions

    for option, value, known in (
        ("--strand", strand, ("+", "-", "both")),
        ("--keep", keep, ("centre", "start", "end")),
    ):
        if value not in known:
            raise UnknownNameError(
                f"{option} {value!r} is none of {', '.join(known)}{did_you_mean(value, known)}"
            )
    found = None
    if regions is not None:
        with ReferenceGenome.open(genome) as reference:
            found = read_regions(regions, reference)
    read = bundle.manifest.input
    lengths = (read.min_length, read.max_length)
    return Placement.around(window, lengths, strands=strand, keep=keep, regions=found)


def _of_wild_type(
    bundle: Bundle,
    wild_type: str,
    output: str,
    *,
    change: list[str] | None,
    changes: Path | None,
    covariates: dict[str, str],
) -> VariantSummary:
    from seqexpr.data.writer import TableWriter
    from seqexpr.variants.sequence_variants import read_changes, read_wild_type, score_changes

    asked = [text for given in change or [] for text in given.split()]
    if changes is not None:
        asked += read_changes(changes)
    wanted = asked if change or changes is not None else None
    frame, summary = score_changes(bundle, read_wild_type(wild_type), wanted, covariates=covariates)
    with TableWriter(output) as writer:
        writer.write(frame)
    return summary
