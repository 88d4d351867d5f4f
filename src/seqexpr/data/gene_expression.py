"""Expression by gene, such as TPM, matched to the genes of an annotation."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from seqexpr.data.cells import as_labels, as_texts, is_damaged_id, kind_of_cell, to_numbers
from seqexpr.data.content import looks_numeric
from seqexpr.data.gene_names import GeneMatch, GeneNames
from seqexpr.data.table import TableLike, read_frame
from seqexpr.data.vocabulary import GROUP, ID, plain_name
from seqexpr.errors import ColumnError, InputError, TableError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ExpressionSource",
    "GeneExpression",
    "OnDuplicate",
    "read_families",
    "read_gene_expression",
]

OnDuplicate: TypeAlias = Literal["error", "sum", "mean"]

# Numbers that stand beside the samples. A sample may be called almost anything else.
_NO_SAMPLE = (
    r"row_names|unnamed(_\d+)?|chr(om(osome)?)?|start|end|strand|pos(ition)?|tss"
    r"|((gene|effective|eff|transcript|exon|exonic|mean)_?)?length|width|(n|num)_?exons?"
    r"|num_?reads|gc|gc_?content|rank|index|entrez(_?(gene_?)?id)?|gene_?id|version"
)


@dataclass(frozen=True, eq=False)
class ExpressionSource:
    """A table of measured values by gene, and how it is read.

    Attributes
    ----------
    table : str, Path or DataFrame
        A row for each gene, as CSV, TSV, Parquet or Excel: a column of ids or
        names of genes, and a column of numbers for each sample.
    gene_column : str or None
        Which column names the genes. None: the one in which most genes of the
        annotation are found.
    samples : tuple of str
        Columns to take. Empty: every column of numbers but those that are
        known to be something else (length, start, end, …).
    on_duplicate : {"error", "sum", "mean"}
        What to do with rows of one gene whose values differ. Rows that are the
        same are one, always. Default "error".
    pseudocount : float
        Added to every value, at least 0, so that zeros have a logarithm.
        Default 0.
    family_column : str or None
        Column that names the family of each gene.
    """

    table: TableLike
    gene_column: str | None = None
    samples: tuple[str, ...] = ()
    on_duplicate: OnDuplicate = "error"
    pseudocount: float = 0.0
    family_column: str | None = None

    def __post_init__(self) -> None:
        if self.on_duplicate not in ("error", "sum", "mean"):
            raise InputError(f"on_duplicate {self.on_duplicate!r}: expected error, sum or mean")
        if not (np.isfinite(self.pseudocount) and self.pseudocount >= 0):
            raise InputError(f"pseudocount {self.pseudocount}: expected a number of at least 0")


@dataclass(frozen=True, eq=False)
class GeneExpression:
    """Measured values by gene.

    Attributes
    ----------
    values : DataFrame
        float64, a row for each gene that has a value, indexed by its id in the
        annotation; a column for each sample. NaN = not measured.
    n_rows : int
        Rows of the table.
    n_unmatched : int
        Rows whose gene the annotation does not have.
    n_version : int
        Rows that were matched without the version of their id.
    families : dict
        Gene to family, if the table has the column that was asked for.
    notes : tuple of str
        What was chosen and assumed, in words.
    """

    values: pd.DataFrame
    n_rows: int
    n_unmatched: int
    n_version: int
    families: dict[str, str]
    notes: tuple[str, ...] = ()


def read_gene_expression(source: ExpressionSource, names: GeneNames) -> GeneExpression:
    """Read measured values by gene, and find the genes in the annotation.

    Parameters
    ----------
    source : ExpressionSource
        The table, and how it is read.
    names : GeneNames
        The genes of the annotation.

    Returns
    -------
    GeneExpression
        In the order of the table.

    Raises
    ------
    TableError
        If no gene is in the annotation, or a cell that should be a number is
        something else.
    ColumnError
        If a column is not there, or there is no sample.
    InputError
        If rows of one gene differ.

    Examples
    --------
    >>> import pandas as pd
    >>> genes = pd.DataFrame({"gene": ["G1.2", "G2.1"], "gene_name": "", "transcript": ""})
    >>> tpm = pd.DataFrame({"gene_id": ["G1", "G9"], "liver": [1.5, 2.0], "brain": [0.0, 1.0]})
    >>> read_gene_expression(ExpressionSource(tpm), GeneNames(genes)).values.to_dict("index")
    {'G1.2': {'liver': 1.5, 'brain': 0.0}}
    """
    called = _called(source.table, "the expression table")
    frame, notes = read_frame(source.table)
    family = source.family_column
    _check_columns(frame, (*source.samples, source.gene_column, family), called)
    keys = [source.gene_column] if source.gene_column else _key_columns(frame, source.samples)
    key, match = _best_match(frame, keys, names, source=called)
    samples = source.samples
    if not samples:
        samples, others = _sample_columns(frame, without={key, family}, source=called)
        notes += [f"not taken as a sample: {', '.join(map(repr, others))}"] if others else []
    notes.append(f"genes: column {key!r}, as {match.by}s")
    notes.append(f"samples: {', '.join(map(repr, samples[:8]))}{' …' if len(samples) > 8 else ''}")
    numbers = _numbers(frame, samples, called) + source.pseudocount
    values, n_same = _by_gene(numbers, match, source.on_duplicate, source=called)
    if n_same:
        notes.append(f"{n_same:,} rows repeat the gene of another: {_joined(source.on_duplicate)}")
    is_empty = values.isna().all(axis=1)
    if is_empty.any():
        notes.append(f"{int(is_empty.sum()):,} genes have no value in any sample: left out")
        values = values[~is_empty]
    notes += _remarks(values, frame[key], source.pseudocount)
    families = _families(match, frame[family]) if family else {}
    if families:
        notes.append(_family_note(families))
    n_unmatched = sum(gene is None for gene in match.genes)
    return GeneExpression(
        values, len(frame), n_unmatched, match.n_version, families, tuple(notes)
    )  # fmt: skip


def _called(table: TableLike, otherwise: str) -> str:
    return str(table) if isinstance(table, (str, os.PathLike)) else otherwise


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str | None], source: str) -> None:
    columns = frame.columns.tolist()
    for name in wanted:
        if name is not None and name not in columns:
            hint = did_you_mean(name, columns) or ";"
            shown = ", ".join(map(repr, columns[:12]))
            raise ColumnError(f"{source}: no column {name!r}{hint} the columns are {shown}")


def read_families(table: TableLike, names: GeneNames) -> tuple[dict[str, str], str]:
    """Read the family of each gene from a table of two columns: gene and family.

    Returns
    -------
    families : dict
        Gene, as the annotation calls it, to family.
    note : str
        How many genes were found.

    Raises
    ------
    TableError
        If no gene is in the annotation.
    ColumnError
        If it is not clear which column names the families.

    Examples
    --------
    >>> import pandas as pd
    >>> genes = pd.DataFrame({"gene": ["G1.2", "G2.1"], "gene_name": "", "transcript": ""})
    >>> table = pd.DataFrame({"gene": ["G1", "G7"], "family": ["kinases", "kinases"]})
    >>> read_families(table, GeneNames(genes))
    ({'G1.2': 'kinases'}, 'gene families: 1 genes of 1 families')
    """
    source = _called(table, "the table of families")
    frame, _ = read_frame(table)
    key, match = _best_match(frame, frame.columns.tolist(), names, source=source)
    others = [name for name in frame.columns if name != key]
    named = [name for name in others if re.fullmatch("|".join(GROUP), plain_name(name))]
    found = named if len(others) != 1 else others
    if len(found) != 1:
        raise ColumnError(
            f"{source}: which column names the family: {', '.join(map(repr, others))}? "
            "call it family, or keep two columns: gene and family"
        )
    families = _families(match, frame[found[0]])
    return families, _family_note(families)


def _family_note(families: dict[str, str]) -> str:
    count = len(set(families.values()))
    return f"gene families: {len(families):,} genes of {count:,} families"


def _key_columns(frame: pd.DataFrame, samples: Sequence[str]) -> list[str]:
    """Return the columns that may name genes: text, and numbers that are called an id."""
    ids = "|".join(ID) + "|entrez(_?id)?|gene_?ids?|target_?id"
    return [
        name
        for name in frame.columns
        if name not in samples
        and (not looks_numeric(frame[name]) or re.fullmatch(ids, plain_name(name)))
    ]


def _best_match(
    frame: pd.DataFrame, keys: Sequence[str], names: GeneNames, *, source: str
) -> tuple[str, GeneMatch]:
    labels = {key: as_labels(frame[key]).tolist() for key in keys}
    matches = {key: names.match(labels[key]) for key in keys}
    best = max(matches, key=lambda key: matches[key].n_genes, default="")
    if best and matches[best].n_genes:
        return best, matches[best]
    if any(names.n_transcripts(cells) for cells in labels.values()):
        raise TableError(
            f"{source} names transcripts, not genes; add up their TPM by gene first (tximport does)"
        )
    shown = next((cells[0] for cells in labels.values() if cells), "nothing")
    raise TableError(
        f"{source}: none of its {len(frame):,} rows is a gene of the annotation "
        f"(found {shown!r}, expected such as {names.example!r}); pass the column of gene ids or "
        "names with --gene-column, or the annotation that the expression was counted with"
    )


def _sample_columns(
    frame: pd.DataFrame, *, without: set[str | None], source: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of numbers that are samples, and those that are something else."""
    numeric = [name for name in frame.columns if name not in without and looks_numeric(frame[name])]
    is_other = [re.fullmatch(_NO_SAMPLE, plain_name(name)) is not None for name in numeric]
    found = tuple(name for name, other in zip(numeric, is_other, strict=True) if not other)
    if not found:
        raise ColumnError(f"{source} has no column of numbers beside the genes; pass --sample COL")
    return found, tuple(name for name, other in zip(numeric, is_other, strict=True) if other)


def _numbers(frame: pd.DataFrame, samples: Sequence[str], source: str) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for name in samples:
        numbers = to_numbers(frame[name])
        for row in np.flatnonzero(np.isnan(numbers)):
            cell = as_texts(frame[name].iloc[row : row + 1])[0]
            kind = kind_of_cell(cell)
            if kind != "missing":
                raise TableError(
                    f"{source}: column {name!r}, row {row + 1:,}: {cell[:40]!r} is no number "
                    f"({kind}); write a number, or NA where nothing was measured"
                )
        columns[name] = numbers
    return pd.DataFrame(columns)


def _by_gene(
    numbers: pd.DataFrame, match: GeneMatch, rule: OnDuplicate, *, source: str
) -> tuple[pd.DataFrame, int]:
    """Return a row for each gene, and how many rows were one with another."""
    genes = np.array(match.genes, dtype=object)
    known = numbers.assign(gene=genes)[[gene is not None for gene in match.genes]]
    rows = known.drop_duplicates()
    again = rows["gene"].duplicated(keep=False)
    if again.any() and rule == "error":
        first = rows.loc[again, "gene"].iloc[0]
        where = [f"{row + 1:,}" for row in rows.index[rows["gene"] == first][:4]]
        raise InputError(
            f"{source}: {rows.loc[again, 'gene'].nunique():,} genes have several rows with "
            f"different values (first: {first!r}, rows {', '.join(where)}); pass --on-duplicate "
            "sum (parts of a gene) or mean (repeats)"
        )
    grouped = rows.groupby("gene", sort=False)
    values = grouped.sum(min_count=1) if rule == "sum" else grouped.mean()
    return values, len(known) - len(values)


def _joined(rule: OnDuplicate) -> str:
    kept = "one is kept of rows that are the same"
    return kept if rule == "error" else f"{kept}, the others give their {rule}"


def _remarks(values: pd.DataFrame, keys: pd.Series[Any], pseudocount: float) -> list[str]:
    """Return what about the values is worth knowing before training."""
    remarks = []
    cells = values.to_numpy()
    if n_below := int((cells < 0).sum()):
        remarks.append(f"{n_below:,} values are below 0, so they are taken for logarithms already")
    elif (n_zero := int((cells == 0).sum())) and not pseudocount:
        remarks.append(
            f"{n_zero:,} values are 0: for train --transform log2, write the table with "
            "--pseudocount 1; --transform rank takes them as they are"
        )
    if n_missing := int(np.isnan(cells).sum()):
        remarks.append(f"{n_missing:,} values are missing and stay empty")
    damaged = [name for name in as_labels(keys).tolist() if is_damaged_id(name)]
    if damaged:
        remarks.append(
            f"{len(damaged):,} gene names were damaged by a spreadsheet (first: {damaged[0]!r}); "
            "ids are safe from that"
        )
    return remarks


def _families(match: GeneMatch, column: pd.Series[Any]) -> dict[str, str]:
    pairs = zip(match.genes, as_labels(column).tolist(), strict=True)
    return {gene: family for gene, family in pairs if gene is not None and family}
