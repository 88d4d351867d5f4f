"""What became of the genes of an annotation on their way to windows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["LeftOut", "WindowsSummary"]


@dataclass(frozen=True)
class LeftOut:
    """Features that gave no window.

    Attributes
    ----------
    reason : str
        Why, in words.
    n : int
        How many.
    examples : tuple of str
        Up to three of their genes.
    """

    reason: str
    n: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class WindowsSummary:
    """What became of the genes of an annotation.

    Attributes
    ----------
    n_genes : int
        Genes of the annotation, or names in the BED file.
    n_features : int
        Transcripts, genes or intervals that were chosen to give a window.
        `n_windows` and all that was left out add up to it.
    n_windows : int
        Rows written.
    lengths : (int, int)
        Shortest and longest window, in bases.
    n_padded : int
        Windows that reach beyond an end of their chromosome, filled with N.
    n_unknown : int
        Windows with N (or another letter than A, C, G, T) in the genome.
    n_groups : int
        Groups; rows of one must not be divided by a split.
    n_largest_group : int
        Windows of the largest group.
    samples : tuple of str
        Columns of measured values.
    n_measured : int
        Genes of the annotation with a value in the expression table.
    n_rows_unmatched : int
        Rows of the expression table whose gene the annotation does not have.
    n_version : int
        Rows of the expression table that were matched without the version of
        their id.
    left_out : tuple of LeftOut
        Why features gave no window.
    notes : tuple of str
        What was chosen and assumed, in words.
    warnings : tuple of str
        What may spoil a model, in words.
    """

    n_genes: int
    n_features: int
    n_windows: int
    lengths: tuple[int, int]
    n_padded: int
    n_unknown: int
    n_groups: int
    n_largest_group: int
    samples: tuple[str, ...] = ()
    n_measured: int = 0
    n_rows_unmatched: int = 0
    n_version: int = 0
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers, strings, lists and dictionaries."""
        return asdict(self)
