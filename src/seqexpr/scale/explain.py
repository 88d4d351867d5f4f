"""Explain every row of a Parquet table of any size: block by block, on any backend."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqexpr.data.columns import ColumnRoles
from seqexpr.data.parquet_blocks import ParquetBlock, find_blocks, iter_block, read_spread
from seqexpr.data.table import Table, iter_tables
from seqexpr.files import atomic_path
from seqexpr.interpretation.contributions import Choice, Settled
from seqexpr.models.fitting import set_jobs
from seqexpr.scale.jobs import BlockResult, check_destination, run_job
from seqexpr.workflow.contribution_table import (
    ContributionSummary,
    contribution_schema,
    contribution_table,
    join_contribution_summaries,
    settle_methods,
)

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.scale.backend import Backend

__all__ = ["explain_blocks"]

_BATCH = 1_000
"""Rows that a worker reads at a time."""


def explain_blocks(  # noqa: PLR0913 - one keyword for each choice
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    method: Choice = "auto",
    backend: Backend | None = None,
    block_rows: int = 10_000,
    sequence: str | None = None,
    id: str | None = None,
    seed: int = 42,
    resume: bool = False,
    on_rows: Callable[[int], None] = lambda n_rows: None,
) -> ContributionSummary:
    """Write what each base of every sequence of a Parquet table contributes.

    The method is one for the whole table: it is chosen and checked on 200 rows from
    all over it (:func:`~seqexpr.workflow.contribution_table.settle_methods`), so that
    no result depends on how the table is parted.

    Parameters
    ----------
    bundle : Bundle
        A loaded model; workers read a copy of it beside the destination.
    source : str or Path
        A Parquet file or a folder of them, where every worker can read it.
    destination : str or Path
        A folder, for a name without an ending: ``part-000000.parquet``, … in
        the order of the rows. Or one file, .parquet. Columns as of
        :func:`~seqexpr.workflow.contribution_table.contribution_table`.
    method : {"auto", "weights", "mutagenesis", "deeplift", "integrated_gradients"}
        How contributions are found. Default "auto": what is exact for the model.
    block_rows : int
        Rows of a block, about. Default 10,000.
    seed : int
        Of the choice of rows that are checked. Default 42.
    backend, sequence, id, resume, on_rows
        As for :func:`~seqexpr.scale.predict.predict_blocks`.

    Returns
    -------
    ContributionSummary
        Counts, problems, and the method of each target with its checks.

    Raises
    ------
    TableError, ColumnError
        If the input is no Parquet, cannot be read, or lacks a covariate.
    InputError
        If the method is not for such a model.
    OutputError
        If the output cannot be written, or a block is not as its worker left it.
    """
    target = check_destination(destination, formats=("parquet",), source=source)
    blocks = find_blocks(source, rows=block_rows)
    first = next(iter_tables(source, batch_size=1_000, sequence=sequence, id=id,
                             covariate=tuple(item.name for item in bundle.covariates)))  # fmt: skip
    some = [
        Table(frame, first.roles, first.source, "parquet", first_row=row)
        for row, frame in read_spread(source)
    ]
    methods = settle_methods(bundle, some, method, seed=seed)
    task = _Explain(first.roles, first.source, tuple(item.name for item in methods))
    said = run_job(
        bundle, task, blocks, target=target, backend=backend, resume=resume, on_rows=on_rows
    )
    return join_contribution_summaries(
        [ContributionSummary.from_dict(summary) for summary in said],
        methods=methods, notes=first.notes,
    )  # fmt: skip


@dataclass(frozen=True)
class _Explain:
    """What is done with a block.

    Attributes
    ----------
    roles : ColumnRoles
        What the columns are.
    source : str
        Name of the table.
    methods : tuple of str
        How contributions are found, for each target.
    """

    roles: ColumnRoles
    source: str
    methods: tuple[Settled, ...]

    def start(self, bundle: Bundle) -> Callable[[ParquetBlock, Path], BlockResult]:
        """Return what explains a block."""
        from pyarrow import parquet

        # What a network's bases contribute depends in the last digits on how many threads add it
        # up; so it is one everywhere, and a core has a process.
        set_jobs(bundle.model, 1)
        schema = contribution_schema(bundle.target_names)

        def write(block: ParquetBlock, file: Path) -> BlockResult:
            summaries = []
            with atomic_path(file) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
                for first_row, frame in iter_block(block, batch_size=_BATCH):
                    table = Table(frame, self.roles, self.source, "parquet", first_row=first_row)
                    columns, summary = contribution_table(bundle, table, self.methods)
                    writer.write_table(columns)
                    summaries.append(summary)
            whole = join_contribution_summaries(summaries)
            return whole.n_rows, whole.to_dict()

        return write
