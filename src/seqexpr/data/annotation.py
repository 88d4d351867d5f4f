"""Where genes lie: GTF, GFF3 and BED, through bioframe."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from seqexpr.data.formats import Source, decode_head, open_source, reading
from seqexpr.data.gene_models import PARTS, transcripts_of_gff3, transcripts_of_gtf
from seqexpr.errors import TableError
from seqexpr.optional import require

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Annotation", "AnnotationFormat", "read_annotation"]

AnnotationFormat: TypeAlias = Literal["gtf", "gff3", "bed"]

_EXPECTED = "expected GTF, GFF3 or BED"
_STRANDS = {"+": "+", "-": "-", ".": ".", "?": ".", "": "."}
_NO_DATA = re.compile(r"#|(track|browser)\s")
_GFF_CELLS = (8, 9)  # the attributes may be missing
_GENES_OF_GTF = frozenset({"gene", "transcript"})
_PARTS_OF_GTF = frozenset({"exon", "cds"})


@dataclass(frozen=True, eq=False)
class Annotation:
    """Genes and transcripts, or intervals, in the order of the file.

    Attributes
    ----------
    features : DataFrame
        A row for each transcript, for each gene without one, or for each line
        of a BED file: chromosome, start, end (0-based, half-open), strand
        ("+", "-" or "."), gene, gene_name, transcript (empty where there is
        none), biotype and is_canonical (the source tags it so).
    source : str
        Name shown to people.
    format : {"gtf", "gff3", "bed"}
        By content, not by name.
    n_genes : int
        Different genes, or names of intervals.
    notes : tuple of str
        What was assumed, in words.
    """

    features: pd.DataFrame
    source: str
    format: AnnotationFormat
    n_genes: int
    notes: tuple[str, ...] = ()


def read_annotation(path: str | os.PathLike[str]) -> Annotation:
    r"""Read genes and transcripts from GTF or GFF3, or intervals from BED.

    Needs the extra ``genome`` (bioframe).

    Parameters
    ----------
    path : str or Path
        Plain, gzip, bgzip, bzip2, zstd or xz. Lines that start with "#" are
        comments; a FASTA section at the end of a GFF3 file is left alone.

    Returns
    -------
    Annotation
        GTF and GFF3 count from 1 and include the end; here all is 0-based and
        half-open.

    Raises
    ------
    TableError
        If the file is not there, is none of these formats, or a line is
        damaged.
    MissingExtraError
        If bioframe is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.bed"); _ = file.write_text("1\t5\t9\tlacZ\t0\t-")
    ...     annotation = read_annotation(file)
    >>> annotation.format, annotation.features[["start", "end", "strand", "gene"]].values.tolist()
    ('bed', [[5, 9, '-', 'lacZ']])
    """
    require("bioframe", extra="genome")
    with open_source(path) as source:
        kind = _sniff(source)
        notes: tuple[str, ...] = ()
        if kind == "bed":
            features = _read_bed(source)
        else:
            frame = _read_gff(source, _is_no_part if kind == "gff3" else _is_gene_line)
            if not len(frame) and kind == "gtf":
                frame, notes = _read_parts(path)
            build = transcripts_of_gff3 if kind == "gff3" else transcripts_of_gtf
            features = build(frame, source.name) if len(frame) else frame
    if not len(features):
        raise TableError(f"{source.name} holds no gene; {_EXPECTED} with genes or transcripts")
    n_genes = int(features["gene"].nunique())
    columns = ["chromosome", "start", "end", "strand", "gene", "gene_name", "transcript", "biotype",
               "is_canonical"]  # fmt: skip
    return Annotation(features[columns], source.name, kind, n_genes, notes)


def _sniff(source: Source) -> AnnotationFormat:
    """Return the format, by the first line that says it."""
    if source.kind != "text":
        raise TableError(f"{source.name} is {source.kind}, which names no genes; {_EXPECTED}")
    lines = _without_comments(_head_lines(source))
    for _, line in islice(lines, 2):  # a BED file may have a header
        cells = line.split("\t")
        if len(cells) in _GFF_CELLS and cells[3].isdigit() and cells[4].isdigit():
            attributes = cells[8] if len(cells) == 9 else ""
            if re.match(r"\s*[\w.-]+ +\S", attributes):
                return "gtf"
            if re.match(r"\s*[^\s=;]+=", attributes):
                return "gff3"
            raise TableError(
                f"{source.name}: the ninth column is {attributes[:40]!r}; expected attributes of "
                'GTF (gene_id "x";) or of GFF3 (ID=x;)'
            )
        cells = _bed_cells(line)
        if len(cells) >= 3 and cells[1].isdigit() and cells[2].isdigit():
            return "bed"
        if len(cells) >= 8 and cells[3].isdigit() and cells[4].isdigit():
            raise TableError(f"{source.name}: its columns are parted by spaces; expected tabs")
    shown = next((line for _, line in _without_comments(_head_lines(source))), "")
    found = f"starts with {shown[:50]!r}" if shown else "holds only comments"
    raise TableError(f"{source.name} {found}; {_EXPECTED}, parted by tabs")


def _head_lines(source: Source) -> io.StringIO:
    return io.StringIO(decode_head(source.head)[0], newline=None)


def _bed_cells(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _without_comments(lines: io.TextIOBase) -> Iterator[tuple[int, str]]:
    """Yield the number, counted from 1, and the text of each line that is none."""
    for number, line in enumerate(lines, start=1):
        if line.startswith((">", "##FASTA")):
            return
        text = line.rstrip("\r\n")
        if text.strip() and not _NO_DATA.match(text):
            yield number, text


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    encoding = decode_head(source.head)[1]
    with reading(source.name):
        yield from _without_comments(
            io.TextIOWrapper(source.stream, encoding=encoding, errors="replace")
        )


def _is_no_part(feature: str) -> bool:
    return feature not in PARTS


def _is_gene_line(feature: str) -> bool:
    return feature in _GENES_OF_GTF


def _is_part_of_gtf(feature: str) -> bool:
    return feature in _PARTS_OF_GTF


def _read_parts(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read the exons of a GTF file that has no lines of genes and transcripts."""
    if str(path) == "-":
        raise TableError("standard input holds no lines of genes or transcripts; name the file")
    with open_source(path) as source:
        frame = _read_gff(source, _is_part_of_gtf)
    return frame, ("no lines of genes or transcripts: transcripts are made of their exons",)


def _read_gff(source: Source, is_wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read the lines of the wanted features, as bioframe reads GFF."""
    rows: list[str] = []
    numbers: list[int] = []
    for number, line in _lines(source):
        cells = line.count("\t") + 1
        if cells not in _GFF_CELLS:
            raise TableError(
                f"{source.name}: line {number:,} has {cells} columns; expected 9, parted by tabs"
            )
        if is_wanted(line.split("\t", 3)[2].lower()):
            rows.append(line)
            numbers.append(number)
    frame = _as_frame(rows, "gff").assign(line=numbers)
    places = _places(frame, source.name, first=1)
    return places.assign(feature=frame["feature"], attributes=frame["attributes"])


def _read_bed(source: Source) -> pd.DataFrame:
    rows: list[str] = []
    numbers: list[int] = []
    for number, line in _lines(source):
        cells = _bed_cells(line)
        if len(cells) < 3:
            raise TableError(f"{source.name}: line {number:,} has {len(cells)} columns; BED has 3")
        if not rows and not (cells[1].isdigit() and cells[2].isdigit()):
            continue  # a header
        rows.append("\t".join([*cells, *[""] * 6][:6]))
        numbers.append(number)
    frame = _as_frame(rows, "bed").assign(line=numbers)
    places = _places(frame, source.name, first=0)
    spans = places["start"].astype(str) + "-" + places["end"].astype(str)
    name = frame["name"].str.strip()
    gene = name.where(~name.isin(["", "."]), places["chromosome"] + ":" + spans)
    return places.assign(
        gene=gene, gene_name=gene, transcript="", biotype="", is_canonical=False
    )  # fmt: skip


def _as_frame(rows: list[str], schema: str) -> pd.DataFrame:
    import csv

    import pandas as pd

    bioframe: Any = require("bioframe", extra="genome")
    if not rows:
        return pd.DataFrame(columns=["chrom", "start", "end", "strand", "feature", "attributes"])
    table: pd.DataFrame = bioframe.read_table(
        io.StringIO("\n".join(rows)), schema=schema, dtype=str, quoting=csv.QUOTE_NONE,
        keep_default_na=False,
    )  # fmt: skip
    return table.fillna("")


def _places(frame: pd.DataFrame, name: str, *, first: int) -> pd.DataFrame:
    """Check the coordinates, which count from `first`, and give them 0-based and half-open."""
    import pandas as pd

    chromosome = frame["chrom"].str.strip()
    start = pd.to_numeric(frame["start"], errors="coerce") - first
    end = pd.to_numeric(frame["end"], errors="coerce")
    strand = frame["strand"].str.strip().map(_STRANDS)
    problems = (
        (start.isna() | end.isna() | (start % 1 != 0) | (end % 1 != 0), "its place is no number"),
        (start < 0, f"it starts before {first}"),
        (end < start + first, "it ends before it starts"),
        (chromosome == "", "it names no chromosome"),
        (strand.isna(), "its strand is none of + - ."),
    )
    for is_bad, what in problems:
        if is_bad.any():
            bad = frame[is_bad].iloc[0]
            found = f"{bad['chrom']} {bad['start']} {bad['end']} {bad['strand']}"
            more = f" ({int(is_bad.sum()):,} lines are so)" if is_bad.sum() > 1 else ""
            raise TableError(f"{name}: line {bad['line']:,}: {what}{more}; found {found}")
    return pd.DataFrame(
        {
            "chromosome": chromosome, "start": start.astype("int64"), "end": end.astype("int64"),
            "strand": strand, "line": frame["line"],
        }
    )  # fmt: skip
