"""A text that somebody pasted or dropped, as sequences: read as ``seqexpr predict`` reads files."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

from seqexpr.data.cells import as_labels, as_texts
from seqexpr.data.formats import open_source
from seqexpr.data.table import Table, iter_tables
from seqexpr.errors import InputError
from seqexpr.sequences import IUPAC
from seqexpr.serve.problems import Problem
from seqexpr.serve.schemas import ReadAnswer

__all__ = ["read_text"]

_PLAIN = re.compile(rf"[{IUPAC}U{IUPAC.lower()}u \t.~-]+")
_SHOWN = "the text"


def read_text(data: bytes, *, covariates: Sequence[str] = (), most: int = 10_000) -> ReadAnswer:
    r"""Read FASTA, GenBank, CSV, TSV, or one sequence a line.

    Parameters
    ----------
    data : bytes
        The text.
    covariates : sequence of str
        Columns that are wanted beside the sequence, where there are such.
    most : int
        Most sequences that are taken.

    Returns
    -------
    ReadAnswer
        Names and sequences as they stand there, and what was assumed.

    Raises
    ------
    Problem
        400 if it cannot be read, 413 if there are too many sequences, 415 if it
        is no text.

    Examples
    --------
    >>> read_text(b"ACGT\nTTTT\n").ids
    ['row 1', 'row 2']
    >>> read_text(b">a\nACGT\n>b\nTT\n").sequences
    ['ACGT', 'TT']
    """
    lines = _plain_lines(data)
    if lines:
        _check_number(len(lines), most)
        ids = [f"row {row}" for row in range(1, len(lines) + 1)]
        return ReadAnswer(
            format="text", ids=ids, sequences=lines, covariates={}, notes=["one sequence a line"]
        )
    with tempfile.TemporaryDirectory(prefix="seqexpr-") as folder:
        path = Path(folder, "text")
        path.write_bytes(data)
        try:
            with open_source(path) as source:
                is_text = source.kind not in ("parquet", "xlsx") and source.path is not None
            if not is_text:
                raise Problem(
                    415,
                    "no-text",
                    "workbooks, Parquet and compressed files are not read here",
                    where="body",
                    remedy="send FASTA, GenBank, CSV or TSV, or the file as a job",
                )
            known = _first_table(path, most).frame.columns
            found = tuple(name for name in covariates if name in known)
            table = _first_table(path, most, covariates=found)
        except InputError as error:
            raise Problem(
                400,
                "unreadable",
                str(error).replace(str(path), _SHOWN),
                where="body",
                remedy="paste FASTA, a table with a header, or one sequence a line",
            ) from error
    _check_number(len(table.frame), most)
    return _answer(table, found)


def _first_table(path: Path, most: int, *, covariates: tuple[str, ...] = ()) -> Table:
    """Read one row more than is taken, so that too many are noticed."""
    tables = iter_tables(path, batch_size=most + 1, covariate=covariates)
    with closing(cast("Generator[Table]", tables)):
        return next(tables)


def _plain_lines(data: bytes) -> list[str]:
    """Return the lines of a text of sequences and nothing else; none if it is something else."""
    try:
        lines = [line.strip() for line in data.decode("ascii").splitlines()]
    except UnicodeDecodeError:
        return []
    filled = [line for line in lines if line]
    return filled if all(map(_PLAIN.fullmatch, filled)) else []


def _check_number(n: int, most: int) -> None:
    if n > most:
        raise Problem(
            413,
            "too-many-sequences",
            f"there are more than {most:,} sequences",
            where="body",
            remedy="send fewer, or the file as a job",
        )


def _answer(table: Table, covariates: Sequence[str]) -> ReadAnswer:
    frame, roles = table.frame, table.roles
    labels = [""] * len(frame) if roles.id is None else as_labels(frame[roles.id]).tolist()
    return ReadAnswer(
        format=table.format,
        ids=[label or f"row {row}" for row, label in enumerate(labels, start=1)],
        sequences=as_texts(frame[roles.sequence]),
        covariates={name: [text or None for text in as_texts(frame[name])] for name in covariates},
        notes=list(table.notes),
    )
