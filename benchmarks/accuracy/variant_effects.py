"""Predicted against measured effects of mutations: mutant less wild type, on held-out chromosomes.

    python -m benchmarks.accuracy.variant_effects [--models ridge,lightgbm] [--data ../shared/data]

Each enhancer of mouse_crx_friedman2021 was measured as it is and with its CRX sites destroyed
(or with another change). The models see neither of them for the loci on chr1, chr9 and chr10.
Prints a Markdown table: correlation of predicted and measured effect with its bootstrap
interval over loci, the ceiling that replicates set, and how often the intervals of the effect
held. "apart" is the half width that two independent intervals would give.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TC002

from benchmarks.accuracy.problems import read
from seqexpr import load, train
from seqexpr.evaluation.coverage import share_interval
from seqexpr.evaluation.resampling import Interval, score_intervals
from seqexpr.variants.scoring import score_pairs

TEST_CHROMOSOMES = ("chr1", "chr9", "chr10")
REPLICATES = ["rep1", "rep2", "rep3"]
COLUMNS = (
    "loci", "Pearson", "Spearman", "ceiling", "held (90%)", "half width", "apart", "leave out 0"
)  # fmt: skip


def pairs_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each locus with its wild type and its mutant, both measured."""
    wild = frame[frame["variant"] == "WT"].set_index("group")
    mutant = frame[frame["variant"] != "WT"].set_index("group")
    return wild.join(mutant, how="inner", lsuffix="_wt", rsuffix="_mut")


def ceiling(pairs: pd.DataFrame) -> float:
    """Return the correlation that a perfect prediction would have, from replicates.

    The reliability of the mean of k replicates is k r / (1 + (k - 1) r), r being the mean
    correlation between two of them (Spearman 1910, Brown 1910); the ceiling is its root.
    """
    effects = np.column_stack([pairs[f"{rep}_mut"] - pairs[f"{rep}_wt"] for rep in REPLICATES])
    effects = effects[np.isfinite(effects).all(axis=1)]
    r = np.corrcoef(effects, rowvar=False)[np.triu_indices(len(REPLICATES), k=1)].mean()
    k = len(REPLICATES)
    return float(np.sqrt(k * r / (1 + (k - 1) * r)))


def appraise(bundle: Any, pairs: pd.DataFrame) -> dict[str, str]:
    measured = (pairs["expression_mut"] - pairs["expression_wt"]).to_numpy()
    effects = score_pairs(bundle, pairs["sequence_wt"].tolist(), pairs["sequence_mut"].tolist())
    predicted, lower, upper = (x[:, 0] for x in (effects.effect, effects.lower, effects.upper))
    found = score_intervals(measured, predicted, rng=np.random.default_rng(0))
    held = share_interval((lower <= measured) & (measured <= upper))
    table = [bundle.predict_table(pairs[f"sequence_{side}"].tolist()) for side in ("wt", "mut")]
    apart = np.hypot(*[((t["upper"] - t["lower"]) / 2).to_numpy(float) for t in table])
    clear = (lower > 0) | (upper < 0)
    right = (
        float(np.mean(np.sign(predicted[clear]) == np.sign(measured[clear])))
        if clear.any()
        else np.nan
    )
    values = (
        f"{len(pairs):,}",
        _interval(found["pearson"]),
        _interval(found["spearman"]),
        f"{ceiling(pairs):.2f}",
        f"{held[0]:.0%} [{held[1]:.0%}, {held[2]:.0%}]",
        f"{np.median(upper - lower) / 2:.2f}",
        f"{np.median(apart):.2f}",
        f"{clear.sum():,}, {right:.0%} of the right sign",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _interval(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", default="ridge,lightgbm")
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parents[2].parent / "shared" / "data"
    )
    options = parser.parse_args()
    frame = read(options.data, "mouse_crx_friedman2021")
    in_test = frame["chrom"].isin(TEST_CHROMOSOMES)
    pairs = pairs_of(frame[in_test])
    print(f"model | {' | '.join(COLUMNS)}")
    print("|".join(["---"] * (len(COLUMNS) + 1)))
    for name in options.models.split(","):
        with tempfile.TemporaryDirectory() as folder:
            train(
                frame[~in_test], output=Path(folder, "run"), target="expression", group="group",
                split="group", models=(name,), refit="all", nested=False,
            )  # fmt: skip
            row = appraise(load(Path(folder, "run")), pairs)
        print(" | ".join([name, *row.values()]), flush=True)


if __name__ == "__main__":
    main()
