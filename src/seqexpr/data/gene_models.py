"""Genes and transcripts from the lines of a GTF or GFF3 file, in the styles of its sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PARTS", "transcripts_of_gff3", "transcripts_of_gtf"]

PARTS = frozenset(
    {
        "exon", "cds", "intron", "utr", "five_prime_utr", "three_prime_utr", "5utr", "3utr",
        "start_codon", "stop_codon", "selenocysteine", "inter", "inter_cns", "intron_cns",
        "region", "chromosome", "scaffold", "contig", "supercontig", "biological_region",
        "protein", "polypeptide", "cdna_match", "match", "match_part", "expressed_sequence_match",
        "protein_match", "repeat_region", "sequence_feature", "sequence_alteration",
    }
)  # fmt: skip
"""Features, in lower case, that are no gene and no transcript: most lines of a file."""

# What the sources tag the transcript with that stands for its gene.
_CANONICAL = r"\b(?:Ensembl_canonical|MANE[_ ]Select|RefSeq[_ ]Select)\b"
_COLUMNS = ("chromosome", "start", "end", "strand", "line")


def transcripts_of_gtf(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return a row for each transcript, and for each gene that has none.

    Parameters
    ----------
    frame : DataFrame
        The lines of genes and transcripts, or of parts of transcripts (exons)
        where there are no others: chromosome, start, end (0-based, half-open),
        strand, line, feature, attributes.
    source : str
        Name of the file, for messages.

    Returns
    -------
    DataFrame
        Also gene, gene_name, transcript (empty for a gene without one),
        biotype and is_canonical, in the order of the file.

    Raises
    ------
    TableError
        If a line names no gene.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({
    ...     "chromosome": "1", "start": [0, 10], "end": [90, 80], "strand": "+", "line": [1, 2],
    ...     "feature": ["gene", "transcript"],
    ...     "attributes": ['gene_id "G1"; gene_name "x";', 'gene_id "G1"; transcript_id "T1";'],
    ... })
    >>> found = transcripts_of_gtf(lines, "a.gtf")
    >>> found[["gene", "gene_name", "transcript", "start"]].values.tolist()
    [['G1', 'x', 'T1', 10]]
    """
    import pandas as pd

    read = _gtf_attribute(frame["attributes"])
    out = frame[list(_COLUMNS)].assign(
        gene=read("gene_id"),
        gene_name=read("gene_name", "gene"),
        transcript=read("transcript_id"),
        biotype=read("gene_biotype", "gene_type", "transcript_biotype", "transcript_type"),
        is_canonical=frame["attributes"].str.contains(_CANONICAL),
    )
    _check_genes(out, source)
    is_gene = (frame["feature"].str.lower() == "gene").to_numpy()
    genes, transcripts = out[is_gene], out[~is_gene]
    if not is_gene.any() and not (frame["feature"].str.lower() == "transcript").any():
        transcripts = _joined(transcripts)
    alone = genes[~genes["gene"].isin(transcripts["gene"])].assign(transcript="")
    merged = pd.concat([transcripts, alone]).sort_values("line", kind="stable")
    return _filled_from(merged.reset_index(drop=True), genes)


def transcripts_of_gff3(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return a row for each transcript, and for each gene that has none.

    A gene is a feature whose type ends in "gene"; a transcript is a child of a
    gene, or an mRNA or transcript whose gene is not there. The gene is called
    by its gene_id, its locus_tag, or its ID without "gene:" or "gene-", so the
    styles of Ensembl, GENCODE, RefSeq and NCBI's bacteria give the names that
    are used elsewhere.

    Parameters
    ----------
    frame : DataFrame
        As for :func:`transcripts_of_gtf`.
    source : str
        Name of the file, for messages.

    Returns
    -------
    DataFrame
        As of :func:`transcripts_of_gtf`.

    Raises
    ------
    TableError
        If a line names no gene.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({
    ...     "chromosome": "U1", "start": [189], "end": [255], "strand": "+", "line": [8],
    ...     "feature": ["gene"],
    ...     "attributes": ["ID=gene-b0001;Name=thrL;gbkey=Gene;gene=thrL;locus_tag=b0001"],
    ... })
    >>> transcripts_of_gff3(lines, "a.gff")[["gene", "gene_name", "transcript"]].values.tolist()
    [['b0001', 'thrL', '']]
    """
    import pandas as pd

    read = _gff3_attribute(frame["attributes"])
    own, parent = read("ID"), read("Parent").str.partition(",")[0]
    feature = frame["feature"].str.lower()
    is_gene = feature.str.endswith("gene")
    is_gene &= ~parent.isin(own[is_gene & (own != "")])  # a pseudogene of a gene is a transcript
    genes = frame.loc[is_gene, list(_COLUMNS)].assign(
        key=own[is_gene],
        gene=_first(read("gene_id"), read("locus_tag"), _bare(own), read("gene"))[is_gene],
        gene_name=_first(read("gene_name"), read("Name"), read("gene"))[is_gene],
        transcript="",
        biotype=_first(
            read("gene_biotype"), read("gene_type"), read("biotype"), frame["feature"]
        )[is_gene],
        is_canonical=False,
    )  # fmt: skip
    by_key = dict(zip(genes["key"].tolist(), genes["gene"].tolist(), strict=True))
    is_child = ~is_gene & parent.isin(by_key.keys() - {""})
    is_orphan = ~is_gene & ~is_child & feature.isin(["mrna", "transcript"])
    named = _first(read("gene_id"), read("locus_tag"), read("gene"), _bare(parent), _bare(own))
    gene = named.where(~is_child, [by_key.get(key, "") for key in parent.tolist()])
    chosen = is_child | is_orphan
    transcripts = frame.loc[chosen, list(_COLUMNS)].assign(
        gene=gene[chosen],
        gene_name=_first(read("gene_name"), read("gene"))[chosen],
        transcript=_first(read("transcript_id"), _bare(own))[chosen],
        biotype="",
        is_canonical=frame.loc[chosen, "attributes"].map(unquote).str.contains(_CANONICAL),
    )
    alone = genes[~genes["gene"].isin(transcripts["gene"])]
    merged = pd.concat([transcripts, alone.drop(columns="key")])
    _check_genes(merged, source)
    merged = merged.sort_values("line", kind="stable").reset_index(drop=True)
    return _filled_from(merged, genes)


def _check_genes(frame: pd.DataFrame, source: str) -> None:
    nameless = frame.loc[frame["gene"] == "", "line"]
    if len(nameless):
        raise TableError(
            f"{source}: {len(nameless):,} lines name no gene (first: line {nameless.iloc[0]:,}); "
            "expected gene_id (GTF), or ID, gene_id or locus_tag (GFF3)"
        )


def _joined(parts: pd.DataFrame) -> pd.DataFrame:
    """Make one row of the exons of each transcript."""
    keys = ["chromosome", "strand", "gene", "transcript"]
    rules = {"start": "min", "end": "max", "line": "min", "gene_name": "first", "biotype": "first",
             "is_canonical": "any"}  # fmt: skip
    return parts.groupby(keys, sort=False, as_index=False).agg(rules)[list(parts.columns)]


def _filled_from(transcripts: pd.DataFrame, genes: pd.DataFrame) -> pd.DataFrame:
    """Take the name and the biotype of the gene where the transcript does not say them."""
    first = genes.drop_duplicates("gene")
    for column in ("gene_name", "biotype"):
        of_gene = dict(zip(first["gene"].tolist(), first[column].tolist(), strict=True))
        own = transcripts[column].tolist()
        names = transcripts["gene"].tolist()
        transcripts[column] = [
            cell or of_gene.get(gene, "") for cell, gene in zip(own, names, strict=True)
        ]
    return transcripts


def _first(*columns: pd.Series[Any]) -> pd.Series[Any]:
    """Return the first cell of each row that is not empty."""
    out = columns[0]
    for column in columns[1:]:
        out = out.where(out != "", column)
    return out


def _bare(ids: pd.Series[Any]) -> pd.Series[Any]:
    """Return IDs without the kind that Ensembl and NCBI put before them."""
    return ids.str.replace(r"^(?:gene|rna|transcript|mRNA)[:-]", "", regex=True)


class _Attribute:
    """Reads one attribute of every line; empty where it is not there."""

    def __init__(self, attributes: pd.Series[Any], pattern: str, *, is_quoted: bool) -> None:
        self._attributes = attributes
        self._pattern = pattern
        self._is_quoted = is_quoted

    def __call__(self, *names: str) -> pd.Series[Any]:
        return _first(*(self._read(name) for name in names))

    def _read(self, name: str) -> pd.Series[Any]:
        pattern = self._pattern.format(re.escape(name))
        cells = self._attributes.str.extract(pattern, expand=False).fillna("").str.strip()
        if self._is_quoted and cells.str.contains("%", regex=False).any():
            return cells.map(unquote)
        return cells


def _gtf_attribute(attributes: pd.Series[Any]) -> _Attribute:
    return _Attribute(attributes, r'(?:^|;)\s*{} +"?([^";]*)', is_quoted=False)


def _gff3_attribute(attributes: pd.Series[Any]) -> _Attribute:
    return _Attribute(attributes, r"(?:^|;)\s*{}=([^;]*)", is_quoted=True)
