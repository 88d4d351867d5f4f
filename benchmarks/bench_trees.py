"""Boosted trees on k-mer counts: our rung beside what a user would fit by hand.

    python -m benchmarks.bench_trees [--rows 13000] [--length 150]

All get the same strings, two threads and are scored on rows that none saw. Ours chooses the
number of trees by itself; scikit-learn's HistGradientBoostingRegressor stops early likewise, on
dense 1- to 4-mer counts by CountVectorizer; FLAML gets the same counts and at least as much time
as ours took.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks.accuracy.systems import import_flaml
from benchmarks.record import Ratio, record
from seqexpr.data.simulate import simulate_library
from seqexpr.models.registry import make_model


def counts() -> tuple[Any, Any]:
    counter = CountVectorizer(
        analyzer="char", ngram_range=(1, 4), lowercase=False, dtype=np.float32
    )
    return counter, FunctionTransformer(lambda X: X.toarray(), accept_sparse=True)


def timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=13_000)
    parser.add_argument("--length", type=int, default=150)
    options = parser.parse_args()
    table = simulate_library(
        options.rows * 5 // 4, rng=np.random.default_rng(0), length=options.length
    ).table
    train, test = table[: options.rows], table[options.rows :]
    X, y = train["sequence"].tolist(), train["expression"].to_numpy()
    X_test, y_test = test["sequence"].tolist(), test["expression"].to_numpy()
    make_model("lightgbm", n_jobs=2).fit(X[:500], y[:500])  # what a first call compiles

    found: list[tuple[str, float, float]] = []
    ours = make_model("lightgbm", n_jobs=2)
    spent = timed(lambda: ours.fit(X, y))
    found.append(("seqexpr, rung lightgbm", spent, r2_score(y_test, ours.predict(X_test))))
    peer = make_pipeline(
        *counts(), HistGradientBoostingRegressor(max_iter=1_000, early_stopping=True)
    )
    taken = timed(lambda: peer.fit(X, y))
    found.append(("HistGradientBoosting", taken, r2_score(y_test, peer.predict(X_test))))
    if find_spec("flaml") is not None:
        auto_ml, learners = import_flaml()
        first = make_pipeline(*counts())
        flaml = auto_ml()
        taken = timed(
            lambda: flaml.fit(
                first.fit_transform(X), y, task="regression", metric="r2", n_jobs=2, verbose=0,
                time_budget=max(60, int(spent)), estimator_list=learners, seed=0,
            )
        )  # fmt: skip
        predicted = flaml.predict(first.transform(X_test))
        found.append(("FLAML", taken, r2_score(y_test, predicted)))

    print(f"Simulated, {options.rows:,} sequences of {options.length} bases, strings to model\n")
    print("| | seconds | times ours | R² on held-out rows |\n|---|--:|--:|--:|")
    for name, seconds, score in found:
        print(f"| {name} | {seconds:.1f} | {seconds / spent:.1f} | {score:.3f} |")
    record(
        *(Ratio(f"trees: time of {name}", seconds / spent) for name, seconds, _ in found[1:]),
        *(Ratio(f"trees: our R² to {name}", found[0][2] / score) for name, _, score in found[1:]),
    )


if __name__ == "__main__":
    main()
