"""Regions as files hold them: BED, or a table with chromosome, start, end and strand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqexpr.data.frames import iter_frames
from seqexpr.errors import ColumnError, TableError, did_you_mean
from seqexpr.variants.windows import Window

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["iter_regions"]

_NEEDED = ("chromosome", "start", "end")
_ALSO = {"chrom": "chromosome", "chr": "chromosome", "seqname": "chromosome", "name": "id"}


def iter_regions(source: str | os.PathLike[str]) -> Iterator[Window]:
    """Read regions one by one, named by their ids.

    Raises
    ------
    TableError
        If the file is not there, or a row is no region.
    ColumnError
        If a table lacks one of the columns.
    """
    name = Path(source).name.lower()
    rows = _bed(source) if name.endswith((".bed", ".bed.gz")) else _table(source)
    for number, (chromosome, start, end, strand, own) in rows:
        low, high = _whole(start), _whole(end)
        if low is None or high is None or not 0 <= low < high:
            raise TableError(
                f"{source}: row {number:,}: start {start!r} and end {end!r} are no region; "
                "expected whole numbers with 0 <= start < end (0-based, half-open)"
            )
        # BED writes "." where the strand makes no difference.
        yield Window(str(chromosome), low, high, "-" if strand == "-" else "+", _text(own))


def _text(value: object) -> str:
    return "" if value is None or value != value or str(value) == "<NA>" else str(value)


def _whole(value: object) -> int | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


_Row = tuple[int, tuple[Any, Any, Any, Any, Any]]


def _bed(source: str | os.PathLike[str]) -> Iterator[_Row]:
    import gzip

    opener: Any = gzip.open if str(source).endswith(".gz") else open
    try:
        with opener(source, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                text = line.rstrip("\r\n")
                if not text.strip() or text.startswith(("#", "track", "browser")):
                    continue
                cells = text.split("\t") if "\t" in text else text.split()
                if len(cells) < 3:
                    raise TableError(
                        f"{source}: row {number:,} has {len(cells)} columns; BED has at least 3"
                    )
                strand = cells[5] if len(cells) > 5 else "+"
                yield number, (*cells[:3], strand, cells[3] if len(cells) > 3 else "")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TableError(f"{source} cannot be read as BED: {error}") from error


def _table(source: str | os.PathLike[str]) -> Iterator[_Row]:
    for first_row, found in iter_frames(source):
        frame = _named(found, source)
        others = [frame[key].tolist() if key in frame else None for key in ("strand", "id")]
        strands, ids = (column or [None] * len(frame) for column in others)
        needed = (frame[key].tolist() for key in _NEEDED)
        yield from enumerate(zip(*needed, strands, ids, strict=True), start=first_row)


def _named(frame: pd.DataFrame, source: object) -> pd.DataFrame:
    plain = {column: column.lower() for column in frame.columns}
    names = {column: _ALSO.get(name, name) for column, name in plain.items()}
    taken: dict[str, str] = {}
    for column, name in names.items():
        taken.setdefault(name, column)
    for name in _NEEDED:
        if name not in taken:
            hint = did_you_mean(name, list(frame.columns))
            raise ColumnError(
                f"{source}: no column {name!r}{hint}; regions need chromosome, start and end, as "
                "seqexpr windows writes them, or a .bed file"
            )
    return frame[list(taken.values())].rename(columns={old: new for new, old in taken.items()})
