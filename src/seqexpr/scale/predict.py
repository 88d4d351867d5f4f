"""Predict a Parquet table of any size: block by block, on any backend, each row once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqexpr.bundle.prediction import PredictionSummary, join_summaries, predict_table
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.parquet_blocks import ParquetBlock, find_blocks, iter_block
from seqexpr.data.table import Table, iter_tables
from seqexpr.data.writer import TableWriter
from seqexpr.scale.jobs import BlockResult, check_destination, run_job

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.scale.backend import Backend

__all__ = ["predict_blocks"]

_BATCH = 10_000
"""Rows that a worker predicts at a time."""


def predict_blocks(
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    backend: Backend | None = None,
    block_rows: int = 100_000,
    sequence: str | None = None,
    id: str | None = None,
    resume: bool = False,
    on_rows: Callable[[int], None] = lambda n_rows: None,
) -> PredictionSummary:
    """Predict each sequence of a Parquet table, the same as :func:`predict_file` does.

    Parameters
    ----------
    bundle : Bundle
        A loaded model; workers read a copy of it beside the destination.
    source : str or Path
        A Parquet file or a folder of them, where every worker can read it.
    destination : str or Path
        A folder, for a name without an ending: ``part-000000.parquet``, … in
        the order of the rows. Or one file, as for :func:`predict_file`. Where
        every worker can write.
    backend : Backend, optional
        Who does it. Default processes of this machine, from four blocks on.
    block_rows : int
        Rows of a block, about. Default 100,000.
    sequence, id : str, optional
        Column names; recognised on the first rows if not given.
    resume : bool
        Whether blocks that an interrupted job finished are taken up, if it was
        this job. Default False.
    on_rows : callable
        Told the number of rows done after each block.

    Returns
    -------
    PredictionSummary
        As :func:`predict_file` gives it.

    Raises
    ------
    TableError, ColumnError
        If the input is no Parquet, cannot be read, or lacks a covariate.
    OutputError
        If the output cannot be written, or a block is not as its worker left it.
    """
    target = check_destination(
        destination, formats=("csv", "tsv", "parquet", "fasta"), source=source
    )
    blocks = find_blocks(source, rows=block_rows)
    first = next(iter_tables(source, batch_size=1_000, sequence=sequence, id=id,
                             covariate=tuple(item.name for item in bundle.covariates)))  # fmt: skip
    is_fasta = bool(target.suffix) and TableWriter(target).format == "fasta"
    said = run_job(
        bundle, _Predict(first.roles, first.source, is_fasta), blocks, target=target,
        backend=backend, resume=resume, on_rows=on_rows,
    )  # fmt: skip
    return join_summaries(
        [PredictionSummary.from_dict(summary) for summary in said], notes=first.notes
    )


@dataclass(frozen=True)
class _Predict:
    """What is done with a block.

    Attributes
    ----------
    roles : ColumnRoles
        What the columns are.
    source : str
        Name of the table.
    with_sequence : bool
        Whether sequences are written, too.
    """

    roles: ColumnRoles
    source: str
    with_sequence: bool

    def start(self, bundle: Bundle) -> Callable[[ParquetBlock, Path], BlockResult]:
        """Return what predicts a block."""

        def write(block: ParquetBlock, file: Path) -> BlockResult:
            summaries = []
            with TableWriter(file) as writer:
                for first_row, frame in iter_block(block, batch_size=_BATCH):
                    table = Table(frame, self.roles, self.source, "parquet", first_row=first_row)
                    predicted, summary = predict_table(
                        bundle, table, with_sequence=self.with_sequence
                    )
                    writer.write(predicted)
                    summaries.append(summary)
            whole = join_summaries(summaries)
            return whole.n_rows, asdict(whole)

        return write
