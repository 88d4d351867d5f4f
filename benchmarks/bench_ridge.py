"""Ridge over 1- to 6-mers, its penalty chosen among ten by five folds, against RidgeCV.

    python -m benchmarks.bench_ridge [--rows 13000] [--length 150] [--gcv]

Both get the same CSR features, the same penalties, the same folds and two
threads, and are scored on rows that neither saw. Run on a simulated library
(13,000 sequences with three planted motifs), and on the measured E. coli
promoters (urtecho) where they lie beside the checkout. `--gcv` adds RidgeCV
with cv=None (leave-one-out from an eigendecomposition), which takes minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from threadpoolctl import threadpool_limits

from benchmarks.record import Ratio, record
from seqexpr.data.simulate import simulate_library
from seqexpr.features.kmers import KmerCounter
from seqexpr.models.folds import assign_folds
from seqexpr.models.ridge import RidgePathRegressor

MEASURED = Path(__file__).parents[2] / "shared" / "data" / "ecoli_urtecho2020_tss.tsv.gz"


def timed(model: Any, X: Any, y: Any) -> float:
    started = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - started


def compare(title: str, sequences: tuple[Any, Any], targets: tuple[Any, Any], gcv: bool) -> None:
    """Fit both on the same problem and print one table."""
    counter = KmerCounter(k=(1, 6), n_jobs=2)
    X, X_test = (counter.transform(list(part)) for part in sequences)
    y, y_test = targets
    # A column over the root of its standard deviation: what our default does inside, so
    # that RidgeCV gets the very same problem.
    deviation = np.sqrt(X.power(2).mean(axis=0).A1 - X.mean(axis=0).A1 ** 2)
    factors = np.divide(1.0, np.sqrt(deviation), out=np.zeros_like(deviation), where=deviation > 0)
    scaled, scaled_test = (
        csr_matrix(part @ diags(factors.astype(np.float32))) for part in (X, X_test)
    )
    # A first fit gives the default path of penalties, and loads what a first call loads.
    path = RidgePathRegressor(n_jobs=2).fit(X, y).alphas_[0]
    alphas = path[:10] if len(path) == 10 else np.geomspace(path[0], path[-1], 10)
    folds = assign_folds(len(y), n_folds=5, random_state=42)
    cv = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(5)]

    ours = RidgePathRegressor(alphas=alphas, n_jobs=2)
    rows = [("seqexpr ridge path", ours, timed(ours, X, y), ours.alpha_[0], X_test)]
    peer = RidgeCV(alphas=alphas, cv=cv)
    rows.append(
        ("RidgeCV(alphas, cv=5 folds)", peer, timed(peer, scaled, y), peer.alpha_, scaled_test)
    )
    if gcv:
        peer = RidgeCV(alphas=alphas)
        rows.append(
            ("RidgeCV(alphas, cv=None)", peer, timed(peer, scaled, y), peer.alpha_, scaled_test)
        )
    first = rows[0][2]
    print(f"{title}: {X.shape[0]:,} rows, {X.shape[1]:,} features, {X.nnz:,} entries\n")
    print("| | seconds | times ours | penalty | R² on held-out rows |\n|---|---:|---:|---:|---:|")
    for name, model, seconds, alpha, test in rows:
        score = r2_score(y_test, model.predict(test))
        print(f"| {name} | {seconds:.2f} | {seconds / first:.1f} | {alpha:.4g} | {score:.4f} |")
    record(Ratio(f"ridge path, {title}: {rows[1][0]}", rows[1][2] / first))
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=13_000)
    parser.add_argument("--length", type=int, default=150)
    parser.add_argument("--gcv", action="store_true")
    options = parser.parse_args()

    threadpool_limits(2)
    rng = np.random.default_rng(0)
    held_out = options.rows // 4
    library = simulate_library(options.rows + held_out, rng=rng, length=options.length).table
    train, test = library[: options.rows], library[options.rows :]
    compare(
        f"Simulated, {options.length} bases",
        (train["sequence"], test["sequence"]),
        (train["expression"].to_numpy(), test["expression"].to_numpy()),
        options.gcv,
    )
    if MEASURED.exists():
        table = pd.read_csv(MEASURED, sep="\t")
        train, test = table[table["split"] == "train"], table[table["split"] == "test"]
        compare(
            "Measured E. coli promoters (urtecho), 150 bases",
            (train["sequence"], test["sequence"]),
            (train["expression"].to_numpy(), test["expression"].to_numpy()),
            options.gcv,
        )


if __name__ == "__main__":
    main()
