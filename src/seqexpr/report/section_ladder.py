"""What the report says about the ladder: what each rung bought, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from seqexpr.report.drawing import (
    BLUE,
    GREY,
    INK,
    WIDTH,
    figure_to_svg,
    new_axes,
    plain_label,
    styled,
)
from seqexpr.report.sections import Picture
from seqexpr.report.words import count, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from seqexpr.evaluation.comparison import Comparison
    from seqexpr.evaluation.evaluation import Evaluation

__all__ = ["ladder_figure", "ladder_section"]

_REAL = 0.05


class _Step(NamedTuple):
    """One rung, and what it gains over the best rung below it."""

    name: str
    title: str
    r2: float
    gain: float | None
    low: float | None
    high: float | None
    is_real: bool
    seconds: float


def ladder_section(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the sentence, figure and table of the ladder; None with fewer than two rungs.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found; the first target is shown.
    """
    steps = _steps(evaluation)
    if len(steps) < 2:
        return None
    text = _sentence(steps)
    svg = figure_to_svg(ladder_figure(evaluation), name="ladder", label=text)
    caption = (
        "R² on test, simplest rung on top. Bars: the gain over the best rung above it in this "
        "picture. Blue: real (p below 0.05 after Holm's correction for all pairs). Grey: may be "
        "chance. A dot without a bar: no gain."
    )
    rows = [
        {
            "title": step.title,
            "selected": step.name == evaluation.selected,
            "r2": _fixed(step.r2),
            "gain": "–" if step.gain is None else _signed(step.gain),
            "interval": "" if step.low is None else f"{_signed(step.low)} to {_signed(step.high)}",
            "time": duration(step.seconds),
        }
        for step in steps
    ]
    return {
        "text": text,
        "picture": Picture(svg, "What each rung bought", caption),
        "rows": rows,
        "cost": _cost(evaluation),
    }


@styled()
def ladder_figure(evaluation: Evaluation) -> Figure:
    """Draw R² on test rung by rung, simplest on top, with the gain over the best above.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found; the first target is drawn.

    Returns
    -------
    matplotlib.figure.Figure
        One row for each model.
    """
    steps = _steps(evaluation)
    figure, axes = new_axes(WIDTH, 62 + 24 * len(steps))
    reached: float | None = None
    since = 0  # the row of the best rung so far
    floor = min(0.0, *(step.r2 for step in steps))
    floor = max(floor, -0.35 * max(0.05, *(step.r2 for step in steps)))
    for place, step in enumerate(steps):
        shown = max(step.r2, floor)
        color = BLUE if step.is_real and (step.gain or 0) > 0 else GREY
        if reached is not None and step.r2 > reached:
            axes.plot([reached, shown], [place, place], color=color, linewidth=7, alpha=0.55)
            axes.plot([reached, reached], [since, place], color=INK, linewidth=0.6, zorder=0)
        chosen = step.name == evaluation.selected
        marker = "<" if shown > step.r2 else "o"
        axes.plot([shown], [place], marker, color=BLUE if chosen else INK, markersize=6)
        if reached is None or step.r2 > reached:
            reached, since = step.r2, place
    axes.axvline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(steps)), [plain_label(step.title, 30) for step in steps])
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.set_xlabel("R² on test")
    return figure


def _steps(evaluation: Evaluation) -> list[_Step]:
    """Return the rungs by complexity, each compared with the best of those before it."""
    scores = [row for row in evaluation.rows if (row.set, row.metric) == ("test", "r2")]
    if not scores:
        return []
    target = scores[0].target
    values = {row.model: row.value for row in scores if row.target == target}
    gaps = {
        (row.model, row.other): row
        for row in evaluation.comparisons
        if (row.set, row.metric, row.target) == ("test", "r2", target)
    }
    steps: list[_Step] = []
    best: str | None = None
    for model in sorted(evaluation.models, key=lambda model: model.complexity):
        value = values.get(model.name)
        if value is None:
            continue
        gain, low, high, real = _gain(gaps, model.name, best)
        steps.append(
            _Step(model.name, model.title, value, gain, low, high, real, model.fit_seconds)
        )
        if best is None or value > (values[best] or 0.0):
            best = model.name
    return steps


def _gain(
    gaps: Mapping[tuple[str, str], Comparison], model: str, below: str | None
) -> tuple[float | None, float | None, float | None, bool]:
    """Return the gain of a model over another, its interval, and whether it is real."""
    row, sign = gaps.get((model, below or "")), 1.0
    if row is None:
        row, sign = gaps.get((below or "", model)), -1.0
    if row is None or row.difference is None or row.low is None or row.high is None:
        return None, None, None, False
    low, high = sorted((sign * row.low, sign * row.high))
    return sign * row.difference, low, high, row.p_holm is not None and row.p_holm < _REAL


def _signed(value: float | None) -> str:
    text = _fixed(value)
    return text if value is None or text.startswith("−") else f"+{text}"


def _fixed(value: float | None) -> str:
    """Return R² with three decimals, so that a column can be read down."""
    if value is None:
        return "–"
    text = f"{value:.3f}"
    return text.replace("-", "−") if float(text) else "0.000"


def _sentence(steps: list[_Step]) -> str:
    real = [step for step in steps if step.is_real and (step.gain or 0) > 0]
    if not real:
        return "No rung is significantly better than the best one below it."
    largest = max(real, key=lambda step: step.gain or 0)
    rungs = "rung is" if len(real) == 1 else "rungs are"
    return (
        f"{count(len(real))} {rungs} significantly better than the best one below. The largest "
        f"step is “{largest.title}”: R² {_signed(largest.gain)} "
        f"({_signed(largest.low)} to {_signed(largest.high)}), for {duration(largest.seconds)}."
    )


def _cost(evaluation: Evaluation) -> str:
    """Say what the run took, where it was measured."""
    cost = evaluation.cost
    if not cost:
        return ""
    text = f"The whole run took {duration(cost['seconds'])}"
    peaks = []
    if cost.get("peak_memory_mib"):
        peaks.append(f"{_gib(cost['peak_memory_mib'])} at its peak")
    if evaluation.search and cost.get("worker_memory_mib"):
        peaks.append(f"{_gib(cost['worker_memory_mib'])} in its largest worker process")
    return f"{text} and held {', '.join(peaks)} in memory." if peaks else f"{text}."


def _gib(mib: float) -> str:
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib:.0f} MiB"
