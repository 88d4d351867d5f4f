"""What is wrong with the sequences, cell by cell: scanned as bytes, repaired where it is safe."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.findings import Finding, Severity, make_finding
from seqexpr.recipe import OnInvalid
from seqexpr.sequences import IUPAC, normalize

__all__ = ["SequenceScan", "scan_sequences", "whole_set_findings"]

Mask = npt.NDArray[np.bool_]

_LOWER, _URACIL, _CODE, _GAP, _SPACE, _FOREIGN = (1 << i for i in range(6))
_FLAGS = np.full(256, _FOREIGN, dtype=np.uint8)
for _letter in IUPAC + "U":
    _code = _URACIL if _letter == "U" else 0 if _letter in "ACGT" else _CODE
    _FLAGS[ord(_letter)] = _code
    _FLAGS[ord(_letter.lower())] = _code | _LOWER
for _letter in "-.~":
    _FLAGS[ord(_letter)] = _GAP
for _letter in " \t\r\n\v\f":
    _FLAGS[ord(_letter)] = _SPACE
_GAPS = str.maketrans("", "", "-.~")
_PROTEIN_ONLY = re.compile(r"[EFILPQZ]", re.IGNORECASE)


# What is said of sequences that can be used: flag, code, severity, meaning, remedy, repaired.
_USABLE: tuple[tuple[int, str, Severity, str, str, bool], ...] = (
    (
        _LOWER, "sequence-lowercase", "info",
        "{k} of {n} sequences hold lower-case letters; they are read as upper case",
        "if lower case marks masked repeats, that mark is lost", True,
    ),
    (_URACIL, "sequence-rna", "info", "{k} of {n} sequences are RNA; U is read as T", "", True),
    (
        _CODE, "sequence-ambiguous", "info",
        "{k} of {n} sequences hold N or another IUPAC code; k-mers across it are not counted",
        "", False,
    ),
    (
        _GAP, "sequence-gaps", "warning",
        "{k} of {n} sequences hold gaps (- or .); they are taken out, since a promoter has none",
        "if this is an alignment, positions shift: ungap it yourself", True,
    ),
    (
        _SPACE, "sequence-spaces", "info",
        "{k} of {n} sequences hold spaces or line breaks; they are taken out", "", True,
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class SequenceScan:
    """Sequences ready for use, and what was found on the way.

    Attributes
    ----------
    sequences : ndarray of str, shape (n,)
        Upper case, U as T, no gaps or spaces; unusable rows are empty.
    repaired, unusable : ndarray of bool, shape (n,)
        Rows that were changed; rows that cannot be used.
    findings : list of Finding
        By row.
    """

    sequences: npt.NDArray[np.object_]
    repaired: Mask
    unusable: Mask
    findings: list[Finding]


def scan_sequences(column: pd.Series, *, on_invalid: OnInvalid = "error") -> SequenceScan:
    """Scan and repair the sequence column.

    Parameters
    ----------
    column : Series
        Cells as read; NA is an empty sequence.
    on_invalid : {"error", "drop"}
        What the findings about unusable rows are: errors, or dropped rows.

    Examples
    --------
    >>> scan = scan_sequences(pd.Series(["acgu", "AC-GT", "AC!T"]), on_invalid="drop")
    >>> scan.sequences.tolist(), scan.unusable.tolist()
    (['ACGT', 'ACGT', ''], [False, False, True])
    >>> [finding.code for finding in scan.findings]
    ['sequence-not-dna', 'sequence-lowercase', 'sequence-rna', 'sequence-gaps']
    """
    raw = [
        "" if cell is None or cell is pd.NA or cell != cell else str(cell)
        for cell in column.tolist()
    ]
    flags = _row_flags(raw)
    foreign = (flags & _FOREIGN) != 0
    changed = (flags & (_LOWER | _URACIL | _GAP | _SPACE)) != 0
    changed &= ~foreign
    sequences = np.empty(len(raw), dtype=object)
    sequences[:] = raw
    for row in np.flatnonzero(changed):
        sequences[row] = normalize(raw[row]).translate(_GAPS)
    sequences[foreign] = ""
    empty = np.array([not s for s in sequences.tolist()], dtype=bool) & ~foreign
    unusable = foreign | empty
    context = _Context(raw, str(column.name), on_invalid)
    findings = [
        *context.unusable("sequence-empty", empty, "are empty"),
        *_foreign(context, foreign),
        *context.usable(flags & ~np.where(unusable, 255, 0).astype(np.uint8)),
    ]
    return SequenceScan(sequences, changed & ~unusable, unusable, findings)


def _row_flags(raw: list[str]) -> npt.NDArray[np.uint8]:
    """Return the union of the flags of the letters of each row."""
    lengths = np.fromiter(map(len, raw), dtype=np.int64, count=len(raw))
    starts = np.cumsum(lengths) - lengths
    letters = _FLAGS[np.frombuffer("".join(raw).encode("ascii", "replace"), dtype=np.uint8)]
    flags = np.zeros(len(raw), dtype=np.uint8)
    filled = lengths > 0
    if filled.any():
        flags[filled] = np.bitwise_or.reduceat(letters, starts[filled])
    return flags


@dataclass(frozen=True, eq=False)
class _Context:
    raw: list[str]
    column: str
    on_invalid: OnInvalid

    def unusable(self, code: str, where: Mask, what: str, hint: str = "") -> list[Finding]:
        if not where.any():
            return []
        drop = self.on_invalid == "drop"
        count = f"{int(where.sum()):,} of {len(where):,}"
        meaning = f"column '{self.column}': {count} sequences {what} ({{first}})"
        remedy = hint or ("" if drop else "fix them, or pass --on-invalid drop")
        return [
            make_finding(
                code, "warning" if drop else "error", where, meaning=meaning, remedy=remedy,
                column=self.column, values=self.raw, action="dropped" if drop else "none",
            )
        ]  # fmt: skip

    def usable(self, flags: npt.NDArray[np.uint8]) -> list[Finding]:
        n = len(flags)
        findings = []
        for bit, code, severity, meaning, remedy, repaired in _USABLE:
            where = (flags & bit) != 0
            if where.any():
                text = meaning.format(k=f"{int(where.sum()):,}", n=f"{n:,}")
                findings.append(
                    make_finding(
                        code, severity, where, meaning=text, remedy=remedy, column=self.column,
                        values=self.raw, action="repaired" if repaired else "none",
                    )
                )  # fmt: skip
        return findings


def _foreign(context: _Context, foreign: Mask) -> list[Finding]:
    if not foreign.any():
        return []
    rows = np.flatnonzero(foreign)[:100]
    protein = sum(bool(_PROTEIN_ONLY.search(context.raw[row])) for row in rows)
    hint = ""
    if protein > len(rows) / 2 and foreign.mean() > 0.5:
        hint = "this looks like protein; pass the DNA column with --sequence NAME"
    return context.unusable("sequence-not-dna", foreign, "hold letters that are not DNA", hint)


def whole_set_findings(sequences: npt.NDArray[np.object_], column: str) -> list[Finding]:
    """Look at the usable sequences as a set: lengths, flanks, how many are distinct."""
    if len(sequences) == 0:
        return []
    lengths = np.array([len(s) for s in sequences.tolist()])
    findings = []
    if lengths.min() != lengths.max():
        text = (
            f"lengths differ: {lengths.min():,} to {lengths.max():,} bases, "
            f"median {np.median(lengths):,.0f}"
        )
        findings.append(make_finding("length-mixed", "info", None, meaning=text, column=column))
    short = lengths < 6
    if short.any() and lengths.max() > 20:
        text = f"{int(short.sum()):,} sequences are shorter than 6 bases ({{first}})"
        findings.append(
            make_finding("length-short", "warning", short, meaning=text, column=column,
                         values=sequences, remedy="are they cut short?")
        )  # fmt: skip
    distinct = len(set(sequences.tolist()))
    if distinct <= max(3, 0.1 * len(sequences)) and len(sequences) >= 10:
        text = f"only {distinct:,} distinct sequences in {len(sequences):,} rows"
        findings.append(
            make_finding("sequence-few-distinct", "warning", None, meaning=text, column=column,
                         remedy="average the repeated measurements of a sequence first")
        )  # fmt: skip
    return [*findings, *_flanks(sequences, column, distinct)]


def _flanks(sequences: npt.NDArray[np.object_], column: str, distinct: int) -> list[Finding]:
    if distinct < 10:
        return []
    forward = sequences.tolist()
    left = _shared_start(min(forward), max(forward))
    backward = [s[::-1] for s in forward]
    right = _shared_start(min(backward), max(backward))[::-1]
    parts = [
        f"{'start' if side == 'left' else 'end'} with the same {len(flank)} bases, {flank}"
        for side, flank in (("left", left), ("right", right))
        if len(flank) >= 4
    ]
    if not parts:
        return []
    text = f"all sequences {' and '.join(parts)}: the construct's context, the same for every model"
    return [make_finding("flank-constant", "info", None, meaning=text, column=column)]


def _shared_start(first: str, last: str) -> str:
    """Return what the smallest and the largest of sorted strings share, so all of them do."""
    for i, (a, b) in enumerate(zip(first, last, strict=False)):
        if a != b:
            return first[:i]
    return first if len(first) <= len(last) else last
