"""What is wrong with the sequences, cell by cell: scanned as bytes, repaired where it is safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.cells import as_texts, is_damaged
from seqexpr.data.findings import FindingCollector, Severity
from seqexpr.sequences import BASES, IUPAC

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SequenceScan", "scan_sequences", "sequence_findings"]

Mask = npt.NDArray[np.bool_]
Flags = npt.NDArray[np.uint16]

_BASE, _CODE, _LOWER, _URACIL, _THYMINE, _GAP, _SPACE, _PROTEIN, _OTHER = (1 << i for i in range(9))
_REPAIRED = _LOWER | _URACIL | _GAP | _SPACE
_GAPS = b"-.~"
_SPACES = b" \t\r\n\v\f\xa0"  # with the no-break space of web pages
# A sequence cell that holds one of these words, and nothing else, is an empty cell.
_NO_SEQUENCE = frozenset({"na", "nan", "n/a", "null", "none", "<na>"})


def _make_tables() -> tuple[Flags, bytes]:
    """Return what each Latin-1 letter is, and what it is folded to."""
    flags = np.full(256, _OTHER, dtype=np.uint16)
    fold = bytearray(range(256))
    for letter in "EFIJLOPQXZ*":  # of protein, and of no nucleotide
        flags[ord(letter)] = flags[ord(letter.lower())] = _PROTEIN
    for letter in IUPAC + "U":
        is_base = letter in BASES or letter == "U"
        flag = (_BASE if is_base else _CODE) | {"U": _URACIL, "T": _THYMINE}.get(letter, 0)
        flags[ord(letter)] = flag
        flags[ord(letter.lower())] = flag | _LOWER
        fold[ord(letter)] = fold[ord(letter.lower())] = ord("T" if letter == "U" else letter)
    flags[list(_GAPS)] = _GAP
    flags[list(_SPACES)] = _SPACE
    return flags, bytes(fold)


_FLAGS, _FOLD = _make_tables()


@dataclass(frozen=True, eq=False)
class SequenceScan:
    """Sequences ready for use, and what was found on the way.

    Attributes
    ----------
    texts : list of str, length n
        The cells as found.
    sequences : ndarray of str, shape (n,)
        Upper case, U as T, no gaps or spaces; empty where there is a problem.
    problems : ndarray of str, shape (n,)
        Code of the finding that makes a row unusable; empty where none does.
    flags : ndarray of uint16, shape (n,)
        What letters each cell holds.
    """

    texts: list[str]
    sequences: npt.NDArray[np.object_]
    problems: npt.NDArray[np.object_]
    flags: Flags

    @property
    def unusable(self) -> Mask:
        """Rows without a usable sequence, shape (n,)."""
        return np.asarray(self.problems != "", dtype=bool)

    @property
    def repaired(self) -> Mask:
        """Usable rows that were changed, shape (n,)."""
        return np.asarray((self.flags & _REPAIRED) != 0, dtype=bool) & ~self.unusable


def scan_sequences(column: pd.Series[Any]) -> SequenceScan:
    """Scan and repair the sequence column.

    Lower case is folded, U read as T, gaps and white space are taken out. The
    other IUPAC codes stay. Anything else makes a row unusable.

    Parameters
    ----------
    column : Series, length n
        Cells as read; a missing one is an empty sequence.

    Returns
    -------
    SequenceScan
        One entry for each row.

    Examples
    --------
    >>> import pandas as pd
    >>> scan = scan_sequences(pd.Series(["acgu", "AC-GT", "AC!T", "NA", "2-Sep", "MKVLEEQ"]))
    >>> scan.sequences.tolist()
    ['ACGT', 'ACGT', '', '', '', '']
    >>> scan.problems.tolist()[2:]
    ['sequence-not-dna', 'sequence-empty', 'sequence-spreadsheet', 'sequence-protein']
    """
    texts = as_texts(column)
    # One byte a letter, so that lengths hold; what Latin-1 has not becomes "?".
    data = "".join(texts).encode("latin-1", "replace")
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(lengths)
    letters = _FLAGS[np.frombuffer(data, dtype=np.uint8)]
    flags = np.zeros(len(texts), dtype=np.uint16)
    filled = lengths > 0
    if filled.any():
        flags[filled] = np.bitwise_or.reduceat(letters, (ends - lengths)[filled])
    problems = _problems(texts, flags, letters, ends=ends, lengths=lengths)
    folded = data.translate(_FOLD).decode("latin-1")
    sequences = np.empty(len(texts), dtype=object)
    sequences[:] = [
        folded[end - length : end]
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]
    bad = problems != ""
    for row in np.flatnonzero(((flags & (_GAP | _SPACE)) != 0) & ~bad):
        kept = sequences[row].encode("latin-1").translate(None, _GAPS + _SPACES)
        sequences[row] = kept.decode("ascii")
    sequences[bad] = ""
    return SequenceScan(texts, sequences, problems, flags)


def _problems(
    texts: list[str],
    flags: Flags,
    letters: Flags,
    *,
    ends: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
) -> npt.NDArray[np.object_]:
    """Return the code of what makes each row unusable; empty where nothing does."""
    problems = np.full(len(texts), "", dtype=object)
    foreign = (flags & (_PROTEIN | _OTHER)) != 0
    problems[foreign] = "sequence-not-dna"
    for row in np.flatnonzero(foreign & ((flags & _OTHER) == 0)):
        cell = letters[ends[row] - lengths[row] : ends[row]]
        # About a third of the residues of a protein; more than a typing error or two of DNA.
        if np.count_nonzero(cell & _PROTEIN) >= max(2.0, 0.15 * len(cell)):
            problems[row] = "sequence-protein"
    for row in np.flatnonzero(foreign & (lengths < 20)):
        if is_damaged(texts[row]):
            problems[row] = "sequence-spreadsheet"
    problems[((flags & (_BASE | _CODE)) == 0) & ~foreign] = "sequence-empty"
    for row in np.flatnonzero((lengths > 0) & (lengths <= 4)):
        if texts[row].lower() in _NO_SEQUENCE:
            problems[row] = "sequence-empty"
    return problems


# Code, what such sequences are or do, and what to do about it.
_UNUSABLE = (
    ("sequence-empty", "are empty", "fill them in"),
    ("sequence-spreadsheet", "were changed by a spreadsheet into dates or errors",
     "restore them from the original data with the column formatted as text"),
    ("sequence-protein", "are protein, not DNA", "give the DNA that codes for them"),
    ("sequence-not-dna", "hold characters that are not DNA", "fix them"),
)  # fmt: skip

# Flag, code, severity, what such sequences do, remedy, whether they are repaired.
_USABLE: tuple[tuple[int, str, Severity, str, str, bool], ...] = (
    (
        _LOWER, "sequence-lowercase", "info",
        "hold lower-case letters; they are read as upper case",
        "nothing to do, unless lower case marks repeats or adapters: that mark is lost", True,
    ),
    (
        _URACIL, "sequence-rna", "info", "are written as RNA; U is read as T",
        "nothing to do: a model takes RNA and DNA alike", True,
    ),
    (
        _SPACE, "sequence-spaces", "info", "hold spaces or line breaks; they are taken out",
        "nothing to do", True,
    ),
    (
        _CODE, "sequence-ambiguous", "info",
        "hold N or another IUPAC code; they are kept, and no k-mer is counted across such a base",
        "nothing to do where a base is unknown; leave padding away", False,
    ),
)  # fmt: skip


def sequence_findings(
    found: FindingCollector, scan: SequenceScan, *, column: str, dropped: Mask, drop_invalid: bool
) -> None:
    """Report what was found in the cells of the sequence column.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    scan : SequenceScan
        Of all n rows.
    column : str
        Name of the column.
    dropped : ndarray of bool, shape (n,)
        Rows that are dropped, for whatever reason.
    drop_invalid : bool
        Whether rows without a usable sequence are dropped; else they are errors.
    """
    n = len(scan.texts)
    severity: Severity = "warning" if drop_invalid else "error"
    stopping = scan.unusable if drop_invalid else scan.unusable & ~dropped
    mostly = stopping.sum() > n / 2
    for code, what, fix in _UNUSABLE:
        where = stopping & (scan.problems == code)
        remedy = fix if drop_invalid else f"{fix}, or pass --on-invalid drop"
        if mostly:
            remedy = "is this the right column? name another with --sequence NAME"
        k = int(where.sum())
        found.add(
            code, severity, where, column=column, cells=scan.texts, remedy=remedy,
            meaning=f"column '{column}': {k:,} of {n:,} sequences {what} ({{first}})",
            action="dropped" if drop_invalid else "none",
        )  # fmt: skip
    used = np.where(scan.unusable | dropped, 0, scan.flags).astype(np.uint16)
    for flag, code, grade, what, remedy, repaired in _USABLE:
        where = (used & flag) != 0
        found.add(
            code, grade, where, column=column, cells=scan.texts, remedy=remedy,
            meaning=f"{int(where.sum()):,} of {n:,} sequences {what}",
            action="repaired" if repaired else "none",
        )  # fmt: skip
    _gap_finding(found, scan, used, column=column)
    _doubtful_findings(found, scan, used, column=column)


def _gap_finding(found: FindingCollector, scan: SequenceScan, used: Flags, *, column: str) -> None:
    # Taken out, since a gap is no base and the molecule that was measured has none. In an
    # alignment that shifts positions, which nobody should learn from a plot: hence a warning.
    where = (used & _GAP) != 0
    if not where.any():
        return
    text = f"{int(where.sum()):,} of {len(used):,} sequences hold gaps (- or .); they are taken out"
    lengths = {len(scan.texts[row]) for row in np.flatnonzero(used)}
    if len(lengths) == 1 and len(used) > 1:
        text += "; with them all have one length, so this may be an alignment: its positions shift"
    found.add(
        "sequence-gaps", "warning", where, column=column, cells=scan.texts, meaning=text,
        remedy="give the sequences as they were built, without gaps", action="repaired",
    )  # fmt: skip


def _doubtful_findings(
    found: FindingCollector, scan: SequenceScan, used: Flags, *, column: str
) -> None:
    both = ((used & _URACIL) != 0) & ((used & _THYMINE) != 0)
    found.add(
        "sequence-mixed-alphabet", "warning", both, column=column, cells=scan.texts,
        meaning=f"{int(both.sum()):,} sequences hold both T and U ({{first}}); both are read as T",
        remedy="check how these sequences were put together",
    )  # fmt: skip
    blank = (used != 0) & ((used & _BASE) == 0)
    found.add(
        "sequence-unknown", "warning", blank, column=column, cells=scan.texts,
        meaning=f"{int(blank.sum()):,} sequences hold no A, C, G or T at all ({{first}}); "
        "a model can only predict its average for them",
        remedy="take these rows out, or pass their real sequence",
    )  # fmt: skip
