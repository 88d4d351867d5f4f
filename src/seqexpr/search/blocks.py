"""Blocks: the sets of features that a candidate can be put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqexpr.features.composition import Composition
from seqexpr.features.dyads import SpacedDyads
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.features.pairs import PairedOneHot
from seqexpr.features.patches import PatchKernels
from seqexpr.features.positional import PositionalKmers
from seqexpr.features.windows import WindowComposition
from seqexpr.models.registry import have_common_positions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["BLOCKS", "NONE", "Block", "Library"]

NONE = "none"
"""The choice of a block that leaves it out."""


@dataclass(frozen=True)
class Library:
    """What the search space depends on.

    Attributes
    ----------
    n_rows : int
        Train rows.
    length : int
        Bases of the longest train sequence, at least 1.
    aligned : bool
        Whether positions can be compared between sequences.

    Examples
    --------
    >>> Library.of(["ACGT", "AC"])
    Library(n_rows=2, length=4, aligned=False)
    """

    n_rows: int
    length: int
    aligned: bool

    @classmethod
    def of(cls, sequences: Sequence[str] | npt.NDArray[np.object_]) -> Library:
        """Describe the train sequences, length n."""
        texts = list(sequences)
        longest = max(map(len, texts), default=0)
        return cls(len(texts), max(1, longest), have_common_positions(texts))


@dataclass(frozen=True)
class Block:
    """One set of features.

    Attributes
    ----------
    name : str
        Name of the parameter.
    title : callable
        ``title(choice)``: what it counts, for people.
    build : callable
        ``build(choice, library, both_strands, n_jobs)`` returns an unfitted
        featurizer.
    by_position : bool
        Whether it makes sense for aligned libraries only.
    learns : bool
        Whether it learns more from sequences than their length, so that it must
        be fitted anew without each fold.
    """

    name: str
    title: Callable[[str], str]
    build: Callable[[str, Library, bool, int], Any]
    by_position: bool = False
    learns: bool = False


def _strands(both: bool) -> Any:
    return "canonical" if both else "single"


def _span(text: str) -> tuple[int, int]:
    low, high = text.split("-")
    return int(low), int(high)


def _kmers(choice: str, library: Library, both: bool, n_jobs: int) -> KmerCounter:
    return KmerCounter(k=_span(choice), strands=_strands(both), n_jobs=n_jobs)


def _gapped(choice: str, library: Library, both: bool, n_jobs: int) -> GappedKmers:
    window, fixed = choice.split(",")
    return GappedKmers(l=int(window), k=int(fixed), strands=_strands(both))


def _positional(choice: str, library: Library, both: bool, n_jobs: int) -> PositionalKmers:
    span, width = choice.split("/")
    return PositionalKmers(
        k=_span(span), width=int(width), anchor="right", length=library.length,
        smooth=int(width) > 1,  # a place for each base needs no sharing
    )  # fmt: skip


def _onehot(choice: str, library: Library, both: bool, n_jobs: int) -> OneHot:
    return OneHot(length=library.length, anchor="left" if choice == "left" else "right")


def _composition(choice: str, library: Library, both: bool, n_jobs: int) -> Composition:
    return Composition()


def _pairs(choice: str, library: Library, both: bool, n_jobs: int) -> PairedOneHot:
    return PairedOneHot(n_pairs=int(choice), length=library.length, anchor="right")


def _dyads(choice: str, library: Library, both: bool, n_jobs: int) -> SpacedDyads:
    return SpacedDyads(gaps=_span(choice), strands=_strands(both))


def _windows(choice: str, library: Library, both: bool, n_jobs: int) -> WindowComposition:
    return WindowComposition(width=int(choice), anchor="right", length=library.length)


def _patches(choice: str, library: Library, both: bool, n_jobs: int) -> PatchKernels:
    k, n_anchors = choice.split(",")
    return PatchKernels(k=int(k), n_anchors=int(n_anchors), strands=_strands(both))


def _between(choice: str) -> str:
    low, high = _span(choice)
    return f"{low}- to {high}-mers"


def _where(choice: str) -> str:
    span, width = choice.split("/")
    return f"{_between(span)} by {'position' if width == '1' else f'places {width} bases apart'}"


_ALL = (
    Block("kmers", _between, _kmers),
    Block("gapped", lambda choice: "gapped {}-mers ({} fixed)".format(*choice.split(",")), _gapped),
    Block("positional", _where, _positional, by_position=True),
    Block("onehot", lambda choice: "bases by position", _onehot, by_position=True),
    Block("composition", lambda choice: "composition", _composition),
    Block("windows", lambda c: f"composition in windows of {c} bases", _windows, by_position=True),
    Block("dyads", lambda c: "spaced pairs of 3-mers", _dyads),
    Block("patches", lambda c: f"patches of {c.split(',')[0]} bases", _patches, learns=True),
    Block("pairs", lambda c: f"{c} pairs of positions", _pairs, by_position=True, learns=True),
)
BLOCKS = {block.name: block for block in _ALL}
"""Every block by name."""
