"""Compare runs: the chosen models of several runs on the same test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.errors import InputError
from seqexpr.evaluation.comparison import Comparison
from seqexpr.evaluation.evaluation import Evaluation, Score
from seqexpr.evaluation.scoring import score_models

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunComparison", "compare"]


@dataclass(frozen=True)
class RunComparison:
    """Scores of several runs on the same test rows, and their differences.

    Attributes
    ----------
    runs : dict of str to str
        Chosen model of each run; runs go by the names of their folders.
    rows : tuple of Score
        Test scores with 95% intervals; ``model`` is the run.
    comparisons : tuple of Comparison
        Every pair of runs.
    """

    runs: dict[str, str]
    rows: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "runs": self.runs,
            "rows": [asdict(row) for row in self.rows],
            "comparisons": [asdict(row) for row in self.comparisons],
        }


def compare(*runs: str | Path, seed: int = 42) -> RunComparison:
    """Compare the chosen models of several runs on the same test rows.

    Parameters
    ----------
    *runs : str or Path
        At least two run folders, with the same test rows.
    seed : int
        Seed of the resamples. Default 42.

    Returns
    -------
    RunComparison
        Differences with 95% intervals and p-values that are corrected for the
        number of pairs; see :mod:`seqexpr.evaluation.comparison`.

    Raises
    ------
    InputError
        If there are fewer than two runs, one of them is no run, or their test
        rows differ.
    """
    names = [str(run).rstrip("/") for run in runs]
    if len(set(names)) < 2:
        raise InputError("compare needs at least two different run folders")
    evaluations = {label: Evaluation.read(name) for label, name in _labels(names).items()}
    tables = {name: _test_rows(name, evaluation) for name, evaluation in evaluations.items()}
    first, *others = tables
    for name in others:
        _check_same(tables[first], tables[name], runs=(first, name))
    targets = list(dict.fromkeys(tables[first]["target"]))
    rows: list[Score] = []
    comparisons: list[Comparison] = []
    for target in targets:
        parts = {name: table[table["target"] == target] for name, table in tables.items()}
        scores = score_models(
            parts[first][["observed"]].to_numpy(np.float64),
            {name: part[["predicted"]].to_numpy(np.float64) for name, part in parts.items()},
            set="test",
            target_names=[target],
            groups=parts[first]["unit"].to_numpy() if "unit" in parts[first] else None,
            rng=np.random.default_rng(seed),
        )
        rows += scores.rows
        comparisons += scores.comparisons
    selected = {name: evaluation.selected for name, evaluation in evaluations.items()}
    return RunComparison(selected, tuple(rows), tuple(comparisons))


def _labels(names: Sequence[str]) -> dict[str, str]:
    """Name each run by its folder alone, where that tells them apart."""
    names = list(dict.fromkeys(names))
    short = [Path(name).name for name in names]
    return dict(zip(short if len(set(short)) == len(names) else names, names, strict=True))


def _test_rows(name: str, evaluation: Evaluation) -> pd.DataFrame:
    """Return the test predictions of a run, ordered by target and id."""
    table = evaluation.predictions
    if table.empty:
        raise InputError(f"{name}: predictions.parquet is missing; train the run again")
    table = table[table["set"] == "test"]
    return table.sort_values(["target", "id"], kind="stable").reset_index(drop=True)


def _check_same(table: pd.DataFrame, other: pd.DataFrame, *, runs: Sequence[str]) -> None:
    """Raise unless two runs were tested on the same rows, with the same measurements."""
    keys = [set(zip(part["target"], part["id"], strict=True)) for part in (table, other)]
    different = len(keys[0] ^ keys[1])
    if different or len(table) != len(other):
        raise InputError(
            f"{runs[0]} and {runs[1]} were not tested on the same rows: {different:,} of "
            f"{len(keys[0] | keys[1]):,} are in one only; train both with the same --split, "
            "--test-size and --seed on the same table"
        )
    changed = int((~np.isclose(table["observed"], other["observed"], equal_nan=True)).sum())
    if changed:
        raise InputError(
            f"{runs[0]} and {runs[1]}: {changed:,} of {len(table):,} test rows have another "
            "measured value; compare runs of the same table and the same --transform"
        )
