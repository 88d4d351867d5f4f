"""Designs in simulated worlds whose truth is known: what is promised, and what is there.

    python -m benchmarks.bench_design --models ridge lightgbm --seeds 0 1 2 --picture designs.png

Each world measures 2,000 random sequences of 80 bases with planted sites; a model is trained as
usual, and 96 sequences are designed in several ways. The last column asks how often the truth is
at least the bound.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import seqexpr
from seqexpr.data.landscape import EXAMPLE_LANDSCAPE
from seqexpr.design.constraints import Constraints
from seqexpr.design.run import design

NAIVE = {"objective": "prediction", "outside_domain": True}
WAYS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "evolve": {"search": "evolve"},
    "greedy, random starts": {"start": "random"},
    "greedy, 10 changes at most": {"constraints": Constraints(max_changes=10)},
    "bound, anywhere": {"outside_domain": True},
    "prediction, in the domain": {"objective": "prediction"},
    "prediction, anywhere: greedy": NAIVE,
    "prediction, anywhere: evolve": {**NAIVE, "search": "evolve"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["ridge"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--ways", nargs="+", default=list(WAYS))
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    shown: dict[str, Any] = {}
    for model in options.models:
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                shown |= one_world(model, seed, Path(folder), options.ways)
    if options.picture is not None:
        draw(shown, options.picture)


def one_world(model: str, seed: int, folder: Path, ways: list[str]) -> dict[str, Any]:
    library = EXAMPLE_LANDSCAPE.measure(2000, rng=np.random.default_rng(seed))
    library.drop(columns="true_expression").to_parquet(folder / "library.parquet")
    run = seqexpr.train(
        folder / "library.parquet", models=(model,), split="random", nested=False,
        output=folder / "run",
    )  # fmt: skip
    best = np.sort(library["true_expression"])
    r2 = run.evaluation.score("r2").value
    print(
        f"{model}, world {seed}: test R² {r2:.2f}; best of 2,000 measured {best[-1]:.2f}, "
        f"mean of the best 96 {best[-96:].mean():.2f} (true)", flush=True,
    )  # fmt: skip
    found = {}
    for way in ways:
        made = design(folder / "run", **WAYS[way])
        table = made.table
        truth = EXAMPLE_LANDSCAPE.expression(table["sequence"])
        print(
            f"  {way:30} n {len(table):2} predicted {table['predicted'].mean():5.2f} "
            f"bound {table['bound'].mean():5.2f} true {truth.mean():5.2f} best {truth.max():5.2f} "
            f"above the best measured {np.mean(truth > best[-1]):4.0%} "
            f"holds {np.mean(truth >= table['bound']):4.0%} {made.seconds:5.1f} s", flush=True,
        )  # fmt: skip
        found[way] = (table, truth, best)
    return found


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw what is predicted against the truth, of ours and of the prediction alone."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    styles = (
        ("prediction, anywhere: evolve", "#D55E00", "^", "prediction alone, anywhere"),
        ("greedy", "#0072B2", "o", "bound, in the training domain"),
    )
    for way, colour, marker, label in styles:
        table, truth, best = found[way]
        axes.scatter(
            table["predicted"], truth, s=26, marker=marker, color=colour, alpha=0.75, label=label,
            linewidths=0,
        )  # fmt: skip
    table, _, best = found["greedy"]
    bound = table["bound"].mean()
    ends = [0, float(axes.get_xlim()[1])]
    axes.plot(ends, ends, color="0.4", linestyle=":", label="prediction = truth")
    axes.axhline(best[-1], color="0.2", linewidth=1, label="best of 2,000 measured")
    axes.axhline(bound, color="#0072B2", linestyle="--", linewidth=1, label="what our bound says")
    axes.set(
        xlabel="predicted expression (a.u.)", ylabel="true expression (a.u.)",
        xlim=(2, ends[1]), ylim=(0, max(5.0, best[-1] + 1)),
    )  # fmt: skip
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
