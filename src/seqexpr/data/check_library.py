"""What stands out in the sequences as a set: lengths, shared flanks, repeated sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.findings import FindingCollector
from seqexpr.sequences import reverse_complements

__all__ = ["Library", "duplicate_findings", "find_flanks", "library_findings"]

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_SHORT = 6  # bases; no 6-mer fits into less
_MIN_FLANK = 4  # bases; less is shared by chance
_MIN_SHARE = 0.95  # of the sequences that must share a flank: some carry a mutation in it
_SHARP = 0.9  # share of the commonest base below which a flank has come to its end
_FLANK_SHOWN = 60  # bases of a flank that are written out


@dataclass(frozen=True, eq=False)
class Library:
    """The usable sequences of a table.

    Attributes
    ----------
    sequences : ndarray of str, shape (m,)
        Upper-case DNA, none empty.
    rows : ndarray of int64, shape (m,)
        Where they stand in the table, from 0.
    n : int
        Rows of the table.
    column : str
        Name of the column.
    conditions : ndarray of int64, shape (m,), optional
        Number of what stands beside each sequence, where there are covariates:
        a sequence in two conditions is no repeat.
    """

    sequences: npt.NDArray[np.object_]
    rows: Ints
    n: int
    column: str
    conditions: Ints | None = None

    def apart(self, codes: Ints) -> Ints:
        """Give each pair of sequence and condition a number; `codes` are of sequences, (m,)."""
        if self.conditions is None:
            return codes
        pairs = np.column_stack([codes, self.conditions])
        return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1))

    def mask(self, where: Mask) -> Mask:
        """Return a mask over the n rows of the table of a mask over the m sequences."""
        full = np.zeros(self.n, dtype=bool)
        full[self.rows[where]] = True
        return full

    def cells(self) -> npt.NDArray[np.object_]:
        """Return the sequences at their place in the table, shape (n,)."""
        full = np.full(self.n, "", dtype=object)
        full[self.rows] = self.sequences
        return full


def library_findings(found: FindingCollector, library: Library) -> None:
    """Look at the usable sequences as a set: lengths, how many are distinct, flanks.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    library : Library
        The usable sequences.
    """
    m = len(library.sequences)
    if m == 0:
        return
    lengths = np.fromiter(map(len, library.sequences.tolist()), dtype=np.int64, count=m)
    if lengths.min() != lengths.max():
        found.add(
            "length-mixed", "info", None, column=library.column,
            meaning=f"lengths differ: {lengths.min():,} to {lengths.max():,} bases, median "
            f"{np.median(lengths):,.0f}; models that read bases by position are left out unless "
            "nine in ten lengths are within a tenth of the median",
            remedy="nothing to do, if the constructs differ in length",
        )  # fmt: skip
    short = lengths < _SHORT
    found.add(
        "length-short", "warning", library.mask(short), column=library.column,
        cells=library.cells() if short.any() else None,
        meaning=f"{int(short.sum()):,} sequences are shorter than {_SHORT} bases ({{first}}): "
        "hardly a k-mer fits into them",
        remedy="check that they were not cut short",
    )  # fmt: skip
    distinct = len(np.unique(library.apart(pd.factorize(library.sequences)[0])))
    if m >= 10 and distinct <= max(3, 0.1 * m):
        found.add(
            "sequence-few-distinct", "warning", None, column=library.column,
            meaning=f"only {distinct:,} distinct sequences{_each(library)} in {m:,} rows: there "
            f"is as much to learn as from {distinct:,} rows",
            remedy="average the repeated measurements of a sequence first",
        )  # fmt: skip
    elif distinct >= 10:
        _flank_finding(found, library, lengths)


def _each(library: Library) -> str:
    return "" if library.conditions is None else " (in one condition)"


def _flank_finding(found: FindingCollector, library: Library, lengths: Ints) -> None:
    left, right, share = find_flanks(library.sequences, lengths)
    parts = []
    for verb, flank in (("start", left), ("end", right)):
        if len(flank) >= _MIN_FLANK:
            bases = flank
            if len(flank) > _FLANK_SHOWN:
                bases = flank[: _FLANK_SHOWN // 2] + "..." + flank[-_FLANK_SHOWN // 2 :]
            parts.append(f"{verb} with the same {len(flank):,} bases, {bases}")
    if parts:
        who = "all sequences"
        if share < 1:
            who = f"{np.floor(1000 * share) / 10:g}% of the sequences"
        found.add(
            "flank-constant", "info", None, column=library.column,
            meaning=f"{who} {', and '.join(parts)}: the context of the construct, from which "
            "nothing can be learnt",
            remedy="nothing to do; give sequences to predict the same flanks",
        )  # fmt: skip


def find_flanks(
    sequences: npt.NDArray[np.object_], lengths: npt.NDArray[np.int64]
) -> tuple[str, str, float]:
    """Find what the sequences start and end with in common.

    Parameters
    ----------
    sequences : ndarray of str, shape (m,)
        At least one, none empty.
    lengths : ndarray of int64, shape (m,)
        Their lengths.

    Returns
    -------
    left, right : str
        Bases that all sequences share, or at least 95% of them if variation
        begins at once behind the flank (and not little by little, as in a
        library of single mutants); empty for none.
    share : float
        Share of the sequences that have both flanks, in (0, 1].

    Examples
    --------
    >>> rows = np.array(["ACGTAAAGG", "ACGTCGG", "ACGTGTTGG"], dtype=object)
    >>> find_flanks(rows, np.array([9, 7, 9]))
    ('ACGT', 'GG', 1.0)
    """
    letters = np.frombuffer("".join(sequences.tolist()).encode("ascii"), dtype=np.uint8)
    ends = np.cumsum(lengths)
    left, has_left = _shared(letters, ends - lengths, lengths, step=1)
    right, has_right = _shared(letters, ends - 1, lengths, step=-1)
    return left, right[::-1], float((has_left & has_right).mean())


def _shared(
    letters: npt.NDArray[np.uint8], starts: Ints, lengths: Ints, *, step: int
) -> tuple[str, Mask]:
    """Walk from the ends of the sequences inwards while nearly all of them agree."""
    agree = np.ones(len(starts), dtype=bool)
    bases: list[str] = []
    shared_by_all = 0
    while True:
        at = np.flatnonzero(agree & (lengths > len(bases)))
        here = letters[starts[at] + step * len(bases)]
        most = int(np.bincount(here, minlength=1).argmax())
        same = at[here == most]
        if len(same) < _MIN_SHARE * len(starts) or chr(most) not in "ACGT":
            break
        agree[:] = False
        agree[same] = True
        bases.append(chr(most))
        shared_by_all += int(agree.all())
    if len(same) < _SHARP * agree.sum():
        return "".join(bases), agree
    return "".join(bases[:shared_by_all]), np.ones(len(starts), dtype=bool)


def duplicate_findings(
    found: FindingCollector,
    library: Library,
    *,
    values: npt.NDArray[np.float64],
    names: tuple[str, ...],
) -> None:
    """Find repeated sequences, with equal and with conflicting values, and reverse complements.

    Parameters
    ----------
    found : FindingCollector
        Takes the findings.
    library : Library
        The m usable sequences.
    values : ndarray of float64, shape (m, t)
        Their targets; NaN = not measured.
    names : tuple of str, length t
        Names of the targets.
    """
    m = len(library.sequences)
    if m < 2:
        return
    turned = np.array(reverse_complements(library.sequences.tolist()), dtype=object)
    both = np.concatenate([library.sequences, turned])
    codes = np.asarray(pd.factorize(both)[0], dtype=np.int64)
    forward, backward = codes[:m], codes[m:]
    counts = np.bincount(forward, minlength=int(codes.max()) + 1)
    same = library.apart(forward)
    repeated = np.bincount(same)[same] > 1
    if repeated.any():
        _repeat_findings(found, library, same, values=values, names=names, repeated=repeated)
    partner = (counts[backward] > 0) & (forward != backward)
    found.add(
        "duplicate-reverse-complement", "info", library.mask(partner), column=library.column,
        meaning=f"{int(partner.sum()):,} rows are the reverse complement of another row; they stay "
        "together on one side of every split",
        remedy="nothing to do, if both strands were meant to be measured",
    )  # fmt: skip


def _repeat_findings(
    found: FindingCollector,
    library: Library,
    codes: Ints,
    *,
    values: npt.NDArray[np.float64],
    names: tuple[str, ...],
    repeated: Mask,
) -> None:
    conflict = np.zeros(len(codes), dtype=bool)
    spreads = []
    for column, name in enumerate(names):
        y: pd.Series[Any] = pd.Series(values[:, column])
        by = y.groupby(codes)
        width = (by.transform("max") - by.transform("min")).to_numpy(dtype=np.float64)
        # Not numbers that differ by rounding alone.
        differs = repeated & (width > 1e-9 * float(y.abs().max()))
        if differs.any():
            inside = float(np.sqrt(y[differs].groupby(codes[differs]).var().mean()))
            spreads.append(
                f"'{name}' has a standard deviation of {inside:.3g} within a sequence and of "
                f"{float(y.std()):.3g} over all rows"
            )
        conflict |= differs
    equal = repeated & ~conflict
    found.add(
        "duplicate-equal", "info", library.mask(equal), column=library.column,
        meaning=f"{int(equal.sum()):,} rows repeat a sequence{_each(library)} with the same value; "
        "they count several times and stay together on one side of every split",
        remedy="take the copies out, if they are copies and not measurements",
    )  # fmt: skip
    found.add(
        "duplicate-conflicting", "warning", library.mask(conflict), column=library.column,
        meaning=f"{int(conflict.sum()):,} rows repeat a sequence{_each(library)} with another "
        f"value, which no model of the sequence can predict: {'; '.join(spreads)}",
        remedy="average them if they are replicates; if a condition differs, name it with "
        "--covariate, or keep one",
    )  # fmt: skip
