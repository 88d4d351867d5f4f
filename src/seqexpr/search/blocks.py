"""Blocks: the sets of features that a candidate can be put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqexpr.data.jaspar import jaspar_motifs
from seqexpr.data.motifs import Motif, read_motifs
from seqexpr.features.composition import Composition
from seqexpr.features.dyads import SpacedDyads
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.motifs import MotifScanner
from seqexpr.features.onehot import OneHot
from seqexpr.features.pairs import PairedOneHot
from seqexpr.features.patches import PatchKernels
from seqexpr.features.positional import PositionalKmers
from seqexpr.features.windows import WindowComposition
from seqexpr.models.registry import have_common_positions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["BLOCKS", "ECOLI", "NONE", "Block", "Library", "motif_sets"]

ECOLI = "ecoli"
_JASPAR_GROUPS = ("vertebrates", "fungi", "plants", "insects")
_WIDEST = 8_000
"""Columns of k-mers by place; 9,240 took trees 107 s a fold of 8,000 rows, 1,364 k-mers 4 s."""
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
    motifs : tuple of str
        Sets of motifs that may be tried; see :func:`motif_sets`.
    covariates : bool
        Whether there are covariates beside the sequence.
    transfers : bool
        Whether there is a network of another run to go on from.

    Examples
    --------
    >>> Library.of(["ACGT", "AC"])
    Library(n_rows=2, length=4, aligned=False, motifs=(), covariates=False, transfers=False)
    """

    n_rows: int
    length: int
    aligned: bool
    motifs: tuple[str, ...] = ()
    covariates: bool = False
    transfers: bool = False

    @classmethod
    def of(
        cls,
        sequences: Sequence[str] | npt.NDArray[np.object_],
        *,
        motifs: tuple[str, ...] = (),
        covariates: bool = False,
        transfers: bool = False,
    ) -> Library:
        """Describe the train sequences, length n."""
        texts = list(sequences)
        longest = max(map(len, texts), default=0)
        aligned = have_common_positions(texts)
        return cls(len(texts), max(1, longest), aligned, motifs, covariates, transfers)


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
    fits : callable, optional
        ``fits(choice, library)``: whether a choice is worth its width.
    """

    name: str
    title: Callable[[str], str]
    build: Callable[[str, Library, bool, int], Any]
    by_position: bool = False
    learns: bool = False
    fits: Callable[[str, Library], bool] = lambda choice, library: True


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


def _is_narrow(choice: str, library: Library) -> bool:
    """Whether k-mers at each place make few enough columns for boosted trees to be quick."""
    span, width = choice.split("/")
    low, high = _span(span)
    kmers = sum(int(4**k) for k in range(low, high + 1))
    return kmers * library.length // int(width) <= _WIDEST


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


def _motifs(choice: str, library: Library, both: bool, n_jobs: int) -> MotifScanner:
    return MotifScanner(_motif_set(choice), anchor="right", n_jobs=n_jobs)


@cache
def _motif_set(name: str) -> tuple[Motif, ...] | None:
    if name == ECOLI:
        return None  # the scanner's own
    return read_motifs(name) if Path(name).is_file() else jaspar_motifs(name)


def motif_sets(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the sets of motifs that a search may try.

    Parameters
    ----------
    asked : sequence of str
        Names of sets: ``"ecoli"`` (elements of *E. coli* promoters), a taxon of
        JASPAR (needs the extra ``motifs``), or a file in MEME format. Empty =
        ``"ecoli"`` and, where JASPAR is installed, its large groups.

    Raises
    ------
    InputError
        If a file cannot be read or JASPAR has no such taxon.
    MissingExtraError
        If JASPAR is asked for and not installed.

    Examples
    --------
    >>> motif_sets(["ecoli"])
    ('ecoli',)
    """
    if not asked:
        return (ECOLI, *(_JASPAR_GROUPS if find_spec("pyjaspar") else ()))
    for name in asked:
        _motif_set(name)
    return tuple(dict.fromkeys(asked))


def _between(choice: str) -> str:
    low, high = _span(choice)
    return f"{low}- to {high}-mers"


def _where(choice: str) -> str:
    span, width = choice.split("/")
    return f"{_between(span)} by {'position' if width == '1' else f'places {width} bases apart'}"


_ALL = (
    Block("kmers", _between, _kmers),
    Block("gapped", lambda choice: "gapped {}-mers ({} fixed)".format(*choice.split(",")), _gapped),
    Block("positional", _where, _positional, by_position=True, fits=_is_narrow),
    Block("onehot", lambda choice: "bases by position", _onehot, by_position=True),
    Block("composition", lambda choice: "composition", _composition),
    Block("motifs", lambda c: f"motifs ({Path(c).name})", _motifs),
    Block("windows", lambda c: f"composition in windows of {c} bases", _windows, by_position=True),
    Block("dyads", lambda c: "spaced pairs of 3-mers", _dyads),
    Block("patches", lambda c: f"patches of {c.split(',')[0]} bases", _patches, learns=True),
    Block("pairs", lambda c: f"{c} pairs of positions", _pairs, by_position=True, learns=True),
)
BLOCKS = {block.name: block for block in _ALL}
"""Every block by name."""
