"""FASTA and GenBank, through Biopython: records to rows."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from seqexpr.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["iter_fasta", "iter_genbank", "parse_title"]

_PAIR = re.compile(r"([A-Za-z_][\w.-]*)=(\S+)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def parse_title(title: str) -> dict[str, str]:
    """Read the name and the values in a FASTA title.

    Understood are ``name 5.2``, ``name|5.2`` and ``name expression=5.2 rep1=5``.

    Examples
    --------
    >>> parse_title("p1 expression=5.2 rep1=5")
    {'id': 'p1', 'expression': '5.2', 'rep1': '5'}
    >>> parse_title("p1|native|5.2")
    {'id': 'p1|native', 'value': '5.2'}
    """
    name, _, rest = title.strip().partition(" ")
    row = {"id": name}
    pairs = dict(_PAIR.findall(rest))
    if pairs:
        return row | {key: value.strip(";,") for key, value in pairs.items() if key != "id"}
    last = rest.split()[-1] if rest.split() else ""
    if _NUMBER.fullmatch(last):
        return row | {"value": last}
    before, bar, after = name.rpartition("|")
    if bar and _NUMBER.fullmatch(after):
        return {"id": before, "value": after}
    return row


def _frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows, dtype=object)
    columns = [c for c in frame.columns if c != "sequence"]
    return frame[[columns[0], "sequence", *columns[1:]]]


def iter_fasta(stream: BinaryIO, *, batch_size: int, name: str) -> Iterator[pd.DataFrame]:
    """Yield the records of a FASTA file in batches: id, sequence and values in the title.

    Raises
    ------
    TableError
        If the text is not FASTA.
    """
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
    parser = SimpleFastaParser(text)  # type: ignore[no-untyped-call]
    try:
        while batch := list(islice(parser, batch_size)):
            yield _frame([parse_title(title) | {"sequence": seq} for title, seq in batch])
    except (ValueError, EOFError, OSError) as error:
        raise TableError(f"{name}: not readable as FASTA: {error}") from error
    finally:
        text.detach()


def iter_genbank(stream: BinaryIO, *, batch_size: int, name: str) -> Iterator[pd.DataFrame]:
    """Yield the records of a GenBank file in batches: id and sequence.

    Raises
    ------
    TableError
        If the text is not GenBank, or a record has no sequence.
    """
    from Bio import SeqIO
    from Bio.Seq import UndefinedSequenceError

    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace")
    records = SeqIO.parse(text, "genbank")  # type: ignore[no-untyped-call]
    try:
        while batch := list(islice(records, batch_size)):
            yield _frame([{"id": record.id, "sequence": str(record.seq)} for record in batch])
    except UndefinedSequenceError as error:
        raise TableError(f"{name}: a record has no sequence (ORIGIN is missing)") from error
    except (ValueError, EOFError, OSError) as error:
        raise TableError(f"{name}: not readable as GenBank: {error}") from error
    finally:
        text.detach()
