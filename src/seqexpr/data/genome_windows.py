"""From a genome, its genes and their expression to a table to train on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from seqexpr.data.annotation import Annotation, read_annotation
from seqexpr.data.gene_expression import (
    ExpressionSource,
    GeneExpression,
    read_families,
    read_gene_expression,
)
from seqexpr.data.gene_names import GeneNames
from seqexpr.data.reference import ReferenceGenome
from seqexpr.data.window_groups import group_windows
from seqexpr.data.window_places import WindowChoice, choose_transcripts
from seqexpr.data.window_selection import Selection
from seqexpr.data.windows_summary import LeftOut, WindowsSummary
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError, did_you_mean
from seqexpr.sequences import BASES

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.table import TableLike

__all__ = ["genome_windows"]

_BATCH_BASES = 20_000_000  # of sequence in memory at a time
_BATCH_ROWS = 10_000
_CHAINED = 0.1  # share of the windows in one group, from which splits suffer
_COLUMNS = (
    "id", "gene", "gene_name", "transcript", "biotype", "chromosome", "start", "end", "strand",
    "sequence", "group",
)  # fmt: skip


def genome_windows(
    genome: str | os.PathLike[str],
    annotation: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    expression: TableLike | ExpressionSource | None = None,
    choice: WindowChoice | None = None,
    families: TableLike | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> WindowsSummary:
    r"""Write a table of windows of a genome, with the expression of their genes.

    Sequences are read along the strand of the gene and written batch by batch,
    so memory does not grow with them. Needs the extra ``genome``.

    Parameters
    ----------
    genome : str or Path
        FASTA, plain or bgzip; see :class:`seqexpr.data.reference.ReferenceGenome`.
    annotation : str or Path
        GTF, GFF3 or BED, compressed or not.
    output : str or Path
        CSV, TSV, Parquet or FASTA by its name; "-" is standard output. Columns:
        id, gene, gene_name, transcript, biotype (these three where the
        annotation has them), chromosome, start and end (0-based, half-open, on
        the forward strand; below 0 or beyond the end where padded), strand,
        sequence, group, and the samples.
    expression : str, Path, DataFrame or ExpressionSource, optional
        Values by gene, such as TPM. Genes without a value are left out.
        Without it, every window is written, for prediction.
    choice : WindowChoice, optional
        Which windows. Default: of the start of transcription, 1,000 bases
        before and 500 after, one transcript a gene; for BED each interval.
    families : str, Path or DataFrame, optional
        Table of gene and family. Families stay in one group.
    on_batch : callable, optional
        Called with the number of windows written so far.

    Returns
    -------
    WindowsSummary
        What became of the genes.

    Raises
    ------
    InputError
        If genome and annotation do not belong together, nothing is left, or a
        choice is out of range.
    TableError, ColumnError
        If a table or the annotation cannot be read.
    OutputError
        If the table cannot be written. Nothing half-written stays.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     genome, genes = Path(folder, "genome.fa"), Path(folder, "genes.bed")
    ...     _ = genome.write_text(">chr1\nAAAACCCCGGGG\n")
    ...     _ = genes.write_text("chr1 2 6 g1 0 +\nchr1 2 6 g2 0 -\n")
    ...     summary = genome_windows(genome, genes, "-")
    id,gene,chromosome,start,end,strand,sequence,group
    g1,g1,chr1,2,6,+,AACC,g1
    g2,g2,chr1,2,6,-,GGTT,g1
    """
    choice = choice or WindowChoice()
    read = read_annotation(annotation)
    shape = choice.shape(read.format)
    names = GeneNames(read.features)
    measured = _read_expression(expression, names)
    notes = [*read.notes, *(measured.notes if measured else ())]
    of_family = measured.families if measured else {}
    if families is not None:
        of_family, note = read_families(families, names)
        notes.append(note)
    selection = Selection(_choose(read, choice, notes), read.source)
    n_features = len(selection.features)
    with ReferenceGenome.open(genome) as reference:
        selection.find_chromosomes(reference)
        selection.place(shape, max_length=choice.max_length)
        if measured is not None:
            has_value = selection.features["gene"].isin(measured.values.index)
            selection.leave_out(~has_value.to_numpy(), "without expression")
        if choice.transcripts == "all" and read.format != "bed":
            selection.drop_same_places()
        selection.meet_edges(choice.on_edge)
        _check_left(selection, read.source)
        table = _table(selection.features, measured, of_family)
        written = _write(table, reference, output, on_batch=on_batch)
    selection.leave_out(np.array(written.is_empty), "without any known base (N only)")
    notes += selection.notes
    return _summary(
        read, written, measured, n_features=n_features, left_out=selection.left_out, notes=notes
    )


def _read_expression(
    expression: TableLike | ExpressionSource | None, names: GeneNames
) -> GeneExpression | None:
    if expression is None:
        return None
    if not isinstance(expression, ExpressionSource):
        expression = ExpressionSource(expression)
    measured = read_gene_expression(expression, names)
    _check_samples(measured)
    return measured


def _check_samples(measured: GeneExpression) -> None:
    taken = [name for name in measured.values.columns if name in _COLUMNS]
    if taken:
        raise InputError(
            f"a sample is called {taken[0]!r}, as a column of windows is; rename it in the "
            "expression table, or name the samples to take (--sample COL)"
        )


def _choose(read: Annotation, choice: WindowChoice, notes: list[str]) -> pd.DataFrame:
    """Return the features that may give a window."""
    features = read.features
    if choice.biotypes:
        known = sorted(features["biotype"].unique())
        for name in choice.biotypes:
            if name not in known:
                hint = did_you_mean(name, known) or ";"
                listed = ", ".join(filter(None, known[:12])) or "none"
                raise InputError(f"{read.source}: no biotype {name!r}{hint} it has {listed}")
        features = features[features["biotype"].isin(choice.biotypes)]
        kept = features["gene"].nunique()
        notes.append(f"biotype {', '.join(choice.biotypes)}: {kept:,} of {read.n_genes:,} genes")
    if read.format == "bed":
        return features
    chosen = choose_transcripts(features, choice.transcripts)
    alone = int((chosen["transcript"] == "").sum())
    with_transcripts = chosen.loc[chosen["transcript"] != ""]
    if choice.transcripts == "canonical" and len(with_transcripts):
        tagged = int(with_transcripts["is_canonical"].sum())
        notes.append(
            f"transcripts: the canonical one of {tagged:,} genes, the longest of "
            f"{len(with_transcripts) - tagged:,} genes in which none is tagged"
        )
    if alone:
        notes.append(f"{alone:,} genes have no transcript: the gene itself stands for it")
    return chosen


def _check_left(selection: Selection, source: str) -> None:
    if not len(selection.features):
        reasons = "; ".join(f"{item.n:,} {item.reason}" for item in selection.left_out)
        raise InputError(f"{source}: no window is left: {reasons}")


def _table(
    features: pd.DataFrame, measured: GeneExpression | None, families: dict[str, str]
) -> pd.DataFrame:
    """Return everything but the sequences, in the order of the columns to write."""
    table = features.reset_index(drop=True)
    inside = table.assign(
        start=table["start"].clip(lower=0), end=table["end"].clip(upper=table["_length"])
    )
    names = table["transcript"].where(table["transcript"] != "", table["gene"])
    again = names.groupby(names).cumcount()
    table["id"] = names.where(again == 0, names + "_" + (again + 1).astype(str))
    table["group"] = group_windows(inside, families)
    has = {
        "gene_name": (~table["gene_name"].isin(["", *table["gene"]])).any(),
        "transcript": (table["transcript"] != "").any(),
        "biotype": (table["biotype"] != "").any(),
    }
    columns = [name for name in _COLUMNS if has.get(name, True) and name != "sequence"]
    table = table[[*columns, "_length"]]
    if measured is None:
        return table
    return table.join(measured.values, on="gene")


@dataclass
class _Written:
    """What is known of the windows once they were read."""

    is_empty: list[bool] = field(default_factory=list)
    n_windows: int = 0
    n_padded: int = 0
    n_unknown: int = 0
    shortest: int = 0
    longest: int = 0
    groups: Counter[str] = field(default_factory=Counter)
    chromosomes: set[str] = field(default_factory=set)

    def add(self, frame: pd.DataFrame) -> None:
        lengths = frame["sequence"].str.len()
        self.n_windows += len(frame)
        self.shortest = min(self.shortest or int(lengths.min()), int(lengths.min()))
        self.longest = max(self.longest, int(lengths.max()))
        self.groups.update(frame["group"].tolist())
        self.chromosomes.update(frame["chromosome"].tolist())


def _write(
    table: pd.DataFrame,
    genome: ReferenceGenome,
    output: str | os.PathLike[str],
    *,
    on_batch: Callable[[int], None] | None,
) -> _Written:
    written = _Written()
    with TableWriter(output) as writer:
        for batch in _batches(table):
            frame = _with_sequences(batch, genome, written)
            if len(frame):
                written.add(frame)
                writer.write(frame)
            if on_batch is not None:
                on_batch(written.n_windows)
        if not written.n_windows:
            raise InputError("every window holds N only; is the genome masked by N?")
    return written


def _batches(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Cut the table so that the sequences of a part fit in memory."""
    bases = (table["end"] - table["start"]).to_numpy().cumsum()
    start = 0
    while start < len(table):
        before = bases[start - 1] if start else 0
        stop = int(np.searchsorted(bases, before + _BATCH_BASES, side="right"))
        stop = min(max(stop, start + 1), start + _BATCH_ROWS)
        yield table.iloc[start:stop]
        start = stop


def _with_sequences(
    batch: pd.DataFrame, genome: ReferenceGenome, written: _Written
) -> pd.DataFrame:
    """Return the batch with its sequences, without windows that hold no base."""
    sequences, keep = [], []
    columns = ("chromosome", "start", "end", "strand", "_length")
    for chromosome, start, end, strand, length in batch[list(columns)].itertuples(index=False):
        sequence = genome.fetch(chromosome, start, end, strand=strand)
        n_known = sum(map(sequence.count, BASES))
        n_inside = min(end, length) - max(start, 0)
        keep.append(n_known > 0)
        if n_known:
            sequences.append(sequence)
            written.n_padded += n_inside < end - start
            written.n_unknown += n_known < n_inside
    written.is_empty += [not kept for kept in keep]
    frame = batch[keep].drop(columns="_length")
    frame.insert(frame.columns.tolist().index("group"), "sequence", sequences)
    return frame


def _summary(
    read: Annotation,
    written: _Written,
    measured: GeneExpression | None,
    *,
    n_features: int,
    left_out: list[LeftOut],
    notes: list[str],
) -> WindowsSummary:
    return WindowsSummary(
        n_genes=read.n_genes,
        n_features=n_features,
        n_windows=written.n_windows,
        lengths=(written.shortest, written.longest),
        n_padded=written.n_padded,
        n_unknown=written.n_unknown,
        n_groups=len(written.groups),
        n_largest_group=max(written.groups.values()),
        samples=tuple(measured.values.columns) if measured else (),
        n_measured=len(measured.values) if measured else 0,
        n_rows_unmatched=measured.n_unmatched if measured else 0,
        n_version=measured.n_version if measured else 0,
        left_out=tuple(left_out),
        notes=tuple(notes),
        warnings=tuple(_warnings(written, measured)),
    )


def _warnings(written: _Written, measured: GeneExpression | None) -> Iterator[str]:
    largest, n = max(written.groups.values()), written.n_windows
    if largest > max(_CHAINED * n, 10):
        remedy = "take shorter windows (--upstream, --downstream)"
        if len(written.chromosomes) > 1:
            remedy += ", or let whole chromosomes test (train --split chromosome)"
        yield (
            f"{largest:,} of {n:,} windows are one group, chained by bases or families that they "
            f"share, and a split cannot divide them: {remedy}"
        )
    if measured is not None and measured.n_unmatched > measured.n_rows / 2:
        yield (
            f"{measured.n_unmatched:,} of {measured.n_rows:,} rows of the expression table are no "
            "gene of the annotation: are both of one release?"
        )
