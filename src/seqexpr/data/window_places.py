"""Where the windows of genes lie: which transcripts, which bases around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from seqexpr.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.annotation import AnnotationFormat

__all__ = [
    "OnEdge",
    "Region",
    "TranscriptRule",
    "WindowChoice",
    "WindowShape",
    "choose_transcripts",
    "place_windows",
]

OnEdge: TypeAlias = Literal["pad", "drop"]
Region: TypeAlias = Literal["tss", "tes", "interval"]
TranscriptRule: TypeAlias = Literal["canonical", "longest", "first", "all"]

_FLANKS: dict[Region, tuple[int, int]] = {
    "tss": (1000, 500),
    "tes": (500, 500),
    "interval": (0, 0),
}


@dataclass(frozen=True)
class WindowChoice:
    """Which windows are wanted. None = the usual for the region or the format.

    Attributes
    ----------
    region : {"tss", "tes", "interval"} or None
        Around the start of the transcript, around its end, or the gene,
        transcript or BED interval as it is. None: "interval" for BED, else
        "tss".
    upstream, downstream : int or None
        Bases before and after, along the strand of the gene, at least 0. For
        "tss", `downstream` counts the first transcribed base (default 1,000
        and 500); for "tes", `upstream` counts the last one (500 and 500); for
        "interval" they are added to its ends (0 and 0).
    width : int or None
        For "interval": this many bases around its centre instead.
    transcripts : {"canonical", "longest", "first", "all"}
        Which transcripts of a gene; see :func:`choose_transcripts`. "all"
        gives each place once. Each line of a BED file gives a window, always.
        Default "canonical".
    biotypes : tuple of str
        Genes of these only, such as protein_coding. Empty: all.
    on_edge : {"pad", "drop"}
        Windows that reach beyond their chromosome: filled with N, or left out.
        Default "pad".
    max_length : int
        Longer windows are left out, in bases. Default 100,000.
    """

    region: Region | None = None
    upstream: int | None = None
    downstream: int | None = None
    width: int | None = None
    transcripts: TranscriptRule = "canonical"
    biotypes: tuple[str, ...] = ()
    on_edge: OnEdge = "pad"
    max_length: int = 100_000

    def __post_init__(self) -> None:
        for name, choices in (
            ("region", (None, *_FLANKS)),
            ("transcripts", ("canonical", "longest", "first", "all")),
            ("on_edge", ("pad", "drop")),
        ):
            given = getattr(self, name)
            if given not in choices:
                expected = [str(choice) for choice in choices if choice]
                hint = did_you_mean(str(given), expected) or ";"
                raise InputError(f"{name} {given!r}{hint} expected {' or '.join(expected)}")

    def shape(self, format: AnnotationFormat) -> WindowShape:
        """Return the bases that make a window, checked.

        Raises
        ------
        InputError
            If a number is out of range, or does not go with the region.

        Examples
        --------
        >>> WindowChoice(upstream=200).shape("gtf")
        WindowShape(region='tss', upstream=200, downstream=500, width=None)
        >>> WindowChoice().shape("bed").region
        'interval'
        """
        region: Region = self.region or ("interval" if format == "bed" else "tss")
        before, after = _FLANKS[region]
        before = before if self.upstream is None else self.upstream
        after = after if self.downstream is None else self.downstream
        if min(before, after) < 0 or (region != "interval" and before + after == 0):
            raise InputError(
                f"--upstream {before} --downstream {after}: expected numbers of bases, at least 0, "
                "and not both 0"
            )
        width = self.width
        if width is not None and (region != "interval" or before + after or width < 1):
            raise InputError(
                f"--width {width}: expected at least 1 base, with --region interval and without "
                "--upstream or --downstream; tss and tes take those two instead"
            )
        return WindowShape(region, before, after, width)


@dataclass(frozen=True)
class WindowShape:
    """Which bases of a gene make its window; the attributes are as of :class:`WindowChoice`."""

    region: Region
    upstream: int
    downstream: int
    width: int | None = None


def choose_transcripts(features: pd.DataFrame, rule: TranscriptRule) -> pd.DataFrame:
    """Keep one transcript of each gene, or all.

    Parameters
    ----------
    features : DataFrame
        As of :class:`seqexpr.data.annotation.Annotation`.
    rule : {"canonical", "longest", "first", "all"}
        "longest" spans the most bases of the genome, introns included; the
        first in the file of several as long. "canonical" is the one that the
        source tags as Ensembl_canonical, MANE Select or RefSeq Select, or the
        longest where none is tagged. "first" is the first in the file.

    Returns
    -------
    DataFrame
        Some of the rows, in their order.

    Examples
    --------
    >>> import pandas as pd
    >>> features = pd.DataFrame({
    ...     "gene": ["a", "a", "b"], "start": [0, 5, 0], "end": [50, 20, 9],
    ...     "is_canonical": [False, True, False],
    ... })
    >>> [choose_transcripts(features, rule).index.tolist() for rule in ("canonical", "longest")]
    [[1, 2], [0, 2]]
    """
    if rule == "all":
        return features
    order = features
    if rule != "first":
        spans = features["end"] - features["start"]
        ranked = features.assign(_span=spans)
        keys = ["is_canonical", "_span"] if rule == "canonical" else ["_span"]
        order = ranked.sort_values(keys, ascending=False, kind="stable")
    return features.loc[order.drop_duplicates("gene").index.sort_values()]


def place_windows(features: pd.DataFrame, shape: WindowShape) -> pd.DataFrame:
    """Return where the window of each feature lies, also beyond the ends of chromosomes.

    Parameters
    ----------
    features : DataFrame
        start, end (0-based, half-open) and strand; "." counts as "+".
    shape : WindowShape
        Which bases.

    Returns
    -------
    DataFrame
        start and end, int64, with the index of `features`.

    Examples
    --------
    >>> import pandas as pd
    >>> genes = pd.DataFrame({"start": [100, 100], "end": [300, 300], "strand": ["+", "-"]})
    >>> place_windows(genes, WindowShape("tss", upstream=30, downstream=10)).values.tolist()
    [[70, 110], [290, 330]]
    """
    start, end = features["start"].to_numpy(np.int64), features["end"].to_numpy(np.int64)
    is_minus = (features["strand"] == "-").to_numpy()
    low, high = start, end
    if shape.region in ("tss", "tes"):
        at_start = is_minus if shape.region == "tes" else ~is_minus
        low = high = np.where(at_start, start, end)
    elif shape.width is not None:
        # Where half a base is left over, it is rounded along the strand.
        low = np.where(is_minus, -(-(start + end) // 2) - (shape.width - shape.width // 2),
                       (start + end) // 2 - shape.width // 2)  # fmt: skip
        high = low + shape.width
    before = np.where(is_minus, shape.downstream, shape.upstream)
    after = np.where(is_minus, shape.upstream, shape.downstream)
    out: pd.DataFrame = features[["start", "end"]].assign(start=low - before, end=high + after)
    return out
