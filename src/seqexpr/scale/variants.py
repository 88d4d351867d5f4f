"""Score variants in blocks: pairs of sequences in a Parquet table of any size."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqexpr.data.parquet_blocks import ParquetBlock, find_blocks, iter_block
from seqexpr.data.writer import TableWriter
from seqexpr.scale.jobs import BlockResult, check_destination, run_job
from seqexpr.variants.effect_table import (
    Tally,
    VariantSummary,
    effect_table,
    join_variant_summaries,
)
from seqexpr.variants.sequence_variants import PairColumns, pair_up

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.scale.backend import Backend

__all__ = ["score_table_blocks"]

_BATCH = 10_000
"""Variants that a worker scores at a time."""


def score_table_blocks(  # noqa: PLR0913 - one keyword for each choice
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    reference: str | None = None,
    alternative: str | None = None,
    id: str | None = None,
    covariates: Mapping[str, object] | None = None,
    backend: Backend | None = None,
    block_rows: int = 100_000,
    resume: bool = False,
    on_rows: Callable[[int], None] = lambda n_rows: None,
) -> VariantSummary:
    """Score a Parquet table of pairs of sequences, the same as :func:`score_table` does.

    Parameters
    ----------
    bundle : Bundle
        A loaded model; workers read a copy of it beside the destination.
    source : str or Path
        A Parquet file or a folder of them, where every worker can read it.
    destination : str or Path
        A folder, for a name without an ending: ``part-000000.parquet``, … in
        the order of the rows. Or one file: .csv, .tsv or .parquet.
    reference, alternative, id, covariates
        As for :func:`score_table`.
    backend, block_rows, resume, on_rows
        As for :func:`~seqexpr.scale.predict.predict_blocks`.

    Returns
    -------
    VariantSummary
        As :func:`score_table` gives it.

    Raises
    ------
    TableError, ColumnError
        If the input is no Parquet, cannot be read, or lacks a column.
    OutputError
        If the output cannot be written, or a block is not as its worker left it.
    """
    target = check_destination(destination, formats=("csv", "tsv", "parquet"), source=source)
    blocks = find_blocks(source, rows=block_rows)
    _, first = next(iter_block(blocks[0], batch_size=1))
    columns = PairColumns.of(
        list(map(str, first.columns)), reference, alternative, id=id, source=str(source)
    )
    task = _ScorePairs(columns, tuple(sorted((covariates or {}).items())))
    said = run_job(
        bundle, task, blocks, target=target, backend=backend, resume=resume, on_rows=on_rows
    )
    return join_variant_summaries([VariantSummary.from_dict(summary) for summary in said])


@dataclass(frozen=True)
class _ScorePairs:
    """What is done with a block.

    Attributes
    ----------
    columns : PairColumns
        Where the sequences stand.
    covariates : tuple of (str, object)
        The value of each covariate.
    """

    columns: PairColumns
    covariates: tuple[tuple[str, object], ...]

    def start(self, bundle: Bundle) -> Callable[[ParquetBlock, Path], BlockResult]:
        """Return what scores a block."""
        covariates = dict(self.covariates)

        def write(block: ParquetBlock, file: Path) -> BlockResult:
            tally = Tally()
            with TableWriter(file) as writer:
                for first_row, frame in iter_block(block, batch_size=_BATCH):
                    batch = pair_up(frame, self.columns, first_row=first_row)
                    effects = effect_table(bundle, batch, covariates=covariates)
                    tally.count(batch, effects)
                    writer.write(effects)
            return tally.n_rows, tally.summary(bundle).to_dict()

        return write
