"""FASTA and GenBank, through Biopython: records to rows, and values joined from a second table."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from seqexpr.data.formats import decode_head, reading
from seqexpr.errors import ColumnError, TableError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["iter_fasta", "iter_genbank", "join_values", "parse_title"]

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
# "name=value" up to white space, a bar or a semicolon, or up to ",name="
_PAIR = re.compile(r"([A-Za-z_][\w.-]*)=(.*?)(?=,?(?:[\s;|]|$)|,[A-Za-z_][\w.-]*=)")
_PLAIN_VALUE = re.compile(rf"(\S+)\s+({_NUMBER})|(.*?)\s*\|\s*({_NUMBER})")


def parse_title(title: str) -> dict[str, str]:
    """Read the name and the values in a FASTA title.

    Understood are ``name 5.2``, ``name|5.2`` and ``name expression=5.2 rep1=5``
    (also with ``;``, ``,`` or ``|`` between the pairs). A number at the end of
    a longer description is part of the description.

    Parameters
    ----------
    title : str
        The line without its ">".

    Returns
    -------
    dict
        "id", and the values by name; a value without a name is "value".

    Examples
    --------
    >>> parse_title("p1 expression=5.2 rep1=5")
    {'id': 'p1', 'expression': '5.2', 'rep1': '5'}
    >>> parse_title("p1|native|5.2"), parse_title("p1 5.2")
    ({'id': 'p1|native', 'value': '5.2'}, {'id': 'p1', 'value': '5.2'})
    >>> parse_title("NC_000913.3 Escherichia coli, chromosome 1")
    {'id': 'NC_000913.3'}
    """
    title = title.strip()
    if "=" in title and (first := _PAIR.search(title)):
        before = title[: first.start()]
        name = (before.split() or [""])[0]
        # "p1|x=5" and "p1; x=5", but a name may itself end in a bar: "gi|5| x=5"
        name = name.rstrip(";,") if name != before else name.removesuffix("|").rstrip(";,")
        values = {key: value for key, value in _PAIR.findall(title) if key != "id"}
        return {"id": name, **values}
    if match := _PLAIN_VALUE.fullmatch(title):
        return {"id": match[1] or match[3], "value": match[2] or match[4]}
    return {"id": title.split(maxsplit=1)[0] if title else ""}


def _frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    import pandas as pd

    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) or None for row in rows] for name in names}
    return pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})


def iter_fasta(
    stream: BinaryIO, *, batch_size: int, name: str, head: bytes = b""
) -> Iterator[pd.DataFrame]:
    r"""Yield the records of a FASTA file in batches: id, sequence and the values in the titles.

    Parameters
    ----------
    stream : binary file
        At the start of the text.
    batch_size : int
        Records of a batch.
    name : str
        Name of the file, for messages.
    head : bytes
        The first bytes, which say the encoding.

    Yields
    ------
    DataFrame
        Text; missing values are NA. Batches may differ in their columns.

    Raises
    ------
    TableError
        If the bytes cannot be read.

    Examples
    --------
    >>> text = io.BytesIO(b">a 1.5\nAC\nGT\n")
    >>> next(iter_fasta(text, batch_size=9, name="a")).iloc[0].to_dict()
    {'id': 'a', 'sequence': 'ACGT', 'value': '1.5'}
    """
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    text = _text(stream, head)
    parser = SimpleFastaParser(text)  # type: ignore[no-untyped-call]
    while True:
        with reading(name):
            batch = list(islice(parser, batch_size))
        if not batch:
            break
        rows = ((parse_title(title), sequence) for title, sequence in batch)
        yield _frame([{"id": row.pop("id"), "sequence": seq, **row} for row, seq in rows])
    text.detach()


def _text(stream: BinaryIO, head: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding=decode_head(head)[1], errors="replace")


def iter_genbank(
    stream: BinaryIO, *, batch_size: int, name: str, head: bytes = b""
) -> Iterator[pd.DataFrame]:
    """Yield the records of a GenBank file in batches: id and sequence.

    Parameters
    ----------
    stream, batch_size, name, head
        As for :func:`iter_fasta`.

    Yields
    ------
    DataFrame
        Text.

    Raises
    ------
    TableError
        If the text is not GenBank, or a record has no sequence.
    """
    from Bio import SeqIO

    text = _text(stream, head)
    records: Any = SeqIO.parse(text, "genbank")  # type: ignore[no-untyped-call]
    while True:
        # Biopython warns of what it repairs in the annotation, which is not read.
        with warnings.catch_warnings(), reading(name):
            warnings.simplefilter("ignore")
            try:
                batch = list(islice(records, batch_size))
            except (ValueError, AssertionError, IndexError) as error:
                raise TableError(f"{name} is not readable as GenBank: {error}") from error
        if not batch:
            break
        yield _frame([{"id": record.id, "sequence": _bases(record, name)} for record in batch])
    text.detach()


def _bases(record: Any, name: str) -> str:
    from Bio.Seq import UndefinedSequenceError

    try:
        return str(record.seq)
    except UndefinedSequenceError as error:
        raise TableError(
            f"{name}: record {record.id!r} has no sequence; export it with its ORIGIN"
        ) from error


def join_values(
    records: pd.DataFrame,
    values: pd.DataFrame,
    *,
    key: str | None,
    names: tuple[str, str],
) -> tuple[pd.DataFrame, str]:
    """Join a table of measured values to sequence records on the record's name.

    Parameters
    ----------
    records : DataFrame
        Columns id and sequence, and maybe values of the titles.
    values : DataFrame
        The measured values.
    key : str or None
        Column of `values` that holds the names; None = the one that shares
        most names with the records.
    names : tuple of str
        Names of the two files, for messages.

    Returns
    -------
    joined : DataFrame
        The records in their order, with the columns of `values`.
    note : str
        What was joined, in words.

    Raises
    ------
    TableError
        If a name occurs twice, or is in one of the tables only.
    ColumnError
        If there is no column `key`.
    """
    ids = _as_names(records["id"])
    if key is None:
        shared = {str(c): int(_as_names(values[c]).isin(ids).sum()) for c in values.columns}
        key = max(shared, key=shared.__getitem__)
        if not shared[key]:
            raise TableError(
                f"no column of {names[1]} holds the names of the records of {names[0]} (such as "
                f"{ids.iloc[0]!r}); name it with --id"
            )
    elif key not in values:
        hint = did_you_mean(key, map(str, values.columns))
        raise ColumnError(f"{names[1]}: no column {key!r}{hint}")
    keys = _as_names(values[key])
    for what, column in zip(names, (ids, keys), strict=True):
        if (twice := column.duplicated() & column.notna()).any():
            raise TableError(
                f"{what}: the name {column[twice].iloc[0]!r} occurs twice; values cannot be joined"
            )
    _check_matched(ids, keys, names)
    others = values.drop(columns=[key, "sequence"], errors="ignore").set_axis(keys, axis=0)
    found = others.reindex(ids).reset_index(drop=True)
    kept = records.drop(columns=[c for c in found.columns if c in records and c != "id"])
    joined = kept.join(found.drop(columns="id", errors="ignore"))
    return joined, f"values: {names[1]}, joined on column {key!r}"


def _as_names(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("str").str.strip()


def _check_matched(ids: pd.Series[Any], keys: pd.Series[Any], names: tuple[str, str]) -> None:
    problems = []
    for (own, other), what in (((ids, keys), "records"), ((keys, ids), "rows")):
        alone = own[~own.isin(other)]
        if len(alone):
            first, second = names if what == "records" else names[::-1]
            problems.append(
                f"{len(alone):,} of {len(own):,} {what} of {first} are not in {second} "
                f"(first: {alone.iloc[0]!r})"
            )
    if problems:
        raise TableError(f"{', and '.join(problems)}; make the names agree, or take these out")
