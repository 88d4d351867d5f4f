"""What each base of every row of a table contributes: a row of the input, a row of the output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.columns import prediction_columns
from seqexpr.bundle.rows import ModelRows, RowProblem, join_problems
from seqexpr.interpretation.checks import Check
from seqexpr.interpretation.contributions import (
    Choice,
    Explained,
    Settled,
    attribute,
    contributions_of,
    settle_method,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from seqexpr.bundle.bundle import Bundle
    from seqexpr.data.table import Table
    from seqexpr.interpretation.attributions import Attributions

__all__ = [
    "ContributionSummary",
    "TargetMethod",
    "contribution_schema",
    "contribution_table",
    "join_contribution_summaries",
    "settle_methods",
]

Floats = npt.NDArray[np.float64]

_BASES = 200_000
"""Bases that are explained at a time: a few hundred MB with five networks."""


@dataclass(frozen=True)
class TargetMethod:
    """How the contributions to one target are found, and what speaks for and against it.

    Attributes
    ----------
    target : str
        Which target.
    name : {"weights", "mutagenesis", "deeplift", "integrated_gradients"}
        The method.
    checks : tuple of Check
        On rows from all over the table.
    notes : tuple of str
        What is to be said of it.
    """

    target: str
    name: Settled
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContributionSummary:
    """What became of the rows.

    Attributes
    ----------
    n_rows, n_explained : int
        Rows read and written; rows with contributions.
    n_repaired : int
        Rows in which case, U, gaps or white space were changed before.
    problems : tuple of RowProblem
        Why rows have no contributions.
    methods : tuple of TargetMethod
        One for each target.
    notes : tuple of str
        What was read, in words.
    """

    n_rows: int
    n_explained: int
    n_repaired: int
    problems: tuple[RowProblem, ...]
    methods: tuple[TargetMethod, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def is_trusted(self) -> bool:
        """Whether no check failed."""
        return all(
            check.is_passed is not False for method in self.methods for check in method.checks
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready containers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Return the summary that :meth:`to_dict` gave, of a part of a table, also from JSON."""
        problems = tuple(map(RowProblem.from_dict, said["problems"]))
        return cls(said["n_rows"], said["n_explained"], said["n_repaired"], problems)


def join_contribution_summaries(
    summaries: Sequence[ContributionSummary],
    *,
    methods: tuple[TargetMethod, ...] = (),
    notes: tuple[str, ...] = (),
) -> ContributionSummary:
    """Return the summary of parts of a table, in their order, as if it had been one.

    Parameters
    ----------
    summaries : sequence of ContributionSummary
        Of one model.
    methods : tuple of TargetMethod
        One for each target. Default none.
    notes : tuple of str
        What is to be said of the whole. Default nothing.

    Examples
    --------
    >>> part = ContributionSummary(3, 2, 0, (RowProblem("not DNA", 1, (2,)),))
    >>> whole = join_contribution_summaries([part, part])
    >>> whole.n_explained, whole.problems[0].rows
    (4, (2, 2))
    """
    return ContributionSummary(
        n_rows=sum(one.n_rows for one in summaries),
        n_explained=sum(one.n_explained for one in summaries),
        n_repaired=sum(one.n_repaired for one in summaries),
        problems=join_problems(problem for one in summaries for problem in one.problems),
        methods=methods,
        notes=notes,
    )


def settle_methods(
    bundle: Bundle, some: Sequence[Table], method: Choice = "auto", *, seed: int = 42
) -> tuple[TargetMethod, ...]:
    """Return how contributions to each target are found, one method for the whole table.

    Chosen and checked as ``explain`` does: mutagenesis takes the place of a method
    that fails a check.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    some : sequence of Table
        Rows from all over the table.
    method : {"auto", "weights", "mutagenesis", "deeplift", "integrated_gradients"}
        As asked for. Default "auto".
    seed : int
        Of the choice of rows that are checked. Default 42.

    Raises
    ------
    InputError
        If the method is not for such a model.
    """
    rows = [ModelRows.read(bundle, table) for table in some]
    sequences = [sequence for one in rows for sequence in one.sequences]
    covariates = _joined([one.covariates for one in rows])
    methods = []
    for target, name in enumerate(bundle.target_names):
        explained = _explained(bundle, sequences, target, covariates=covariates)
        settled = settle_method(explained, method)
        checks: list[Check] = []
        notes: list[str] = []
        if sequences:
            rng = np.random.default_rng(seed)
            found, checks, notes = attribute(explained, settled, rng=rng)
            settled = "mutagenesis" if found.method == "mutagenesis" else settled
        methods.append(TargetMethod(name, settled, tuple(checks), tuple(notes)))
    return tuple(methods)


def contribution_schema(target_names: tuple[str, ...]) -> pa.Schema:
    """Return the columns of contributions.

    Examples
    --------
    >>> contribution_schema(("expression",)).names
    ['id', 'sequence', 'predicted', 'rest', 'contributions', 'method', 'problem']
    """
    import pyarrow as pa

    kinds = {
        "predicted": pa.float64(),
        "rest": pa.float64(),
        "contributions": pa.list_(pa.float32()),
        "method": pa.string(),
    }
    columns = [
        (prediction_columns(target_names, prefix)[target], kind)
        for target in range(len(target_names))
        for prefix, kind in kinds.items()
    ]
    text = pa.string()
    return pa.schema([("id", text), ("sequence", text), *columns, ("problem", text)])


def contribution_table(
    bundle: Bundle, table: Table, methods: Sequence[Settled]
) -> tuple[pa.Table, ContributionSummary]:
    """Return what each base of each row of a table in memory contributes.

    A row's contributions are those of
    :func:`~seqexpr.interpretation.contributions.contributions_of`, and do not depend on the
    other rows.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    table : Table
        n rows.
    methods : sequence of {"weights", "mutagenesis", "deeplift", "integrated_gradients"}
        One for each target.

    Returns
    -------
    columns : pyarrow.Table, n rows
        Those of :func:`contribution_schema`: the sequence as the model read it, and for each
        target the prediction, the part of it that no base carries (empty for
        mutagenesis), and a number for each base of the sequence.
    summary : ContributionSummary
        Counts and problems.
    """
    import pyarrow as pa

    rows = ModelRows.read(bundle, table)
    where = np.flatnonzero(rows.good)
    found = [_explain(bundle, rows, target, method) for target, method in enumerate(methods)]
    failed = np.zeros(len(rows.ids), dtype=bool)
    for one in found:
        failed[where] |= ~one.is_finite
    problems, counted = rows.problems(failed)
    explained = np.flatnonzero(rows.good & ~failed)
    kept = np.flatnonzero(~failed[where])
    schema = contribution_schema(bundle.target_names)
    columns: list[Any] = [rows.ids, rows.shown()]
    for one, method in zip(found, methods, strict=True):
        parts = (one.predictions, one.rest, one.contributions, [method] * len(where))
        columns += [_spread(part, kept, explained, n=len(rows.ids)) for part in parts]
    columns.append(problems)
    arrays = [pa.array(column, one.type) for column, one in zip(columns, schema, strict=True)]
    summary = ContributionSummary(len(rows.ids), len(explained), rows.intake.n_repaired, counted)
    return pa.Table.from_arrays(arrays, schema=schema), summary


@dataclass
class _Found:
    """What was found of one target, a value for each row that the model reads."""

    predictions: list[float] = field(default_factory=list)
    rest: list[float | None] = field(default_factory=list)
    contributions: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def add(self, attributions: Attributions) -> None:
        """Add some rows."""
        n = len(attributions.sequences)
        self.predictions += attributions.predictions.tolist()
        self.rest += [None] * n if attributions.rest is None else attributions.rest.tolist()
        values = attributions.contributions.astype(np.float32)
        lengths = map(len, attributions.sequences)
        self.contributions += [row[:length] for row, length in zip(values, lengths, strict=True)]

    @property
    def is_finite(self) -> npt.NDArray[np.bool_]:
        """Which rows have numbers throughout."""
        whole = [bool(np.isfinite(row).all()) for row in self.contributions]
        known = np.isfinite(np.array(self.predictions, dtype=float))
        return np.asarray(known & np.array(whole, dtype=bool))


def _explain(bundle: Bundle, rows: ModelRows, target: int, method: Settled) -> _Found:
    """Explain the rows that the model reads, some at a time."""
    found = _Found()
    sequences, covariates = rows.sequences, rows.covariates
    for part in _parts(sequences):
        beside = None if covariates is None else covariates.iloc[part].reset_index(drop=True)
        some = _explained(bundle, sequences[part], target, covariates=beside)
        found.add(contributions_of(some, method))
    return found


def _parts(sequences: list[str]) -> Iterator[slice]:
    """Part sequences so that as many of the longest have no more bases than are held at a time."""
    first, longest = 0, 0
    for row, sequence in enumerate(sequences):
        longest = max(longest, len(sequence))
        if row > first and longest * (row - first + 1) > _BASES:
            yield slice(first, row)
            first, longest = row, len(sequence)
    if first < len(sequences):
        yield slice(first, len(sequences))


def _explained(
    bundle: Bundle, sequences: list[str], target: int, *, covariates: pd.DataFrame | None
) -> Explained:
    names = [str(row) for row in range(len(sequences))]
    return Explained(
        bundle.model, sequences, names, target, bundle.target_names[target], covariates
    )


def _spread(
    values: Sequence[Any], kept: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], *, n: int
) -> list[Any]:
    """Return n values, those that are kept at their rows, None at the others."""
    spread: list[Any] = [None] * n
    for value, row in zip(kept.tolist(), rows.tolist(), strict=True):
        spread[row] = values[value]
    return spread


def _joined(frames: Sequence[pd.DataFrame | None]) -> pd.DataFrame | None:
    import pandas as pd

    known = [frame for frame in frames if frame is not None]
    return pd.concat(known, ignore_index=True) if known else None
