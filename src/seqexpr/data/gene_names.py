"""One gene, several names: ids with or without a version, and symbols."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GeneMatch", "GeneNames", "without_version"]

_VERSION = re.compile(r"\.\d+(?=$|_PAR_Y$)")


def without_version(name: str) -> str:
    """Return an id without the version after its dot.

    Examples
    --------
    >>> [without_version(name) for name in ("ENSG00000141510.18", "ENSG02.5_PAR_Y", "lacZ")]
    ['ENSG00000141510', 'ENSG02_PAR_Y', 'lacZ']
    """
    return _VERSION.sub("", name)


@dataclass(frozen=True)
class GeneMatch:
    """Which genes the names of a table are.

    Attributes
    ----------
    genes : tuple of str or None
        The gene of each name; None for a name that is none.
    by : {"id", "name"}
        What the names are: ids of genes, or symbols.
    n_version : int
        Names that are known only without the version of their id.
    """

    genes: tuple[str | None, ...]
    by: str
    n_version: int

    @property
    def n_genes(self) -> int:
        """Different genes that were found."""
        return len({gene for gene in self.genes if gene is not None})


class GeneNames:
    """The genes of an annotation, to be found by id or by name.

    Parameters
    ----------
    features : DataFrame
        gene, gene_name and transcript, as of
        :class:`seqexpr.data.annotation.Annotation`.

    Examples
    --------
    >>> import pandas as pd
    >>> names = GeneNames(pd.DataFrame({
    ...     "gene": ["ENSG01.4", "ENSG02.1"], "gene_name": ["TP53", "MYC"], "transcript": "",
    ... }))
    >>> names.match(["ENSG02", "ENSG01.4", "ENSG09"])
    GeneMatch(genes=('ENSG02.1', 'ENSG01.4', None), by='id', n_version=1)
    >>> names.match(["MYC"]).genes
    ('ENSG02.1',)
    """

    def __init__(self, features: pd.DataFrame) -> None:
        genes = features.drop_duplicates("gene")
        pairs = list(zip(genes["gene_name"].tolist(), genes["gene"].tolist(), strict=True))
        self._ids = {gene: gene for _, gene in pairs}
        self._versionless = _unique((without_version(gene), gene) for _, gene in pairs)
        self._names = _unique((name, gene) for name, gene in pairs if name)
        self._transcripts = {without_version(name) for name in features["transcript"].tolist()}

    @property
    def example(self) -> str:
        """The id of one gene, to show what is expected."""
        return next(iter(self._ids), "")

    def match(self, names: Sequence[str]) -> GeneMatch:
        """Find the gene of each name, by whatever finds the most genes.

        An id is taken as it is, else without its version, if that is the id of
        one gene only. A name that several genes share finds none of them.
        """
        return max(self._by_id(names), self._by_name(names), key=lambda match: match.n_genes)

    def n_transcripts(self, names: Iterable[str]) -> int:
        """Return how many of the names are transcripts, whatever their version."""
        return sum(without_version(name) in self._transcripts for name in names if name)

    def _by_id(self, names: Sequence[str]) -> GeneMatch:
        exact = [self._ids.get(name) for name in names]
        genes = [
            gene or self._versionless.get(without_version(name))
            for name, gene in zip(names, exact, strict=True)
        ]
        known = sum(gene is not None for gene in genes)
        return GeneMatch(tuple(genes), "id", known - sum(gene is not None for gene in exact))

    def _by_name(self, names: Sequence[str]) -> GeneMatch:
        return GeneMatch(tuple(self._names.get(name) for name in names), "name", 0)


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return key to value, without the keys that have several values."""
    found: dict[str, str | None] = {}
    for key, value in pairs:
        found[key] = value if found.get(key, value) == value else None
    return {key: value for key, value in found.items() if value is not None}
