"""Train on a table that does not fit in memory.

The table is read once, checked, and kept on disk. By a number of their unit
(:mod:`seqexpr.splits.hashed`) some rows test and some are **held**: the held
ones train the whole ladder as a smaller table would, and score it. All others
are **streamed** past models that need them one batch at a time. Such a model
has seen neither a held row nor a test row, nor one of their units, so that it
is scored on both without being fitted again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.bundle.bundle import sequence_digests
from seqexpr.data.cells import as_labels, to_numbers
from seqexpr.data.check_sequences import scan_sequences
from seqexpr.data.check_targets import scan_targets
from seqexpr.data.checks import build_dataset, check_table
from seqexpr.data.parquet_folder import count_parquet_rows
from seqexpr.data.row_store import RowBatch, RowStore, RowStoreWriter
from seqexpr.data.table import Table, iter_tables
from seqexpr.errors import InputError, OutputError, SplitError
from seqexpr.splits.column import is_test_label
from seqexpr.splits.hashed import LowestHashes, hash_units
from seqexpr.splits.strategies import make_split
from seqexpr.workflow.progress import Progress, Step, ignore

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.evaluation import Evaluation
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split

__all__ = ["BATCH", "Stream", "open_stream"]

BATCH = 20_000
"""Rows that are read at a time."""
_SET, _NUMBER, _ID = "set of seqexpr", "number of seqexpr", "id of seqexpr"
"""Columns of the held rows: which of them test, the row of the table, and a name from that."""
_ROW_COST = 20_000
"""Bytes of memory that a held row may cost, features of the fast preset included."""
_MOST = 100_000
"""Rows that are held at most: more of them make the intervals of scores hardly narrower."""


class Stream:
    """A table that is read row by row.

    Parameters
    ----------
    recipe : Recipe
        With `memory`.
    first : Table
        The first rows; says what the columns are.
    folder : Path
        Where rows are kept meanwhile.

    Attributes
    ----------
    n_read, n_rows, n_streamed : int
        Rows of the table, those that are usable, and those of these that are
        streamed, or slightly fewer where copies of test rows are left out.
    """

    def __init__(self, recipe: Recipe, first: Table, folder: Path) -> None:
        _refuse(recipe, first)
        self.recipe, self.first, self.folder = recipe, first, folder
        self.most = min(_MOST, recipe.memory_bytes // _ROW_COST)
        self.n_read = self.n_rows = self.n_streamed = 0
        self._limit, self._test_hashes = 2**64, np.zeros(0, dtype=np.uint64)
        self._held_sequences = np.zeros(0, dtype=np.uint64)

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return len(self.first.roles.targets)

    def scan(self, on_step: Progress) -> Table | None:
        """Read all rows, and return those that are held; None if that would be all.

        Parameters
        ----------
        on_step : callable
            Told of progress.

        Raises
        ------
        CheckFailedError
            If a row cannot be used, with its number in the table.
        """
        reading = _Reading(self.recipe, self.first, self.most)
        total = count_parquet_rows(self.recipe.table) or 0
        with RowStoreWriter(self.folder / "rows.arrow") as writer:
            for table in _batches(self.recipe, self.first):
                writer.write(reading.take(table))
                text = f"reading and checking: {reading.n_seen:,} rows"
                on_step(Step(text, min(reading.n_seen, total), total))
        return self._divide(reading)

    def _divide(self, reading: _Reading) -> Table | None:
        """Say which rows test, which are held, and from which number on they are streamed."""
        first, (frame, hashes) = self.first, reading.others.kept()
        self.n_read, self.n_rows = reading.n_seen, reading.n_usable
        if not reading.has_sets:
            if len(frame) == reading.n_usable:
                return None
            n_test = min(round(self.recipe.test_size * reading.n_usable), self.most // 2)
            frame[_SET] = np.where(hashes < np.sort(hashes)[n_test], "test", "train")
            self.n_streamed = self.n_rows - len(frame)
        else:
            tested, _ = reading.tested.kept()
            test_hashes = np.concatenate(reading.test_hashes)
            self._test_hashes = np.unique(test_hashes)
            if not len(tested) or not len(frame):
                raise SplitError(
                    f"split by column: of {reading.n_seen:,} rows {len(self._test_hashes):,} are "
                    f"called test in the column {first.roles.split!r}; a table that is read row by "
                    "row takes the words train, validation and test, and no fold numbers"
                )
            if len(frame) + len(tested) == reading.n_usable:
                return None
            self.n_streamed = self.n_rows - len(test_hashes) - len(frame)
            frame = frame[~np.isin(hashes, self._test_hashes)]
            frame[_SET], tested[_SET] = "train", "test"
            frame = pd.concat([frame, tested], ignore_index=True).sort_values(_NUMBER)
        self._limit = reading.others.limit
        if first.roles.group is not None:  # the numbers are of groups: a copy may be in another
            held = scan_sequences(frame[first.roles.sequence]).sequences.tolist()
            self._held_sequences = np.unique(hash_units(held, seed=self.recipe.seed))
        roles = first.roles
        if roles.id is None:
            frame[_ID] = [f"row {number}" for number in frame[_NUMBER]]
            roles = replace(roles, id=_ID)
        roles = replace(roles, split=_SET)
        return replace(first, frame=frame.drop(columns=_NUMBER), roles=roles)

    def streamed(
        self,
        on_step: Progress = ignore,
        what: str = "",
        *,
        numbers: Iterable[int] | None = None,
    ) -> Iterator[RowBatch]:
        """Yield the rows that are neither held nor test, nor kin to these; or batches by number."""
        done = 0
        for batch in RowStore(self.folder / "rows.arrow").read(numbers):
            used = ~batch.is_test
            if self._limit < 2**64:
                used &= batch.hashes >= np.uint64(self._limit)
            else:
                used[:] = False
            if len(self._test_hashes):
                used &= ~np.isin(batch.hashes, self._test_hashes)
            if len(self._held_sequences):
                own = hash_units(batch.sequences, seed=self.recipe.seed)
                used &= ~np.isin(own, self._held_sequences)
            yield batch.take(used)
            done += len(used)
            on_step(Step(f"{what}: {done:,} of {self.n_rows:,} rows", done, self.n_rows))

    def highest_hashes(self, most: int) -> np.uint64:
        """Return the number from which on about `most` of the streamed rows lie: whole units."""
        share = min(1.0, most / max(1, self.n_streamed))
        return np.uint64(self._limit + int((1 - share) * (2**64 - self._limit)))

    def digests(self) -> npt.NDArray[np.uint64]:
        """Return the digests by which a bundle knows the sequences it was fitted on."""
        parts = [sequence_digests(batch.sequences) for batch in self.streamed()]
        return np.unique(np.concatenate(parts))

    def split(self, dataset: Dataset) -> Split:
        """Divide the held rows, and say how the sets came about and what was not looked at."""
        split = make_split(
            dataset, strategy="column", seed=self.recipe.seed, n_folds=self.recipe.folds
        )
        by = "group" if self.first.roles.group else "sequence"
        own = self.first.roles.split is not None
        rule = "the table's own sets" if own else f"a number of each {by}"
        reason = (
            f"{self.n_rows:,} rows were read one by one, and divided by {rule}: "
            f"{len(split.test):,} test, {len(split.train):,} are held to choose and to calibrate, "
            f"{self.n_streamed:,} train what can be trained a batch at a time"
        )
        warning = (
            "copies and reverse complements are kept on one side among all rows, but families of "
            "similar sequences among the held rows alone: a library of variants needs --group"
        )
        said = [] if self.first.roles.group or own else [warning]
        if self.n_read > self.n_rows:
            said.append(
                f"{self.n_read - self.n_rows:,} of {self.n_read:,} rows were left out: not "
                "measured, without a usable sequence, or in no set"
            )
        strategy = "column" if own else "group" if self.first.roles.group else "random"
        return replace(split, strategy=strategy, reason=reason, warnings=(*split.warnings, *said))

    def describe(self, evaluation: Evaluation) -> Evaluation:
        """Return an evaluation that tells of all rows, not of the held ones alone."""
        told = {"n_rows": self.n_read, "n_held": evaluation.dataset["n_sequences"],
                "n_streamed": self.n_streamed}  # fmt: skip
        return replace(evaluation, dataset={**evaluation.dataset, **told})


class _Reading:
    """What is gathered while the table is read."""

    def __init__(self, recipe: Recipe, first: Table, most: int) -> None:
        self.recipe, self.roles = recipe, first.roles
        self.has_sets = first.roles.split is not None
        self.others = LowestHashes(most // 2 if self.has_sets else most)
        self.tested = LowestHashes(most // 2)
        self.test_hashes: list[npt.NDArray[np.uint64]] = [np.zeros(0, dtype=np.uint64)]
        self.n_seen = self.n_usable = 0

    def take(self, table: Table) -> RowBatch:
        """Check a batch, keep what is held of it, and return its usable rows."""
        roles, recipe = self.roles, self.recipe
        scanned = scan_sequences(table.frame[roles.sequence])
        measured = scan_targets(table.frame, roles.targets)
        weights = None if roles.weight is None else to_numbers(table.frame[roles.weight])
        are_weights = weights is None or bool((np.isfinite(weights) & (weights >= 0)).all())
        are_numbers = set(measured.kinds.ravel()) <= {"", "missing"}
        if scanned.unusable.any() or not (are_numbers and are_weights):
            _refuse_rows(replace(table, roles=roles), recipe)
        usable = ~(measured.unmeasured | measured.unusable | scanned.unusable)
        frame = table.frame[usable].reset_index(drop=True)
        rows = np.flatnonzero(usable)
        frame[_NUMBER] = rows + table.first_row
        sequences = scanned.sequences[rows].tolist()
        groups = None if roles.group is None else as_labels(frame[roles.group])
        hashes = hash_units(sequences, groups, seed=recipe.seed)
        is_test = np.zeros(len(rows), dtype=bool)
        if self.has_sets:
            is_test, has_set = is_test_label(as_labels(frame[roles.split]))
            keep = np.flatnonzero(has_set)
            frame, hashes, is_test = frame.iloc[keep], hashes[keep], is_test[keep]
            sequences, rows = [sequences[i] for i in keep.tolist()], rows[keep]
            self.tested.add(frame[is_test], hashes[is_test])
            self.test_hashes.append(hashes[is_test])
        self.others.add(frame[~is_test], hashes[~is_test])
        self.n_seen += len(table.frame)
        self.n_usable += len(rows)
        return RowBatch(
            sequences, measured.numbers[rows], hashes, is_test,
            None if weights is None else weights[rows],
        )  # fmt: skip


def _refuse_rows(table: Table, recipe: Recipe) -> None:
    """Raise what the input doctor says of a batch, where it has rows that are not to be dropped."""
    rule: dict[str, Any] = {"on_missing": recipe.on_missing, "on_invalid": recipe.on_invalid}
    if any(finding.code != "table-too-small" for finding in check_table(table, **rule).errors):
        build_dataset(table, **rule)


def _batches(recipe: Recipe, first: Table) -> Iterator[Table]:
    roles = first.roles
    return iter_tables(
        recipe.table, batch_size=BATCH, sequence=roles.sequence, target=roles.targets,
        id=roles.id, group=roles.group, weight=roles.weight, replicate=roles.replicates,
        split_column=roles.split, sheet=recipe.sheet,
    )  # fmt: skip


def _refuse(recipe: Recipe, first: Table) -> None:
    """Say what a table that is read row by row cannot have."""
    said = "memory: a table that is read row by row "
    if recipe.preset == "tutorial":
        raise InputError(f"{said}has no place for the preset 'tutorial'; take another preset")
    if recipe.split in ("chromosome", "homology"):
        raise InputError(
            f"{said}is divided by sequence, by group or by a column of yours, not by "
            f"{recipe.split}; name the families with --group, or the sets with --split column:NAME"
        )
    if recipe.nested:
        raise InputError(f"{said}has a test set, and no nested cross-validation; leave out nested")
    if recipe.weighting != "none":
        raise InputError(f"{said}takes weights from a column: leave out weighting")
    if first.roles.covariates:
        raise InputError(f"{said}is read without covariates; leave them out, or memory")


@contextmanager
def open_stream(recipe: Recipe, first: Table, output: Path | None) -> Iterator[Stream]:
    """Give a :class:`Stream` a folder beside the run, and remove it in the end."""
    parent = None if output is None else output.absolute().parent
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".seqexpr-rows-", dir=parent))
    except OSError as error:
        raise OutputError(f"cannot keep rows beside {output}: {error.strerror or error}") from error
    try:
        yield Stream(recipe, first, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
