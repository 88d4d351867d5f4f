"""Runs for the report to show: small real fits on simulated counts, and odd cases by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqexpr.data.checks import CheckReport, Finding
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary, Score
from seqexpr.recipe import Recipe
from seqexpr.report.page import render_report

NASTY = "<script>alert('x')</script> \"&amp; $\\frac{1}{2}$ µ 表現\n" + "very_long_name_" * 8


@dataclass(frozen=True)
class Shown:
    """What write_report is given."""

    evaluation: Evaluation
    check: CheckReport
    recipe: Recipe

    def as_arguments(self) -> dict[str, Any]:
        return {"evaluation": self.evaluation, "check": self.check, "recipe": self.recipe}


def _metrics(observed: np.ndarray, predicted: np.ndarray) -> dict[str, float | None]:
    error = observed - predicted
    n = len(observed)
    flat = n < 2 or np.ptp(observed) == 0
    still = flat or np.ptp(predicted) < 1e-12
    ranks = [pd.Series(values).rank().to_numpy() for values in (observed, predicted)]
    mse = float((error**2).mean()) if n else None
    return {
        "mse": mse,
        "rmse": None if mse is None else mse**0.5,
        "mae": float(np.abs(error).mean()) if n else None,
        "r2": None if flat else float(1 - (error**2).mean() / observed.var()),
        "pearson": None if still else float(np.corrcoef(observed, predicted)[0, 1]),
        "spearman": None if still else float(np.corrcoef(*ranks)[0, 1]),
    }


def _scores(model: str, target: str, set_name: Any, pair: tuple, rng: Any) -> list[Score]:
    observed, predicted = pair
    n = len(observed)
    draws: list[dict[str, float | None]] = []
    if 2 < n <= 5_000:
        for _ in range(40):
            rows = rng.integers(n, size=n)
            draws.append(_metrics(observed[rows], predicted[rows]))
    rows = []
    for metric, value in _metrics(observed, predicted).items():
        found = [d[metric] for d in draws if d[metric] is not None]
        low: float | None = None
        high: float | None = None
        if value is not None and n > 5_000:
            low, high = value - abs(value) * 0.02, value + abs(value) * 0.02
        elif value is not None and len(found) > 20:
            low, high = (float(end) for end in np.quantile(found, [0.025, 0.975]))
        rows.append(Score(model, target, set_name, metric, value, low, high, n))
    return rows


# name, title, description, is_baseline, number of features it sees (-1: all and their products)
LADDER = (
    ("mean", "Mean", "Predicts the average of the training rows for every sequence.", True, 0),
    ("gc", "GC content and length", "A straight line through GC content and length.", True, 1),
    ("tutorial", "Tutorial", "Least squares on which 3-mers occur.", False, 4),
    ("ridge", "Ridge, 1- to 6-mers", "A weight for every k-mer, kept small.", False, 8),
    ("lightgbm", "Boosted trees, 1- to 5-mers", "Many small decision trees.", False, -1),
)


def _fit(features: np.ndarray, target: np.ndarray, fit: np.ndarray) -> np.ndarray:
    ones = np.ones((len(features), 1))
    design = np.hstack([ones, features])
    known = fit & np.isfinite(target)
    weights, *_ = np.linalg.lstsq(design[known], target[known], rcond=None)
    return design @ weights


def make_evaluation(
    n: int = 400,
    *,
    targets: tuple[tuple[str, str], ...] = (("expression", "log2"),),
    floor: float | None = None,
    constant: bool = False,
    noise: float = 1.0,
    strategy: str = "random",
    warnings: tuple[str, ...] = (),
    models: tuple = LADDER,
    source: str = "library.csv",
    seed: int = 0,
) -> Evaluation:
    """Fit small models to simulated counts of motifs; a share `floor` lies at the lowest value."""
    rng = np.random.default_rng(seed)
    features = rng.poisson(1.5, size=(n, 8)).astype(float)
    test = np.zeros(n, bool)
    test[: max(1, n // 5)] = True
    folds = np.arange(n) % 5
    rows: list[Score] = []
    parts = []
    for name, _unit in targets:
        effects = np.concatenate([[2.5], rng.normal(size=7)])
        y = features @ effects + 1.2 * features[:, 0] * features[:, 1] - 4
        y += rng.normal(scale=noise * 2, size=n)
        if floor is not None:
            y = np.maximum(y, np.quantile(y, floor).round(2))
        if constant:
            y[:] = 3.0
        for model, _title, _text, _base, n_features in models:
            seen = features[:, :n_features] if n_features >= 0 else features
            if n_features < 0:
                seen = np.hstack([features, features[:, :1] * features[:, 1:2]])
            inside = np.full(n, np.nan)
            for fold in range(5):
                held = (folds == fold) & ~test
                inside[held] = _fit(seen, y, ~test & ~held)[held]
            outside = _fit(seen, y, ~test)
            pairs = {"validation": (y[~test], inside[~test]), "test": (y[test], outside[test])}
            for set_name, pair in pairs.items():
                rows += _scores(model, name, set_name, pair, rng)
                if model == models[-1][0]:
                    where = ~test if set_name == "validation" else test
                    fold = folds[where] if set_name == "validation" else np.full(test.sum(), -1)
                    parts.append(
                        pd.DataFrame(
                            {
                                "id": np.flatnonzero(where).astype(str),
                                "set": set_name,
                                "fold": pd.array(fold, "Int64"),
                                "target": name,
                                "observed": pair[0],
                                "predicted": pair[1],
                                "lower": np.nan,
                                "upper": np.nan,
                                "in_domain": pd.array([pd.NA] * len(pair[0]), "boolean"),
                            }
                        )
                    )
    return Evaluation(
        dataset={
            "source": source,
            "n_rows": n,
            "n_sequences": n,
            "sha256": "ab" * 32,
            "targets": [{"name": name, "unit": unit} for name, unit in targets],
            "lengths": {"min": 80, "median": 101.5, "max": 150},
        },
        split={
            "strategy": strategy,
            "parameters": {"test_size": 0.2},
            "seed": 7,
            "reason": "No column says how to split, so rows were drawn at random.",
            "n_train": int((~test).sum()),
            "n_test": int(test.sum()),
            "n_folds": 5,
            "n_excluded": 0,
            "sha256": "cd" * 32,
        },
        selected=models[-1][0],
        rows=tuple(rows),
        models=tuple(
            ModelSummary(name, title, text, base, rung, max(n_features, 0) or None, 0.5 * rung)
            for rung, (name, title, text, base, n_features) in enumerate(models)
        ),
        predictions=pd.concat(parts, ignore_index=True),
        warnings=warnings,
    )


def make_finding(
    code: str = "duplicate-conflicting", *, severity: str = "warning", n_rows: int = 12
) -> Finding:
    return Finding(
        code=code,
        severity=severity,  # type: ignore[arg-type]
        column="expression",
        n_rows=n_rows,
        rows=np.arange(1, n_rows + 1, dtype=np.int64),
        examples=("ACGT…", "<b>TTGACA</b>"),
        meaning="The same sequence has different values.",
        remedy="Average them, if they are replicates.",
        action="none",
    )


def make_check(n: int = 400, findings: tuple[Finding, ...] = ()) -> CheckReport:
    return CheckReport(
        source="library.csv",
        n_rows=n + 11,
        n_kept=n - 8,
        n_repaired=8,
        n_dropped=11,
        findings=findings,
        notes=("sequence: column 'seq'", "target: column 'expression'"),
    )


def make_shown(evaluation: Evaluation, **choices: Any) -> Shown:
    names = tuple(target["name"] for target in evaluation.dataset["targets"])
    recipe = Recipe.create(**({"table": "library.csv", "target": names, "seed": 7} | choices))
    findings = (
        make_finding("mixed-lengths", severity="info", n_rows=0),
        make_finding(),
    )
    return Shown(evaluation, make_check(evaluation.dataset["n_rows"], findings), recipe)


def _nasty() -> Shown:
    odd = tuple((name, NASTY, NASTY, base, size) for name, _t, _d, base, size in LADDER)
    evaluation = make_evaluation(
        120, targets=((NASTY, NASTY),), models=odd, warnings=(NASTY,), source=NASTY
    )
    shown = make_shown(evaluation, table=NASTY, sequence=NASTY, group=NASTY)
    finding = replace(
        make_finding(), column=NASTY, examples=(NASTY,), meaning=NASTY, remedy=NASTY, code=NASTY
    )
    return replace(shown, check=replace(shown.check, findings=(finding,), notes=(NASTY,)))


def _unscored() -> Shown:
    """One that selected the mean, without folds, a test set or predictions."""
    evaluation = make_evaluation(60, models=LADDER[:1], warnings=("Nothing but the mean.",))
    empty = evaluation.predictions.iloc[:0]
    return make_shown(replace(evaluation, rows=(), predictions=empty))


VARIANTS: dict[str, Callable[[], Shown]] = {
    "plain": lambda: make_shown(make_evaluation()),
    "two-targets": lambda: make_shown(
        make_evaluation(300, targets=(("leaf", "log2"), ("root", "")), floor=0.3)
    ),
    "twenty-rows": lambda: make_shown(make_evaluation(20)),
    "two-rows": lambda: make_shown(make_evaluation(7, models=LADDER[:2])),
    "constant": lambda: make_shown(make_evaluation(200, constant=True, warnings=("Constant.",))),
    "floor": lambda: make_shown(make_evaluation(500, floor=0.6, strategy="group")),
    "nasty": _nasty,
    "unscored": _unscored,
    "large": lambda: make_shown(make_evaluation(250_000, strategy="column:set")),
}

_MADE: dict[str, Shown] = {}
_RENDERED: dict[str, str] = {}


@pytest.fixture
def shown() -> Callable[[str], Shown]:
    """Give one of the variants, made once in a session."""

    def find(name: str) -> Shown:
        if name not in _MADE:
            _MADE[name] = VARIANTS[name]()
        return _MADE[name]

    return find


@pytest.fixture(params=list(VARIANTS))
def any_html(request: pytest.FixtureRequest, html: Callable[[str], str]) -> str:
    """Give the report of every variant in turn."""
    return html(request.param)


@pytest.fixture
def html(shown: Callable[[str], Shown]) -> Callable[[str], str]:
    """Give the report of one variant, rendered once in a session."""

    def render(name: str) -> str:
        if name not in _RENDERED:
            _RENDERED[name] = render_report(**shown(name).as_arguments())
        return _RENDERED[name]

    return render


@pytest.fixture
def evaluate() -> Callable[..., Evaluation]:
    """Give the maker of evaluations."""
    return make_evaluation


@pytest.fixture
def present() -> Callable[..., Shown]:
    """Give the maker of check and recipe for an evaluation."""
    return make_shown


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Give the maker of findings."""
    return make_finding
