"""The sentences of the report: short, plain, and true for any result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seqexpr.report.facts import TargetFacts, overlap

if TYPE_CHECKING:
    from seqexpr.evaluation.evaluation import Score

__all__ = [
    "METRICS",
    "baseline_sentence",
    "count",
    "duration",
    "headline",
    "lessons",
    "number",
    "percent",
    "score_text",
    "sentence",
    "undefined_reason",
]

WIDE = 0.25
"""Width of an interval of R² from which on the test score says little alone."""

# metric: name, meaning
METRICS = {
    "r2": (
        "R²",
        (
            "The share of the differences between sequences that the model accounts for. 1 is "
            "perfect; 0 is no better than giving every sequence the average; below 0 is worse "
            "than that."
        ),
    ),
    "pearson": (
        "Pearson r",
        (
            "How closely predicted and measured values follow a straight line, from −1 to 1. It "
            "forgives predictions that are all too high, or too narrow."
        ),
    ),
    "spearman": (
        "Spearman ρ",
        (
            "How well the order is right, from −1 to 1: are sequences that are predicted high also "
            "measured high? It is the one to look at when you only want to pick the best designs."
        ),
    ),
    "rmse": (
        "RMSE",
        "The typical size of an error, in the units of the target; large errors weigh more.",
    ),
    "mae": ("MAE", "The average size of an error, in the units of the target."),
    "mse": ("MSE", "The average squared error; RMSE is its square root."),
}


# Numbers


def count(value: int) -> str:
    """Return a whole number with commas.

    Examples
    --------
    >>> count(12345)
    '12,345'
    """
    return f"{value:,}"


def sentence(text: str) -> str:
    """Return a message as a sentence: a capital at the front, a full stop at the end.

    Examples
    --------
    >>> sentence("3 rows are lost"), sentence("pass --group"), sentence("why?")
    ('3 rows are lost.', 'Pass --group.', 'Why?')
    """
    text = text.strip()
    end = "" if not text or text[-1] in ".?!…" else "."
    return text[:1].upper() + text[1:] + end


def number(value: float | None, *, digits: int = 3) -> str:
    """Return a number with that many significant digits, or decimals below 1.

    Examples
    --------
    >>> number(0.12345), number(12.345), number(-1234567.0), number(None)
    ('0.123', '12.3', '−1,234,567', 'not defined')
    """
    if value is None or not math.isfinite(value):
        return "not defined"
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    if magnitude < -digits:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    decimals = min(max(digits - 1 - magnitude, 0), digits)
    return _minus(f"{value:,.{decimals}f}")


def _minus(text: str) -> str:
    text = text.replace("-", "−")
    return text[1:] if text.startswith("−") and not text.strip("−0.,") else text


def percent(value: float, *, decimals: int = 0) -> str:
    """Return a share as percent.

    Examples
    --------
    >>> percent(0.344), percent(-0.0421, decimals=1), percent(-0.0001)
    ('34%', '−4.2%', '0%')
    """
    return _minus(f"{100 * value:,.{decimals}f}") + "%"


def duration(seconds: float) -> str:
    """Return a time for people.

    Examples
    --------
    >>> duration(0.04), duration(3.21), duration(80), duration(7260)
    ('under 0.1 s', '3.2 s', '1 min 20 s', '2 h 1 min')
    """
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def score_text(score: Score | None, metric: str, *, scale: float | None = None) -> tuple[str, str]:
    """Return a score and its interval as text, to the same decimals.

    Parameters
    ----------
    score : Score or None
        The score.
    metric : str
        Its metric.
    scale : float, optional
        For scores with a unit: the smallest in the column of a table, which
        decides how many decimals all of them get. Default is the score itself.

    Returns
    -------
    tuple of str
        Value ("not defined" where there is none) and "[low, high]" or "".
    """
    if score is None:
        return "–", ""
    if score.value is None or not math.isfinite(score.value):
        return "not defined", ""
    if metric in {"r2", "pearson", "spearman"}:
        ends = (score.value, score.low or 0.0, score.high or 0.0)
        decimals, tiny = (3 if max(map(abs, ends)) < 100 else 1), False
    else:
        size = abs(scale or score.value)
        magnitude = math.floor(math.log10(size)) if size else 0
        decimals, tiny = min(max(2 - magnitude, 0), 3), magnitude < -3

    def written(value: float) -> str:
        return number(value) if tiny else _minus(f"{value:,.{decimals}f}")

    if score.low is None or score.high is None:
        return written(score.value), ""
    return written(score.value), f"[{written(score.low)}, {written(score.high)}]"


def _share(score: Score) -> str:
    """Return R² as "34% [31, 37]"."""
    value = score.value or 0.0
    decimals = 1 if abs(value) < 0.095 else 0
    text = percent(value, decimals=decimals)
    if score.low is None or score.high is None:
        return text
    ends = [percent(end, decimals=decimals).rstrip("%") for end in (score.low, score.high)]
    return f"{text} [{ends[0]}, {ends[1]}]"


def undefined_reason(metric: str, n: int) -> str:
    """Return why a score can be undefined.

    Examples
    --------
    >>> undefined_reason("r2", 1)
    'it takes at least two measured rows, and there is 1'
    """
    if n < 2:
        return f"it takes at least two measured rows, and there {'is' if n == 1 else 'are'} {n}"
    if metric == "r2":
        return "all measured values of these rows are equal, so there is nothing to explain"
    if metric in {"pearson", "spearman"}:
        return (
            "a correlation needs values that vary, and here the model predicts the same for every "
            "sequence, or all measured values are equal"
        )
    return "a prediction or a measured value is not a finite number"


# What was reached


def headline(facts: TargetFacts) -> str:
    """Return in one or two sentences what the selected model reaches on held-out data.

    Parameters
    ----------
    facts : TargetFacts
        One target of an Evaluation.
    """
    score, title = facts.score("r2"), f"“{facts.selected.title}”"
    if score is None or score.n == 0:
        return f"The model {title} was chosen, but {facts.name} was not measured in any test row."
    if score.value is None:
        return (
            f"How much the model {title} explains of {facts.name} is not defined: "
            f"{undefined_reason('r2', score.n)}."
        )
    seen = f"{count(score.n)} sequence{'s' * (score.n != 1)} it never saw"
    what = f"{_share(score)} of the variance of {facts.name} in {seen}"
    if score.value <= 0:
        first = (
            f"The model {title} predicts {facts.name} no better than its average does: "
            f"R² {_r2(score)} in {seen}."
        )
    elif score.low is not None and score.low <= 0:
        first = (
            "There is no sure sign that the model learned anything: "
            f"the model {title} explains {what}, and the interval includes zero."
        )
    else:
        first = f"The model {title} explains {what}."
    return f"{first} {baseline_sentence(facts)}".strip()


def baseline_sentence(facts: TargetFacts) -> str:
    """Return how the selected model stands against the best baseline on test."""
    baseline, score = facts.best_baseline, facts.score("r2")
    if baseline is None or score is None or score.value is None:
        return ""
    other = facts.score("r2", model=baseline.name)
    if other is None or other.value is None:
        return ""
    reach = (
        f"The best baseline, “{baseline.title}”, explains {_share(other)}"
        if other.value > 0
        else f"The best baseline, “{baseline.title}”, is no better than the average "
        f"(R² {_r2(other)})"
    )
    settled = facts.is_settled(baseline.name)
    if settled is None:
        verdict = "without intervals the difference cannot be judged"
    elif not settled:
        verdict = "the difference may be chance"
    elif score.value > other.value:
        verdict = "the difference is sure"
    else:
        verdict = "the model falls clearly short of it"
    return f"{reach}; {verdict}."


# What the scores mean here


def lessons(facts: TargetFacts) -> list[str]:
    """Return what was learned so far about one target, a sentence or two each.

    Parameters
    ----------
    facts : TargetFacts
        One target of an Evaluation.

    Returns
    -------
    list of str
        Empty where no score is defined.
    """
    parts = [
        _variance_lesson(facts),
        _ranking_lesson(facts),
        _picking_lesson(facts),
        "" if facts.is_nested else _gap_lesson(facts),
        *_rung_lessons(facts),
    ]
    return [part for part in parts if part]


def _variance_lesson(facts: TargetFacts) -> str:
    score, error = facts.score("r2"), facts.value("mae")
    if score is None or score.value is None or error is None:
        return ""
    unit = f" {facts.unit}" if facts.unit else ""
    off = f"On average a prediction is off by {number(error)}{unit}."
    if score.value <= 0:
        return f"The test set shows no variance explained (R² {number(score.value)}). {off}"
    rest = percent(1 - score.value)
    return (
        f"Of the differences in {facts.name} between test sequences, {percent(score.value)} follow "
        f"from what the model knows. The other {rest} are measurement noise and biology that it "
        f"has not learned; these scores alone cannot tell the two apart. {off}"
    )


def _ranking_lesson(facts: TargetFacts) -> str:
    share = facts.concordance
    if share is None or facts.pairs("test")[0].size < 20:
        return ""
    return (
        "Take two test sequences that were measured differently: the model puts the right one "
        f"higher {percent(share)} of the time (a coin toss: 50%)."
    )


def _picking_lesson(facts: TargetFacts) -> str:
    observed, predicted = facts.pairs("test")
    if observed.size < 100 or predicted.std() == 0:
        return ""
    top = predicted.argsort(kind="stable")[-(observed.size // 10) :]
    return (
        "If you had built only the tenth of the test sequences that the model rates highest, "
        f"their mean would have been {number(float(observed[top].mean()))}; the mean of all is "
        f"{number(float(observed.mean()))}."
    )


def _gap_lesson(facts: TargetFacts) -> str:
    test, inside = facts.score("r2"), facts.score("r2", set="validation")
    if test is None or inside is None or test.value is None or inside.value is None:
        return ""
    pair = f"(R² {number(inside.value)} {facts.inside_words}, {number(test.value)} on test)"
    meeting = overlap(test, inside)
    if meeting is None:
        return f"Without intervals, the two scores cannot be told apart {pair}."
    if meeting and (test.high or 0.0) - (test.low or 0.0) > WIDE:
        return (
            f"The test set is too small to tell whether its score agrees with the one inside the "
            f"training set {pair}."
        )
    if meeting:
        return (
            f"The score inside the training set and the score on test agree {pair}. Choosing among "
            "models did not flatter the result."
        )
    if test.value < inside.value:
        return (
            f"The test score is clearly below the one inside the training set {pair}: the test "
            "sequences are of another kind than those the model learned from, or harder to "
            "measure. Trust the test score."
        )
    return (
        f"The test score is clearly above the one inside the training set {pair}: the test "
        "sequences seem to be easier. Expect the lower one for new sequences like those in train."
    )


def _rung_lessons(facts: TargetFacts) -> list[str]:
    """Compare the selected model with the rungs that have a meaning of their own."""
    means = {
        "gc": "A model that knows only GC content and length",
        "nearest_neighbor": "Copying the value of the most similar training sequence",
        "tutorial": "The tutorial's model (which 3-mers occur, least squares)",
    }
    score = facts.score("r2")
    if score is None or score.value is None:
        return []
    lines = []
    for name, text in means.items():
        other = facts.score("r2", model=name)
        if name == facts.selected.name or other is None or other.value is None:
            continue
        verdict = _plain(score, other, facts.is_settled(name))
        lines.append(f"{text} reaches R² {_r2(other)}: {verdict}.")
    return lines


def _r2(score: Score) -> str:
    return " ".join(score_text(score, "r2")).strip()


def _plain(score: Score, other: Score, settled: bool | None) -> str:
    if settled is None:
        return "without intervals the difference cannot be judged"
    if not settled:
        return "the difference may be chance, so this test set does not settle which is better"
    if (score.value or 0.0) > (other.value or 0.0):
        return "the selected model is clearly better"
    return "it is clearly better than the selected model"
