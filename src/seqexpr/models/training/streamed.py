"""Batches of rows that do not fit in memory: read, mixed and encoded piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.data.row_store import RowBatch
from seqexpr.models.training.examples import Batch, Examples, Feed
from seqexpr.models.training.sources import RowSource

if TYPE_CHECKING:
    import torch

__all__ = ["StreamedExamples", "as_examples"]

Encode = Callable[[list[str]], npt.NDArray[np.uint8]]


def as_examples(rows: RowBatch, source: RowSource, encode: Encode) -> Examples:
    """Return rows as a network reads them.

    Parameters
    ----------
    rows : RowBatch
        Some of the source.
    source : RowSource
        Has the scale of targets and weights.
    encode : callable
        From sequences to base codes, all of one width.
    """
    scale = np.where(source.scale > 0, source.scale, 1.0)
    weights = np.ones(len(rows.targets)) if rows.weights is None else rows.weights
    return Examples(
        encode(rows.sequences),
        ((rows.targets - source.center) / scale).astype(np.float32),
        (weights / source.mean_weight).astype(np.float32),
    )


@dataclass(frozen=True, eq=False)
class StreamedExamples:
    """Rows that are read again in each epoch.

    Attributes
    ----------
    source : RowSource
        Where they are.
    encode : callable
        From sequences to base codes, all of one width.
    """

    source: RowSource
    encode: Encode
    n_covariates: int = 0

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return self.source.n_targets

    def __len__(self) -> int:
        return self.source.n_rows

    def fingerprint(self) -> str:
        """Return a digest of the rows."""
        return self.source.fingerprint

    def feed(self, device: torch.device) -> _StreamFeed:
        """Return what gives them to a network on a device."""
        return _StreamFeed(self, device)


@dataclass(frozen=True, eq=False)
class _StreamFeed:
    """Batches across the pieces of a stream."""

    rows: StreamedExamples
    device: torch.device

    def epoch(
        self, seed: Sequence[int], *, size: int, skip: int = 0, share: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """Yield all rows, mixed by `seed`; see :class:`seqexpr.models.training.examples.Batches`.

        What a piece leaves over begins the first batch of the next.
        """
        passed, left = skip * size, None
        for piece in _shared(self.rows.source.pieces(seed), *share):
            n = len(piece.sequences)
            if passed >= n:
                passed -= n
                continue
            rows = piece.take(np.arange(passed, n)) if passed else piece
            passed = 0
            examples = as_examples(rows, self.rows.source, self.rows.encode)
            examples = examples if left is None else _joined(left, examples)
            n_whole = len(examples) // size * size
            left = examples.take(np.arange(n_whole, len(examples)))
            yield from Feed(examples, self.device).batches(np.arange(n_whole), size)
        if left is not None and len(left):
            yield from Feed(left, self.device).batches(np.arange(len(left)), size)


def _shared(pieces: Iterator[RowBatch], number: int, count: int) -> Iterator[RowBatch]:
    """Yield the rows of one of several processes; all have equally many, some rows twice."""
    first, at = None, 0
    for piece in pieces:
        first = piece if first is None else first
        n = len(piece.sequences)
        yield piece.take(np.arange((number - at) % count, n, count)) if count > 1 else piece
        at += n
    # Row `at` and those after it stand for the first ones again.
    if first is not None and 0 < at % count <= number:
        yield first.take(np.array([number - at % count]))


def _joined(one: Examples, other: Examples) -> Examples:
    return Examples(
        np.concatenate([one.codes, other.codes]),
        np.concatenate([one.targets, other.targets]),
        np.concatenate([one.weights, other.weights]),
    )
