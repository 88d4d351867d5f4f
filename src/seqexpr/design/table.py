"""The table of designs: what to order, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.columns import prediction_columns, prediction_values
from seqexpr.data.covariates import CovariateReading, read_covariates
from seqexpr.design.objective import Judge, widen
from seqexpr.design.reasons import changes_in_words, name_changes, worth_of_changes
from seqexpr.design.space import Space, decode, nearest_distances, pad_codes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Rows", "design_table", "longest_runs"]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of the table: sequences of one space.

    Attributes
    ----------
    space : Space
        Starts and constraints.
    codes : ndarray of uint8, shape (n, length)
        Base codes.
    origins : ndarray of int64, shape (n,)
        Which start each comes from.
    ids : tuple of str, length n
        Names.
    role : {"design", "control:scramble", "control:start"}
        What they are.
    """

    space: Space
    codes: Codes
    origins: Ints
    ids: tuple[str, ...]
    role: str


def design_table(judge: Judge, parts: Sequence[Rows], *, train: Codes | None) -> pd.DataFrame:
    """Return one row a sequence.

    Parameters
    ----------
    judge : Judge
        Model and objective.
    parts : sequence of Rows
        Designs first.
    train : ndarray of uint8, shape (t, width), or None
        Training sequences; None = not at hand.

    Returns
    -------
    DataFrame
        id, sequence, role, start; bound (what the objective counts on); predicted, lower,
        upper, in_domain and domain_score as ``seqexpr predict`` has them, but for
        intervals of predictions beyond all that was calibrated, which reach back
        (:func:`~seqexpr.design.objective.widen`);
        n_changes, changes and why; train_distance, design_distance, gc and
        longest_homopolymer.
    """
    import pandas as pd

    frames = [_frame(judge, rows, train=train) for rows in parts if len(rows.codes)]
    table = pd.concat(frames, ignore_index=True)
    table["design_distance"] = _distances_between(parts)
    order = [*table.columns.drop(["gc", "longest_homopolymer"]), "gc", "longest_homopolymer"]
    return table[order]


def _frame(judge: Judge, rows: Rows, *, train: Codes | None) -> pd.DataFrame:
    import pandas as pd

    sequences, space = decode(rows.codes), rows.space
    starts = space.starts[rows.origins]
    names = [name_changes(*pair) for pair in zip(starts, rows.codes, strict=True)]
    worth = np.zeros(rows.codes.shape)
    if rows.role == "design":
        worth = worth_of_changes(judge, sequences, starts, rows.codes)
    differs = starts != rows.codes
    judged = judge.judge(sequences)
    columns: dict[str, Any] = {
        "id": rows.ids,
        "sequence": sequences,
        "role": rows.role,
        "start": [space.names[i] for i in rows.origins],
        "bound": judge.objective.measure(judged.lower, judged.upper),
        **_predictions(judge, sequences),
        "n_changes": differs.sum(axis=1),
        "changes": ["" if rows.role == "control:scramble" else ";".join(own) for own in names],
        "why": [
            changes_in_words(own, worth[i, differs[i]]) if rows.role == "design" else ""
            for i, own in enumerate(names)
        ],
        "train_distance": pd.array([None] * len(sequences), dtype="Int64"),
        "gc": np.isin(rows.codes, (1, 2)).mean(axis=1).round(4),
        "longest_homopolymer": longest_runs(rows.codes),
    }
    if train is not None and len(train):
        columns["train_distance"] = pd.array(nearest_distances(rows.codes, train), dtype="Int64")
    return pd.DataFrame(columns)


def _predictions(judge: Judge, sequences: list[str]) -> dict[str, Any]:
    """Return the columns of predict; to separate two conditions, those of the other as well."""
    everything = np.ones(len(sequences), dtype=bool)
    columns: dict[str, Any] = {}
    for number, view in enumerate(judge.views):
        if number and view.beside is judge.views[0].beside:
            continue
        beside = None if view.beside is None else _repeat(judge, view.beside, len(sequences))
        found = prediction_values(judge.bundle, sequences, everything, beside=beside)
        _widen_all(judge, found)
        if number:
            kept = ("predicted", "lower", "upper")
            found = {f"against_{k}": v for k, v in found.items() if k.startswith(kept)}
        columns |= found
    return columns


def _widen_all(judge: Judge, columns: dict[str, Any]) -> None:
    """Let the intervals of every target reach back to the span that was calibrated, in place."""
    intervals, names = judge.bundle.calibration.intervals, judge.bundle.target_names
    if intervals is None:
        return
    ends = (prediction_columns(names, prefix) for prefix in ("predicted", "lower", "upper"))
    for target, (value, low, high) in enumerate(zip(*ends, strict=True)):
        columns[low], columns[high] = widen(
            columns[value], columns[low], columns[high], span=intervals.span(target)
        )


def _repeat(judge: Judge, beside: CovariateReading, n: int) -> CovariateReading:
    frame = beside.frame.iloc[np.zeros(n, dtype=int)].reset_index(drop=True)
    return read_covariates(frame, judge.bundle.covariates)


def _distances_between(parts: Sequence[Rows]) -> Any:
    """Return the distance of each design to the nearest other one; empty for controls."""
    import pandas as pd

    designs = [rows for rows in parts if rows.role == "design" and len(rows.codes)]
    width = max((rows.codes.shape[1] for rows in designs), default=0)
    codes = np.concatenate([pad_codes(rows.codes, width) for rows in designs])
    found: list[int | None] = []
    for row in range(len(codes)):
        others = np.delete(codes, row, axis=0)
        found.append(
            int(nearest_distances(codes[row : row + 1], others)[0]) if len(others) else None
        )
    n_rows = sum(len(rows.codes) for rows in parts)
    return pd.array(found + [None] * (n_rows - len(found)), dtype="Int64")


def longest_runs(codes: Codes) -> Ints:
    """Return the longest run of one base in each sequence.

    Examples
    --------
    >>> longest_runs(np.array([[0, 0, 1, 1, 1, 2]], dtype=np.uint8)).tolist()
    [3]
    """
    longest = np.ones(len(codes), dtype=np.int64)
    now = np.ones(len(codes), dtype=np.int64)
    for place in range(1, codes.shape[1]):
        now = np.where(codes[:, place] == codes[:, place - 1], now + 1, 1)
        longest = np.maximum(longest, now)
    return longest
