"""Sequences as they come in: repaired as in training, or told why they cannot be predicted.

The input doctor's own scan does the work, so that a sequence means the same
to a model on the day it is trained and on the day it is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.check_sequences import scan_sequences
from seqexpr.sequences import IUPAC

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REASONS", "Intake", "take_in"]

REASONS = {
    "sequence-empty": "no sequence",
    "sequence-spreadsheet": "not DNA: a date or an error of a spreadsheet",
    "sequence-protein": "not DNA: looks like protein",
    "sequence-not-dna": "not DNA",
}
"""Why a row cannot be predicted, by the code of the input doctor's finding."""

_FOREIGN = re.compile(rf"[^{IUPAC}U{IUPAC.lower()}u\s.~-]")


@dataclass(frozen=True, eq=False)
class Intake:
    """What became of the n cells of a sequence column.

    Attributes
    ----------
    texts : list of str, length n
        The cells as found.
    sequences : list of str, length n
        Upper-case DNA; empty where there is a problem.
    problems : list of str, length n
        Why a row cannot be predicted; empty where it can.
    codes : ndarray of str, shape (n,)
        Code of the problem, a key of :data:`REASONS`; empty where there is none.
    n_repaired : int
        Rows in which case, U, gaps or white space were changed.
    """

    texts: list[str]
    sequences: list[str]
    problems: list[str]
    codes: npt.NDArray[np.object_]
    n_repaired: int


def take_in(column: pd.Series[Any]) -> Intake:
    """Repair a column of sequences, and say which cannot be used.

    Lower case is folded, U read as T, gaps and white space are taken out, as in
    training. IUPAC letters other than A, C, G, T stay: they are unknown bases
    to the models.

    Parameters
    ----------
    column : Series, length n
        Cells of a sequence column; missing ones count as empty.

    Examples
    --------
    >>> import pandas as pd
    >>> intake = take_in(pd.Series(["ACGT", "ac gu", None, "AC!T"]))
    >>> intake.sequences, intake.n_repaired
    (['ACGT', 'ACGT', '', ''], 1)
    >>> intake.problems
    ['', '', 'no sequence', "not DNA: '!' at position 3"]
    """
    scan = scan_sequences(column)
    problems = [""] * len(scan.texts)
    for row in np.flatnonzero(scan.unusable).tolist():
        problems[row] = _in_words(scan.problems[row], scan.texts[row])
    return Intake(
        texts=scan.texts,
        sequences=scan.sequences.tolist(),
        problems=problems,
        codes=scan.problems,
        n_repaired=int(scan.repaired.sum()),
    )


def _in_words(code: str, text: str) -> str:
    foreign = _FOREIGN.search(text)
    if code != "sequence-not-dna" or foreign is None:
        return REASONS[code]
    return f"{REASONS[code]}: {foreign.group()!r} at position {foreign.start() + 1}"
