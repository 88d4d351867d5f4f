"""Variants without a genome: changes of a wild type, or pairs of sequences in a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seqexpr.bundle.intake import take_in
from seqexpr.data.cells import as_labels
from seqexpr.data.frames import iter_frames
from seqexpr.data.writer import TableWriter
from seqexpr.errors import ColumnError, InputError, SequenceError, did_you_mean
from seqexpr.variants.changes import apply_changes, parse_variant, single_changes
from seqexpr.variants.effect_table import Batch, Tally, VariantSummary, effect_table

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.bundle import Bundle

__all__ = [
    "PairColumns",
    "pair_up",
    "read_changes",
    "read_wild_type",
    "score_changes",
    "score_table",
]

_REFERENCE = ("reference", "ref", "reference_sequence", "ref_sequence", "wild_type", "wildtype",
              "wild_type_sequence", "wt", "wt_sequence")  # fmt: skip
_ALTERNATIVE = ("alternative", "alt", "alternative_sequence", "alt_sequence", "mutant",
                "mutant_sequence", "mut", "mut_sequence", "variant_sequence")  # fmt: skip


_ID = ("id", "name", "variant", "variant_id")


def score_changes(
    bundle: Bundle,
    wild_type: str,
    changes: Iterable[str] | None = None,
    *,
    covariates: Mapping[str, object] | None = None,
) -> tuple[pd.DataFrame, VariantSummary]:
    """Score changes of one sequence.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    wild_type : str
        DNA; repaired as in training.
    changes : iterable of str, optional
        A variant each: ``A12T``, ``del15-17``, ``ins20:ACG``, or several joined by
        ``;`` (see :func:`~seqexpr.variants.changes.parse_change`). By default every
        change of one base to another.
    covariates : mapping, optional
        The value of each covariate, for a model that reads any.

    Returns
    -------
    frame : DataFrame
        A row for each variant: id (as it was written), effect, effect_lower,
        effect_upper, reference, alternative, in_domain, domain_score, problem.
    summary : VariantSummary
        Counts and problems.

    Raises
    ------
    SequenceError
        If the wild type is not DNA.
    InputError
        If there are no changes, or a covariate is missing.
    """
    clean = _clean(wild_type)
    texts = list(single_changes(clean) if changes is None else changes)
    if not texts:
        raise InputError("there are no changes to score")
    batch = Batch()
    for text in texts:
        described = {"id": text.strip()}
        try:
            batch.add(described, clean, _changed(clean, text))
        except InputError as error:
            batch.refuse(described, str(error), reason="the change does not fit the wild type")
    frame = effect_table(bundle, batch, covariates=covariates)
    tally = Tally()
    tally.count(batch, frame)
    return frame, tally.summary(bundle)


def read_changes(path: str | os.PathLike[str]) -> list[str]:
    """Read a file with a variant in each line; empty lines and those with # are left out.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of changes: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def read_wild_type(text: str) -> str:
    """Return a sequence that is given as it is, or as a file with one record.

    Parameters
    ----------
    text : str
        DNA, or the name of a FASTA or GenBank file.

    Raises
    ------
    InputError
        If the file holds several sequences.
    TableError
        If it cannot be read.

    Examples
    --------
    >>> read_wild_type("ACGT")
    'ACGT'
    """
    if not Path(text).suffix and not Path(text).is_file():
        return text
    from seqexpr.data.table import read_table

    table = read_table(text, require_target=False)
    found = table.frame[table.roles.sequence].tolist()
    if len(found) > 1:
        raise InputError(
            f"{text} holds {len(found):,} sequences; a wild type is one: put it into a file of its "
            "own, or give the sequence itself"
        )
    return str(found[0])


def _changed(wild_type: str, text: str) -> str:
    changed = apply_changes(wild_type, parse_variant(text))
    if not changed:
        raise InputError(f"{text.strip()}: no base would be left")
    return changed


def _clean(wild_type: str) -> str:
    import pandas as pd

    intake = take_in(pd.Series([wild_type], dtype=object))
    if intake.problems[0]:
        raise SequenceError(f"the wild type is {intake.problems[0]}; give its DNA sequence")
    return intake.sequences[0]


def score_table(
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    reference: str | None = None,
    alternative: str | None = None,
    id: str | None = None,
    covariates: Mapping[str, object] | None = None,
    batch_size: int = 10_000,
    on_batch: Callable[[int], None] | None = None,
) -> VariantSummary:
    """Score a table with the sequence without and with a variant in each row.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    source : str or Path
        CSV, TSV, Parquet or Excel, compressed or not; "-" is standard input.
    destination : str or Path
        .csv, .tsv or .parquet by its name; "-" is CSV on standard output. Written
        whole or not at all.
    reference, alternative : str, optional
        Columns of the sequences; recognised if they have one of the usual names.
    id : str, optional
        Column of names; recognised if not given.
    covariates : mapping, optional
        The value of each covariate, for a model that reads any.
    batch_size : int
        Rows held in memory at a time, at least 1. Default 10,000.
    on_batch : callable, optional
        Told the number of rows done after each batch.

    Returns
    -------
    VariantSummary

    Raises
    ------
    TableError, ColumnError
        If the input cannot be read, or lacks a column.
    OutputError
        If the output cannot be written.
    """
    tally = Tally()
    with TableWriter(destination) as writer:
        for first_row, rows in iter_frames(source, batch_size=batch_size):
            columns = PairColumns.of(
                list(map(str, rows.columns)), reference, alternative, id=id, source=str(source)
            )
            batch = pair_up(rows, columns, first_row=first_row)
            frame = effect_table(bundle, batch, covariates=covariates)
            tally.count(batch, frame)
            writer.write(frame)
            if on_batch is not None:
                on_batch(tally.n_rows)
    return tally.summary(bundle)


@dataclass(frozen=True)
class PairColumns:
    """Which columns of a table hold the sequences without and with a variant.

    Attributes
    ----------
    reference, alternative : str
        The sequences.
    id : str or None
        Names of the rows.
    """

    reference: str
    alternative: str
    id: str | None

    @classmethod
    def of(
        cls,
        names: list[str],
        reference: str | None,
        alternative: str | None,
        *,
        id: str | None,
        source: str,
    ) -> Self:
        """Take the columns that the user named, or that have one of the usual names.

        Raises
        ------
        ColumnError
            If one is not there, or none has a usual name.

        Examples
        --------
        >>> PairColumns.of(["name", "wt", "mutant"], None, None, id=None, source="pairs.csv")
        PairColumns(reference='wt', alternative='mutant', id='name')
        """
        for given in (reference, alternative, id):
            if given is not None and given not in names:
                raise ColumnError(f"{source}: no column {given!r}{did_you_mean(given, names)}")
        plain = {name.lower().replace(" ", "_").replace("-", "_"): name for name in names}

        def find(usual: tuple[str, ...]) -> str | None:
            return next((plain[name] for name in usual if name in plain), None)

        sides = (reference or find(_REFERENCE), alternative or find(_ALTERNATIVE))
        for side, kind in zip(sides, ("reference", "alternative"), strict=True):
            if side is None:
                raise ColumnError(
                    f"{source}: which column holds the {kind} sequence? Call it {kind!r}, or pass "
                    f"--{kind} NAME; found {', '.join(map(repr, names[:8]))}"
                )
        return cls(str(sides[0]), str(sides[1]), id or find(_ID))


def pair_up(frame: pd.DataFrame, columns: PairColumns, *, first_row: int) -> Batch:
    """Return the pairs of a table, repaired as in training, or told why they cannot be scored.

    Parameters
    ----------
    frame : DataFrame
        Some of its rows.
    columns : PairColumns
        Which columns.
    first_row : int
        Number of the first row in the table, counted from 1.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"ref": ["ac gt", ""], "alt": ["ACGA", "ACGA"]})
    >>> batch = pair_up(frame, PairColumns("ref", "alt", None), first_row=1)
    >>> batch.references, batch.problems
    (['ACGT', ''], ['', 'ref: no sequence'])
    """
    names = (columns.reference, columns.alternative)
    sides = [take_in(frame[name]) for name in names]
    labels: list[str] = [""] * len(frame)
    if columns.id is not None:
        labels = as_labels(frame[columns.id]).tolist()
    batch = Batch()
    for row, label in enumerate(labels):
        described = {"id": label or f"row {first_row + row}"}
        problems = [
            f"{name}: {side.problems[row]}"
            for name, side in zip(names, sides, strict=True)
            if side.problems[row]
        ]
        if problems:
            batch.refuse(described, "; ".join(problems), reason="a sequence is missing or not DNA")
        else:
            batch.add(described, *(side.sequences[row] for side in sides))
    return batch
