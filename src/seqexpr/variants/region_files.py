"""Regions as files hold them: BED, or a table with chromosome, start, end and strand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqexpr.data.annotation import read_annotation
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
    MissingExtraError
        If it is BED and bioframe is not installed.
    """
    for number, (chromosome, start, end, strand, name) in _rows(source):
        low, high = _whole(start), _whole(end)
        if low is None or high is None or low >= high:
            raise TableError(
                f"{source}: row {number:,}: start {start!r} and end {end!r} are no region; "
                "expected whole numbers, start below end (0-based, half-open)"
            )
        # BED writes "." where the strand makes no difference.
        yield Window(str(chromosome), low, high, "-" if strand == "-" else "+", _text(name))


_Row = tuple[int, tuple[Any, Any, Any, Any, Any]]


def _rows(source: str | os.PathLike[str]) -> Iterator[_Row]:
    if Path(source).name.lower().endswith((".bed", ".bed.gz")):
        features = read_annotation(source).features
        columns = [features[name].tolist() for name in (*_NEEDED, "strand", "gene")]
        yield from enumerate(zip(*columns, strict=True), start=1)
        return
    for first_row, found in iter_frames(source):
        frame = _named(found, source)
        needed = [frame[name].tolist() for name in _NEEDED]
        others = [
            frame[name].tolist() if name in frame else [None] * len(frame)
            for name in ("strand", "id")
        ]
        yield from enumerate(zip(*needed, *others, strict=True), start=first_row)


def _text(value: object) -> str:
    return "" if value is None or str(value) in ("nan", "<NA>") else str(value)


def _whole(value: object) -> int | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


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
