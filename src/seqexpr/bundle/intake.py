"""Sequences as they come in: repaired as in training, or told why they cannot be predicted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from seqexpr.sequences import IUPAC, normalize

__all__ = ["EMPTY", "NOT_DNA", "Intake", "take_in"]

EMPTY = "no sequence"
NOT_DNA = "not DNA"

_CLEAN = re.compile(f"[{IUPAC}]+")
_FOREIGN = re.compile(rf"[^{IUPAC}U{IUPAC.lower()}u\s]")


@dataclass(frozen=True)
class Intake:
    """What became of a batch of n cells.

    Attributes
    ----------
    sequences : list of str, length n
        Upper-case DNA; empty where there is a problem.
    problems : list of str, length n
        Why a row cannot be predicted; empty where it can.
    n_repaired : int
        Rows whose case, U or white space was changed.
    """

    sequences: list[str]
    problems: list[str]
    n_repaired: int


def take_in(cells: Iterable[object]) -> Intake:
    """Repair a batch of sequences, and say which cannot be used.

    Lower case is folded, U read as T, white space taken out. IUPAC letters
    other than A, C, G, T stay: they are unknown bases to the models.

    Parameters
    ----------
    cells : iterable of object, length n
        Cells of a sequence column; None and NA count as empty.

    Examples
    --------
    >>> intake = take_in(["ACGT", "ac gu", None, "AC-T"])
    >>> intake.sequences, intake.n_repaired
    (['ACGT', 'ACGT', '', ''], 1)
    >>> intake.problems
    ['', '', 'no sequence', "not DNA: '-' at position 3"]
    """
    sequences: list[str] = []
    problems: list[str] = []
    n_repaired = 0
    for cell in cells:
        text = cell if isinstance(cell, str) else ""
        problem = ""
        if not _CLEAN.fullmatch(text):
            text, problem = _repair(text)
            n_repaired += not problem
        sequences.append(text)
        problems.append(problem)
    return Intake(sequences, problems, n_repaired)


def _repair(text: str) -> tuple[str, str]:
    repaired = normalize(text)
    if not repaired:
        return "", EMPTY
    # ASCII only: the upper case of some other letters is made of IUPAC letters.
    foreign = _FOREIGN.search(text)
    if foreign is None:
        return repaired, ""
    return "", f"{NOT_DNA}: {foreign.group()!r} at position {foreign.start() + 1}"
