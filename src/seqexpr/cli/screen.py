"""What the commands show on a terminal: findings, the leaderboard, progress."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from pathlib import Path

    from seqexpr.bundle.prediction import PredictionSummary
    from seqexpr.data.checks import CheckReport, Finding
    from seqexpr.evaluation.comparison import Comparison
    from seqexpr.evaluation.evaluation import Evaluation, Score
    from seqexpr.workflow.compare import RunComparison
    from seqexpr.workflow.progress import Progress, Step
    from seqexpr.workflow.run import Run

__all__ = [
    "count_rows",
    "error_console",
    "escape",
    "leaderboard_table",
    "output_console",
    "print_json",
    "report_progress",
    "show_check",
    "show_comparison",
    "show_evaluation",
    "show_predictions",
    "show_result",
    "show_scores",
]

_MARKS = {"error": "[bold red]error[/]", "warning": "[yellow]warning[/]", "info": "[cyan]info[/]"}


def error_console() -> Console:
    """Return a console on standard error, where everything but results goes."""
    return Console(stderr=True, highlight=False, soft_wrap=False)


def output_console() -> Console:
    """Return a console on standard output, for results."""
    return Console(highlight=False)


def print_json(document: object) -> None:
    """Print one JSON document to standard output."""
    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False) + "\n")


def show_check(report: CheckReport, console: Console) -> None:
    """Print what the input doctor found."""
    for note in report.notes:
        console.print(f"  {escape(note)}")
    for finding in report.findings:
        console.print(_finding(finding))
    console.print(
        f"{escape(report.source)}: {report.n_rows:,} rows = {report.n_kept:,} kept + "
        f"{report.n_repaired:,} repaired + {report.n_dropped:,} dropped"
    )


def _finding(finding: Finding) -> str:
    rows = ", ".join(str(row) for row in finding.rows[:5])
    more = ", …" if len(finding.rows) > 5 else ""
    where = f" [dim](rows {rows}{more})[/]" if 0 < len(finding.rows) < finding.n_rows + 1 else ""
    remedy = f"\n    [dim]→ {escape(finding.remedy)}[/]" if finding.remedy else ""
    return f"{_MARKS[finding.severity]} {finding.code}: {escape(finding.meaning)}{where}{remedy}"


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:.2f}" if abs(value) < 1000 else f"{value:.4g}"
    return "0.00" if text == "-0.00" else text


def _interval(score: Score | None) -> str:
    if score is None or score.value is None:
        return "–"
    return f"{_number(score.value)} [dim]({_number(score.low)}, {_number(score.high)})[/]"


def _value(score: Score | None) -> str:
    return _number(None if score is None else score.value)


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 99.95 else f"{value:.0f} s"


def leaderboard_table(evaluation: Evaluation, target: str) -> RichTable:
    """Return the ladder for one target: out-of-fold and test scores with intervals."""
    known = {row.set for row in evaluation.rows}
    sets: list[str] = [name for name in ("validation", "test") if name in known]
    table = _plain_table(f"{escape(target)}: best first, with 95% intervals")
    table.add_column("model", no_wrap=True)
    for name in sets:
        title = "R² out-of-fold" if name == "validation" else "R² test"
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("r", "MSE", "time"):
        table.add_column(title, justify="right", no_wrap=True)
    scores: dict[tuple[str, str, str], Score] = {
        (r.model, r.set, r.metric): r for r in evaluation.rows if r.target == target
    }

    def order(name: str) -> float:
        row = scores.get((name, sets[0], "r2"))
        return -math.inf if row is None or row.value is None else row.value

    for model in sorted(evaluation.models, key=lambda m: order(m.name), reverse=True):
        chosen = model.name == evaluation.selected
        name = f"[bold green]{model.name} ◂[/]" if chosen else model.name
        if model.name == evaluation.simplest and not chosen:
            name = f"{model.name} [green]≈[/]"
        cells = [_interval(scores.get((model.name, s, "r2"))) for s in sets]
        cells += [_value(scores.get((model.name, "test", m))) for m in ("pearson", "mse")]
        style = "dim" if model.is_baseline else ""
        table.add_row(name, *cells, _seconds(model.fit_seconds), style=style)
    return table


def show_comparison(comparison: RunComparison, console: Console) -> None:
    """Print the scores of every run, and the difference between every two."""
    from seqexpr.evaluation.comparison import SIGNIFICANT

    for target in dict.fromkeys(row.target for row in comparison.rows):
        scores = {(r.model, r.metric): r for r in comparison.rows if r.target == target}
        table = _plain_table(f"{escape(target)}: test scores with 95% intervals")
        table.add_column("run", overflow="fold")
        table.add_column("model", no_wrap=True)
        for title in ("R²", "r", "Spearman"):
            table.add_column(title, justify="right", no_wrap=True)
        for run, model in comparison.runs.items():
            cells = [_interval(scores.get((run, m))) for m in ("r2", "pearson", "spearman")]
            table.add_row(escape(run), model, *cells)
        console.print()
        console.print(table)
        table = _plain_table("differences in R², p corrected for the number of pairs (Holm)")
        table.add_column("run", overflow="fold")
        table.add_column("minus", overflow="fold")
        for title in ("difference", "p"):
            table.add_column(title, justify="right", no_wrap=True)
        for row in comparison.comparisons:
            if (row.target, row.metric) == (target, "r2"):
                real = row.p_holm is not None and row.p_holm < SIGNIFICANT
                cells = [_difference(row), _p_value(row.p_holm)]
                style = "" if real else "dim"
                table.add_row(escape(row.model), escape(row.other), *cells, style=style)
        console.print()
        console.print(table)


def _plain_table(title: str) -> RichTable:
    return RichTable(
        title=title, title_justify="left", box=None, pad_edge=False, header_style="bold"
    )


def _difference(row: Comparison) -> str:
    if row.difference is None or row.low is None or row.high is None:
        return "–"
    return f"{row.difference:+.3f} [dim]({row.low:+.3f}, {row.high:+.3f})[/]"


def _p_value(p: float | None) -> str:
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def show_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the leaderboard of every target."""
    for target in evaluation.dataset["targets"]:
        console.print()
        console.print(leaderboard_table(evaluation, target["name"]))
    if evaluation.simplest and evaluation.simplest != evaluation.selected:
        console.print("[green]≈[/] the simplest model that is not significantly worse out of fold")


@contextmanager
def report_progress(console: Console) -> Iterator[Progress]:
    """Yield a callback: a progress bar on a terminal, log lines elsewhere."""
    if not console.is_terminal:
        yield _LineReporter(console)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def report(step: Step) -> None:
            if step.kind == "step":
                total = step.total or None
                bar.update(task, description=escape(step.text), completed=step.done, total=total)
            else:
                _say(step, bar.console)

        yield report


def _say(step: Step, console: Console) -> None:
    mark = "[yellow]warning[/] " if step.kind == "warning" else "  "
    console.print(f"{mark}{escape(step.text)}")


class _LineReporter:
    """Log lines for a pipe or a file: one for each model, not for each fold."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()
        self.last = ""

    def __call__(self, step: Any) -> None:
        if step.kind != "step":
            _say(step, self.console)
            return
        subject = step.text.partition(":")[0]
        if subject != self.last:
            self.last = subject
            share = f" ({step.done}/{step.total})" if step.total else ""
            seconds = time.monotonic() - self.started
            self.console.print(f"  {seconds:6.1f} s  {escape(subject)}{share}")
            logging.getLogger("seqexpr").debug("%s", step.text)


@contextmanager
def count_rows(console: Console) -> Iterator[Callable[[int], None]]:
    """Yield a callback that takes the number of rows done: a counter on a terminal."""
    if not console.is_terminal:
        yield lambda done: None
        return
    with console.status("predicting") as status:
        yield lambda done: status.update(f"predicting: {done:,} rows")


def show_predictions(summary: PredictionSummary, console: Console, *, output: str) -> None:
    """Say how many rows were predicted, repaired and unlike training, and which were not."""
    where = "standard output" if output == "-" else output
    n = summary.n_rows
    console.print(
        f"{summary.n_predicted:,} of {n:,} {'row' if n == 1 else 'rows'} predicted → "
        f"{escape(where)}"
    )
    if summary.n_repaired:
        console.print(
            f"{_rows(summary.n_repaired)} repaired before predicting (case, U, gaps or spaces)"
        )
    low, high = summary.train_lengths
    bases = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    if summary.n_outside_length:
        console.print(
            f"[yellow]warning[/] {_rows(summary.n_outside_length)} shorter or longer than every "
            f"training sequence ({bases} bases): guesses"
        )
    if summary.n_outside_domain:
        console.print(
            f"[yellow]warning[/] {_rows(summary.n_outside_domain)} unlike the training sequences "
            "(in_domain is False): the intervals promise nothing there"
        )
    for problem in summary.problems:
        rows = ", ".join(str(row) for row in problem.rows[:5])
        more = ", …" if problem.n_rows > 5 else ""
        console.print(
            f"[yellow]warning[/] {_rows(problem.n_rows)} not predicted: {escape(problem.reason)} "
            f"[dim]({'row' if problem.n_rows == 1 else 'rows'} {rows}{more})[/]"
        )


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def show_scores(evaluation: Evaluation, console: Console) -> None:
    """Print every score of the one model of an evaluation."""
    table = RichTable(box=None, pad_edge=False, header_style="bold")
    for title in ("target", "metric", "value", "95% interval", "rows"):
        table.add_column(title, justify="left" if title in ("target", "metric") else "right")
    for row in evaluation.rows:
        interval = "–" if row.low is None else f"{_number(row.low)} to {_number(row.high)}"
        table.add_row(escape(row.target), row.metric, _number(row.value), interval, f"{row.n:,}")
    console.print(table)


def show_result(run: Run, output: Path) -> None:
    """Print the leaderboard and where to look next."""
    console = output_console()
    show_evaluation(run.evaluation, console)
    console.print()
    _show_limits(run.evaluation, console)
    for title, text in (
        ("Report", output / "report.html"),
        ("Model", output / "model"),
        ("Predict", f"seqexpr predict {output} NEW.fasta -o predictions.csv"),
    ):
        console.print(f"[bold]{title:<8}[/] {escape(str(text))}", soft_wrap=True)


def _show_limits(evaluation: Evaluation, console: Console) -> None:
    """Print what limits the selected model, under a hanging indent."""
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(width=8)
    grid.add_column()
    for finding in (evaluation.diagnosis or {}).get("findings", ()):
        text = f"{finding['title']}. {finding['text']} → {finding['next_step']}"
        grid.add_row("[bold]Limit[/]", escape(text))
    if grid.row_count:
        console.print(grid)
