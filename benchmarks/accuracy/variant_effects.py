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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd  # noqa: TC002

from benchmarks.accuracy.problems import read
from seqexpr import load, train
from seqexpr.evaluation.coverage import share_interval
from seqexpr.evaluation.resampling import Interval, score_intervals
from seqexpr.report.drawing import GREY, PALE, VERMILLION, new_axes, styled
from seqexpr.variants.scoring import score_pairs

Floats = npt.NDArray[np.float64]

TEST_CHROMOSOMES = ("chr1", "chr9", "chr10")
REPLICATES = ["rep1", "rep2", "rep3"]
COLUMNS = (
    "loci", "Pearson", "Spearman", "ceiling", "held (90%)", "half width", "apart", "leave out 0"
)  # fmt: skip


def pairs_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each locus with its wild type and its mutant, both measured."""
    is_wild = frame["variant"] == "WT"
    return frame[is_wild].merge(frame[~is_wild], on="group", suffixes=("_wt", "_mut"))


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


@dataclass(frozen=True, eq=False)
class Scored:
    """Measured and predicted effects of the loci, shape (n,) each."""

    measured: Floats
    predicted: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, bundle: Any, pairs: pd.DataFrame) -> Scored:
        measured = (pairs["expression_mut"] - pairs["expression_wt"]).to_numpy()
        sides = (pairs[f"sequence_{side}"].tolist() for side in ("wt", "mut"))
        effects = score_pairs(bundle, *sides)
        parts = (effects.effect, effects.lower, effects.upper)
        return cls(measured, *(part[:, 0] for part in parts))

    @property
    def is_clear(self) -> npt.NDArray[np.bool_]:
        """Whether the interval leaves out 0."""
        return (self.lower > 0) | (self.upper < 0)


def appraise(bundle: Any, pairs: pd.DataFrame, scored: Scored) -> dict[str, str]:
    measured, predicted = scored.measured, scored.predicted
    lower, upper, clear = scored.lower, scored.upper, scored.is_clear
    found = score_intervals(measured, predicted, rng=np.random.default_rng(0))
    held = share_interval((lower <= measured) & (measured <= upper))
    table = [bundle.predict_table(pairs[f"sequence_{side}"].tolist()) for side in ("wt", "mut")]
    apart = np.hypot(*[((t["upper"] - t["lower"]) / 2).to_numpy(float) for t in table])
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
        f"{clear.sum():,}, {right:.0%} of the right sign" if clear.any() else "0",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _interval(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def draw(scored: Scored, path: Path) -> None:
    """Draw predicted against measured effects."""
    with styled():
        figure, axes = new_axes(460, 380)
        ends = np.percentile(np.concatenate([scored.measured, scored.predicted]), [0.2, 99.8])
        axes.plot(ends, ends, color=GREY, linewidth=0.8, zorder=0)
        axes.axhline(0, color=GREY, linewidth=0.5, zorder=0)
        for clear, color, label in (
            (False, PALE, "interval holds 0"),
            (True, VERMILLION, "interval leaves out 0"),
        ):
            rows = scored.is_clear == clear
            axes.scatter(
                scored.predicted[rows], scored.measured[rows], s=9, color=color, alpha=0.8,
                linewidth=0, label=f"{label} ({rows.sum():,})",
            )  # fmt: skip
        axes.set_xlabel("predicted effect of the mutation (log2)")
        axes.set_ylabel("measured effect of the mutation (log2)")
        axes.legend(loc="upper left", handletextpad=0.2)
        figure.savefig(path, dpi=144)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", default="ridge,lightgbm")
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parents[2].parent / "shared" / "data"
    )
    parser.add_argument("--picture", type=Path, help="draw the last model's effects into a PNG")
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
            bundle = load(Path(folder, "run"))
            scored = Scored.of(bundle, pairs)
            row = appraise(bundle, pairs, scored)
        print(" | ".join([name, *row.values()]), flush=True)
        if options.picture:
            draw(scored, options.picture)


if __name__ == "__main__":
    main()
