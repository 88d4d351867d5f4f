"""Design sequences with a trained model: the whole job, from starts to a table to order from."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.bundle.bundle import Bundle
from seqexpr.bundle.store import load_bundle
from seqexpr.data.writer import TableWriter
from seqexpr.design.constraints import Constraints
from seqexpr.design.job import Job
from seqexpr.design.objective import Judge
from seqexpr.design.pool import Clock, Tell
from seqexpr.design.searches import SEARCHES, Method, as_method
from seqexpr.design.table import design_table
from seqexpr.design.views import make_views, read_goal
from seqexpr.errors import InputError
from seqexpr.models.fitting import set_jobs
from seqexpr.models.neural import NeuralRegressor

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.table import Table

__all__ = ["DesignRun", "design"]


@dataclass(frozen=True, eq=False)
class DesignRun:
    """What came of a search.

    Attributes
    ----------
    table : DataFrame
        One row a design or control; see :func:`seqexpr.design.table.design_table`.
    goal : str
        What was sought, in words.
    search : {"greedy", "evolve", "gradient"}
        How.
    n_asked, n_designs, n_controls : int
        Designs that were asked for, and rows of the table.
    start : {"given", "random", "measured"}
        Where it started.
    n_starts : int
        From how many sequences.
    best_start : float or None
        The bound of the best start; None without intervals.
    n_judged : int
        Sequences that were judged on the way.
    distance : int
        Fewest bases that differ between two designs.
    seconds : float
        How long it took.
    notes, warnings : tuple of str
        What was assumed; what fell short.
    """

    table: pd.DataFrame
    goal: str
    search: Method
    n_asked: int
    n_designs: int
    n_controls: int
    start: str
    n_starts: int
    best_start: float | None
    n_judged: int
    distance: int
    seconds: float
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all but the table, JSON-ready, and the range of the bounds."""
        kept = {k: v for k, v in self.__dict__.items() if k != "table"}
        bounds = self.table.loc[self.table["role"] == "design", "bound"].to_numpy(dtype=float)
        known = bounds[np.isfinite(bounds)]
        best = None if not len(known) else {"low": float(known.min()), "high": float(known.max())}
        return kept | {"notes": list(self.notes), "warnings": list(self.warnings), "bound": best}


def design(  # noqa: PLR0913 - one keyword for each choice
    model: Bundle | str | Path,
    *,
    goal: str | float = "max",
    target: str | None = None,
    against: str | None = None,
    covariates: Mapping[str, object] | None = None,
    start: Any = "auto",
    table: str | Path | pd.DataFrame | Table | None = None,
    length: int | None = None,
    constraints: Constraints | None = None,
    n: int = 96,
    controls: int = 0,
    search: str = "greedy",
    objective: str = "bound",
    outside_domain: bool = False,
    iterations: int | None = None,
    seconds: float | None = None,
    output: str | Path | None = None,
    seed: int = 42,
    jobs: int = 1,
    on_step: Tell | None = None,
) -> DesignRun:
    """Design sequences that a model predicts to do what is wanted, where it can be trusted.

    Parameters
    ----------
    model : Bundle, str or Path
        A loaded model, or where it is.
    goal : {"max", "min"} or float
        Raise the prediction, lower it, or bring it to a value, in units of the
        prediction. Default "max".
    target : str, optional
        Which target; may be left out where there is one.
    against : str, optional
        Separate: keep another target low, or the same one under another value of a
        covariate (NAME=VALUE).
    covariates : mapping of str to value, optional
        What the model reads beside the sequence.
    start : str, Path, list of str, DataFrame or Table
        "measured" = the best of the table, "random", a sequence, several, or a file
        of them. Default "auto": measured if the table can be read, else random.
    table : str, Path, DataFrame or Table, optional
        What was measured. By default the table that the model was trained on.
    length : int, optional
        Bases of random and measured starts; by default those of the template, or
        of most measured sequences.
    constraints : Constraints, optional
        What designs must keep to.
    n : int
        Designs, at least 1. Default 96.
    controls : int
        Scrambles, and start sequences, to add at most; at least 0. Default 0.
    search : {"greedy", "evolve", "gradient"}
        How. "gradient" is for networks. Default "greedy".
    objective : {"bound", "prediction"}
        What sequences are ranked by; see
        :class:`~seqexpr.design.objective.Objective`. Default "bound".
    outside_domain : bool
        Whether designs may lie outside of the training domain. Default False.
    iterations : int, optional
        Steps of the search at most.
    seconds : float, optional
        Time for the search; what was found until then is the result, which then
        depends on the machine.
    output : str or Path, optional
        Where the table is written: .csv, .tsv, .parquet or .fasta.
    seed : int
        Of every random choice. Default 42.
    jobs : int
        Threads. Default 1.
    on_step : callable, optional
        Told what is done, how many steps are done, and of how many.

    Returns
    -------
    DesignRun
        The table, best first, and what fell short.

    Raises
    ------
    InputError
        If constraints contradict each other, nothing is found that meets them, or
        the model lacks what is asked for.

    Examples
    --------
    >>> import seqexpr
    >>> seqexpr.design("run", n=24, constraints=Constraints(gc=(0.4, 0.6)))  # doctest: +SKIP
    """
    began = time.monotonic()
    method = as_method(search)
    if n < 1 or controls < 0:
        raise InputError(f"n = {n}, controls = {controls}: at least one design, and no less than 0")
    writer = None if output is None else TableWriter(output)  # a name without a format is told now
    bundle = model if isinstance(model, Bundle) else load_bundle(model)
    set_jobs(bundle.model, jobs)
    ob = read_goal(goal, against=against, by=objective, in_domain=not outside_domain)
    views = make_views(bundle, target=target, against=against, covariates=covariates or {})
    job = Job(
        Judge(bundle, ob, views),
        _with_flanks(constraints or Constraints(), bundle),
        n=n,
        rng=np.random.default_rng(seed),
        clock=Clock(
            None if seconds is None else began + seconds,
            on_step or (lambda text, done, total: None),
        ),
    )
    job.read(table, must=_needs_table(start, job.constraints, table))
    starts = job.find_starts(start, length)
    spaces = job.make_spaces(starts)
    found = [job.run(SEARCHES[method], space, iterations) for space in spaces]
    parts = job.choose(found)
    designs = sum(len(rows.codes) for rows in parts)
    if controls:
        parts += job.add_controls(parts, controls)
    frame = design_table(job.judge, parts, train=job.train_codes)
    if writer is not None:
        with writer:
            writer.write(frame)
    return DesignRun(
        frame, job.in_words(), method, n, designs, len(frame) - designs, starts.kind,
        len(starts.names), job.best_start(spaces), job.judge.n_judged, job.distance,
        round(time.monotonic() - began, 1), tuple(job.notes), tuple(job.warnings),
    )  # fmt: skip


def _needs_table(start: Any, constraints: Constraints, table: Any) -> bool:
    is_measured = isinstance(start, str) and start == "measured"
    return is_measured or constraints.train_distance > 1 or table is not None


def _with_flanks(constraints: Constraints, bundle: Bundle) -> Constraints:
    """Fill in the flanks that the model declares, where none are given."""
    if constraints.left_flank or constraints.right_flank:
        return constraints
    steps = getattr(bundle.model, "steps", [("", bundle.model)])
    last = steps[-1][1]
    if not isinstance(last, NeuralRegressor):
        return constraints
    return replace(constraints, left_flank=last.left_flank, right_flank=last.right_flank)
