"""Five planted motifs and a pair over several libraries: found, measured, and told from nothing.

    python -m benchmarks.planted_motifs [--models ridge,lightgbm] [--libraries 10] [--first-seed 0]
        [--discovery words] [--length 120]

Each library has 3,000 sequences of 120 bases; 2,400 are fitted on, the others are what the model
has not seen. Prints a Markdown table: motifs recovered and wrong ones for each library, how often
the interval of a motif's measured effect held, how often the pair was called (and others), and how
often an explanation of the same model on shuffled targets was not to be trusted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import pearsonr

from seqexpr.data.planting import MotifPair, PlantedMotif
from seqexpr.data.simulate import simulate_library
from seqexpr.interpretation.checks import check_signal
from seqexpr.interpretation.contributions import Explained
from seqexpr.interpretation.explanation import Discovery, Explanation, explain_target
from seqexpr.interpretation.twin import is_motif_of
from seqexpr.models.registry import MODELS, make_model

MOTIFS = (
    PlantedMotif("TGACTCA", 1.5, share=0.3),
    PlantedMotif("CACGTGAC", -1.0, share=0.3),
    PlantedMotif("TATAATGC", 0.8, share=0.3),
    PlantedMotif("GGGCGGAA", 1.0, share=0.3),
    PlantedMotif("ATTTGCAT", -0.8, share=0.3),
)
PAIR = MotifPair(0, 3, 1.0, max_gap=19)
N, N_TRAIN = 3_000, 2_400
COLUMNS = ("recovered", "wrong", "intervals held", "pair called", "other pairs", "shuffled refused")


@dataclass
class Tally:
    """What became of the libraries so far.

    Attributes
    ----------
    recovered, wrong : list of int
        Planted motifs that a confirmed one is like, and other confirmed ones, by library.
    held : list of bool
        Whether the interval of each recovered motif held its planted effect.
    called, others : list of int
        Whether the planted pair was called, and how many others, by library.
    refused : list of bool
        Whether the explanation on shuffled targets was not trusted, by library.
    """

    recovered: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    called: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)

    def row(self) -> list[str]:
        n = len(self.recovered)
        return [
            f"{np.mean(self.recovered):.1f} of {len(MOTIFS)}", f"{np.mean(self.wrong):.1f}",
            f"{np.mean(self.held):.0%} of {len(self.held)}", f"{sum(self.called)} of {n}",
            f"{sum(self.others)}", f"{sum(self.refused)} of {n}",
        ]  # fmt: skip


def explain(
    name: str, sequences: list[str], y: Any, *, discovery: Discovery = "words"
) -> Explanation:
    """Fit a model on the first rows and explain it with the others held out."""
    model = make_model(name).fit(sequences[:N_TRAIN], y[:N_TRAIN])
    held, measured = sequences[N_TRAIN:], y[N_TRAIN:]
    score = pearsonr(model.predict(held), measured)
    low = float(score.confidence_interval().low)
    explained = Explained(
        model, sequences[:1000], [str(i) for i in range(1000)],
        held_out=(held, measured), seen=(sequences[:N_TRAIN], y[:N_TRAIN]),
    )  # fmt: skip
    # TF-MoDISco needs what absent bases would contribute, which the weights of words do not say.
    is_network = MODELS[name].extra == "deep"
    return explain_target(
        explained, signal=check_signal(low, float(score.statistic), what="here"),
        method="auto" if is_network or discovery == "words" else "mutagenesis",
        discovery=discovery,
    )  # fmt: skip


def tally(
    name: str, seeds: Iterable[int], *, discovery: Discovery = "words", length: int = 120
) -> Tally:
    """Explain a model on a library for each seed, and on the same with shuffled targets."""
    result = Tally()
    for seed in seeds:
        library = simulate_library(
            N, rng=np.random.default_rng(seed), length=length, motifs=MOTIFS, pairs=(PAIR,)
        )
        sequences = library.table["sequence"].tolist()
        y = library.table["expression"].to_numpy()
        _add(result, explain(name, sequences, y, discovery=discovery))
        shuffled = np.random.default_rng(100 + seed).permutation(y)
        found = explain(name, sequences, shuffled, discovery=discovery)
        result.refused.append(not found.is_trusted)
    return result


def _add(result: Tally, explanation: Explanation) -> None:
    found: set[str] = set()
    site_of: dict[int, int] = {}
    wrong = 0
    for place, motif in enumerate(explanation.motifs):
        if not motif.is_confirmed:
            continue
        alike = [i for i, m in enumerate(MOTIFS) if is_motif_of(motif.found.motif, m.site)]
        if not alike or MOTIFS[alike[0]].site in found:
            wrong += 1
            continue
        planted = MOTIFS[alike[0]]
        site_of[place] = alike[0]
        found.add(planted.site)
        result.held.append(motif.alone.low <= planted.effect <= motif.alone.high)
    result.recovered.append(len(found))
    result.wrong.append(wrong)
    pairs = {
        frozenset((site_of.get(pair.first, -1), site_of.get(pair.second, -1)))
        for pair in explanation.pairs
        if pair.evidence
    }
    right = frozenset((PAIR.first, PAIR.second))
    result.called.append(int(right in pairs))
    result.others.append(len(pairs - {right}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="ridge,lightgbm")
    parser.add_argument("--libraries", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--discovery", default="words", choices=("words", "modisco"))
    parser.add_argument("--length", type=int, default=120)
    given = parser.parse_args()
    print(f"| model | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name in given.models.split(","):
        seeds = range(given.first_seed, given.first_seed + given.libraries)
        found = tally(name, seeds, discovery=given.discovery, length=given.length)
        print(f"| {name} | {' | '.join(found.row())} |", flush=True)


if __name__ == "__main__":
    main()
