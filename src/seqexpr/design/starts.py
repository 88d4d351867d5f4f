"""Where a search starts: given sequences, random ones, or the best that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.bundle import Bundle
from seqexpr.bundle.intake import take_in
from seqexpr.design.constraints import Constraints
from seqexpr.design.feasibility import contradictions
from seqexpr.design.objective import Judge
from seqexpr.design.pool import choose_diverse
from seqexpr.design.sites import base_sets
from seqexpr.design.space import Space
from seqexpr.design.training import Measured, read_sequences
from seqexpr.errors import InputError, SequenceError
from seqexpr.sequences import BASES, IUPAC, encode, normalize

__all__ = ["Starts", "best_measured", "draw_random", "make_spaces", "read_starts"]

Codes = npt.NDArray[np.uint8]

MOST_JUDGED = 20_000
"""Measured sequences that are judged to find the best to start from."""


@dataclass(frozen=True)
class Starts:
    """Named sequences to start from.

    Attributes
    ----------
    names, sequences : tuple of str, length m
        Upper-case DNA, which may hold IUPAC letters.
    kind : {"given", "random", "measured"}
        Where they come from.
    """

    names: tuple[str, ...]
    sequences: tuple[str, ...]
    kind: str


def read_starts(start: Any) -> Starts:
    """Return the sequences that a user gives to start from.

    Parameters
    ----------
    start : str, Path, list of str, DataFrame or Table
        A sequence, some of them, or a table or FASTA file of them.

    Raises
    ------
    SequenceError
        If a sequence is not DNA.
    InputError
        If it is no sequence, and no file either.
    """
    if isinstance(start, str) and _is_dna(start) and not Path(start).exists():
        start = [start]
    if isinstance(start, Sequence) and not isinstance(start, str):
        import pandas as pd

        intake = take_in(pd.Series(list(start), dtype=object))
        for row, problem in enumerate(intake.problems):
            if problem:
                raise SequenceError(f"start {row + 1}: {problem}")
        several = len(intake.sequences) > 1
        names = tuple(f"start {i + 1}" if several else "start" for i in range(len(start)))
        return Starts(names, tuple(intake.sequences), "given")
    if isinstance(start, str | Path) and not _looks_like_a_file(start):
        raise InputError(
            f"start {str(start)!r} is no DNA sequence, and no such file is there; give one of "
            "them, or random, or measured"
        )
    ids, sequences, _ = read_sequences(start)
    return Starts(tuple(ids), tuple(sequences), "given")


def _is_dna(text: str) -> bool:
    letters = normalize(text)
    return bool(letters) and not set(letters) - set(IUPAC)


def _looks_like_a_file(start: str | Path) -> bool:
    text = str(start)
    return text == "-" or text.startswith("dataset:") or Path(text).exists()


def draw_random(
    bundle: Bundle, constraints: Constraints, *, n: int, length: int | None,
    rng: np.random.Generator,
) -> Starts:  # fmt: skip
    """Return random sequences with the GC content of training.

    Parameters
    ----------
    bundle : Bundle
        The model; says how long and how rich in G and C training sequences are.
    constraints : Constraints
        A template's bases are drawn from what it allows.
    n : int
        How many.
    length : int or None
        Bases of each; None = those of the template, or the median of training.
    rng : numpy.random.Generator
        Source of randomness.
    """
    template = constraints.template
    if template is not None and set(template) & set(template.lower()) - set(template.upper()):
        raise InputError(
            "template: lower-case letters keep the bases of a start, and random sequences have "
            "none to keep; write IUPAC letters in upper case, or give --start"
        )
    if constraints.fixed:
        raise InputError("fixed: random sequences have no bases to keep; give --start")
    bases = length or (len(template) if template else round(bundle.manifest.input.median_length))
    domain = bundle.calibration.domain
    gc = 0.5 if domain is None else float(domain.strangeness.gc[0])
    share = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    drawn = rng.choice(4, size=(n, bases), p=share)
    sequences = ["".join(BASES[code] for code in row) for row in drawn.tolist()]
    return Starts(tuple(f"random {i + 1}" for i in range(n)), tuple(sequences), "random")


def best_measured(
    judge: Judge, measured: Measured, *, n: int, length: int | None, rng: np.random.Generator
) -> Starts:
    """Return the measured sequences that serve best by the model, apart from each other.

    Parameters
    ----------
    judge : Judge
        Model and objective.
    measured : Measured
        What was measured; of more than 20,000, as many are drawn.
    n : int
        How many at most.
    length : int or None
        Bases of each; None = the commonest length.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    InputError
        If none has this length.
    """
    whole = [i for i, one in enumerate(measured.sequences) if not set(one) - set(BASES)]
    lengths = np.array([len(measured.sequences[i]) for i in whole], dtype=np.int64)
    wanted = length or (int(np.bincount(lengths).argmax()) if len(lengths) else 0)
    rows = [i for i, size in zip(whole, lengths.tolist(), strict=True) if size == wanted]
    if not rows:
        raise InputError(
            f"{measured.source} has no sequence of {wanted} known bases to start from; its lengths "
            f"are {min(lengths, default=0)} to {max(lengths, default=0)}"
        )
    if len(rows) > MOST_JUDGED:
        rows = sorted(rng.choice(rows, size=MOST_JUDGED, replace=False).tolist())
    sequences = [measured.sequences[row] for row in rows]
    judged = judge.judge(sequences)
    codes = encode(sequences).codes.reshape(len(rows), wanted)
    chosen = choose_diverse(codes, judged.rank, n=n, distance=max(1, wanted // 20))
    names = tuple(measured.ids[rows[i]] for i in chosen)
    return Starts(names, tuple(sequences[i] for i in chosen), "measured")


def make_spaces(
    starts: Starts, constraints: Constraints, *, train: Codes | None, rng: np.random.Generator
) -> tuple[list[Space], list[str]]:
    """Return one space for each length of the starts, and what had to be left out.

    Parameters
    ----------
    starts : Starts
        Where to start.
    constraints : Constraints
        What designs keep to.
    train : ndarray of uint8, shape (t, width), or None
        Training sequences to keep away from.
    rng : numpy.random.Generator
        Draws bases for unknown ones.

    Returns
    -------
    spaces : list of Space
        At least one.
    notes : list of str
        Starts that cannot be designed from, unknown bases that were drawn.

    Raises
    ------
    InputError
        If constraints contradict each other for every start.
    """
    by_length: dict[int, list[int]] = {}
    for row, sequence in enumerate(starts.sequences):
        by_length.setdefault(len(sequence), []).append(row)
    spaces: list[Space] = []
    refused: dict[str, list[str]] = {}
    n_drawn = 0
    for _, rows in sorted(by_length.items()):
        sets = [_allowed(starts.sequences[i], constraints, name=starts.names[i]) for i in rows]
        filled = [_fill(starts.sequences[i], own, rng) for i, own in zip(rows, sets, strict=True)]
        n_drawn += sum(bool(set(starts.sequences[i]) - set(BASES)) for i in rows)
        space = Space(
            constraints, np.stack(filled), tuple(starts.names[i] for i in rows), np.stack(sets),
            train,
        )  # fmt: skip
        problems = {i: found for i in range(len(rows)) if (found := contradictions(space, i))}
        refused |= {space.names[i]: found for i, found in problems.items()}
        kept = [i for i in range(len(rows)) if i not in problems]
        if kept:
            spaces.append(space.take(kept))
    if not spaces:
        raise InputError(_refusal(refused, len(starts.names)))
    notes = [f"{_refusal(refused, len(starts.names))} (left out)"] if refused else []
    if n_drawn:
        many = "start has" if n_drawn == 1 else "starts have"
        notes.append(f"{n_drawn:,} {many} unknown bases, which were drawn at random")
    return spaces, notes


def _refusal(refused: dict[str, list[str]], n: int) -> str:
    name, found = next(iter(refused.items()))
    which = (
        "the constraints" if n == 1 else f"the constraints, for {len(refused):,} of {n:,} starts"
    )
    of = "" if n == 1 else f" (first: {name})"
    return f"{which} contradict each other{of}: {'; '.join(found)}"


def _allowed(sequence: str, constraints: Constraints, *, name: str) -> Codes:
    """Return the sets of bases that the template and fixed stretches leave a start."""
    template = constraints.template or "N" * len(sequence)
    if len(template) != len(sequence):
        raise InputError(
            f"template: {len(template)} letters, but {name} has {len(sequence)} bases; write one "
            "letter a base (N = any)"
        )
    sets = base_sets(normalize(template))
    own = base_sets(sequence)
    keep = np.array([letter.islower() for letter in template])
    for first, end in constraints.fixed:
        if end > len(sequence):
            raise InputError(
                f"fixed: positions {first + 1} to {end}, but {name} has {len(sequence)} bases"
            )
        keep[first:end] = True
    clash = np.flatnonzero(keep & ((sets & own) != own))
    unknown = np.flatnonzero(keep & ((own & (own - 1)) != 0))
    for places, why in ((clash, "the template says otherwise"), (unknown, "it is not known")):
        if len(places):
            at = int(places[0])
            raise InputError(
                f"position {at + 1} is to keep the base of {name}, {sequence[at]}, but {why}"
            )
    return np.where(keep, own, sets).astype(np.uint8)


def _fill(sequence: str, allowed: Codes, rng: np.random.Generator) -> Codes:
    """Return base codes; letters that stand for several bases are drawn, from allowed ones."""
    codes = encode([sequence]).codes.copy()
    for place in np.flatnonzero(codes > 3).tolist():
        own = base_sets(sequence[place])[0]
        options = own & allowed[place] or own
        codes[place] = rng.choice([base for base in range(4) if options >> base & 1])
    return codes
