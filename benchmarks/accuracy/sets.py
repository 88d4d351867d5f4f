"""The rows of the accuracy table: what is scored, what others reached, how it was split.

Plain attempts are quoted, not rerun: untuned ridge and LightGBM on 1- to 5-mers or one-hot, on the
same or on an equally drawn split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ROWS", "Metric", "Row"]

Metric = Literal["pearson", "r2", "auroc"]


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    name, problem : str
        Its name; the problem whose model it tests (`problems.PROBLEMS`).
    title : str
        As people call it.
    metric : {"pearson", "r2", "auroc"}
    plain, published : str
        What others reached, in words.
    reach, reach_with_networks : float
        What is to be reached; a share of the ceiling if `of_ceiling`. None = nothing was set.
    one_network : str
        What one network reached, in words.
    split, limits : str
        How train and test were drawn; what keeps the score from 1.
    of_ceiling : bool
    """

    name: str
    problem: str
    title: str
    metric: Metric
    plain: str
    published: str
    reach: float
    split: str
    limits: str
    of_ceiling: bool = False
    reach_with_networks: float | None = None
    one_network: str = "not tried"


ROWS: tuple[Row, ...] = (
    Row(
        "urtecho",
        "urtecho",
        "*E. coli* start sites (Urtecho 2020)",
        "pearson",
        plain="ridge .480, LightGBM .531",
        published="random forest .630 (raw scale, larger train set)",
        reach=0.60,
        split=(
            "The published split by genome region; rows without a side are left out. Folds inside "
            "train keep windows that overlap on the genome together."
        ),
        limits=(
            "Half of the rows are at the floor of the assay (log2 expression -5): among them there "
            "is nothing to predict, and which promoters lie just above it is mostly noise. No "
            "replicates are given, so no ceiling is known. Words and places see that the two boxes "
            "of a promoter are there, but hardly how they stand to each other: single trees on "
            "words, places and motifs reach .50 to .51 on the folds inside train, and a LegNet, "
            "which sees it, .715 on test. Ours in the same kind of loop reaches .649 (`python -m "
            "benchmarks.bench_time_to_score --problem urtecho --epochs 6 --goal 1`); two seeds lie "
            ".04 apart. What a network has here it has from long training: R² on a fold inside "
            "train is .32 after 10 epochs, .38 after 20 (docs/networks.md), .45 on a GPU with "
            "nothing pooled; five folds of 16 epochs with nothing pooled, two at a time, are what "
            "30 minutes hold: a fold took 380 s."
        ),
        reach_with_networks=0.75,
        one_network="LegNet .715 (6 epochs, 269 s), a three-block CNN .53",
    ),
    Row(
        "lac",
        "lac",
        "*E. coli* lac promoter variants (Kinney 2010)",
        "r2",
        plain="one-hot: ridge .301, LightGBM .410",
        published="in bits, not comparable (MAVE-NN)",
        reach=0.44,
        split="The published split; its validation rows train.",
        limits=(
            "97% of the rows are one sorted cell, so the bin of one cell out of ten is what is "
            "predicted. Rows of several reads would give a ceiling of R² .29, which models exceed: "
            "they are not like the others, so no ceiling is given. Position counts for more than "
            "content here, so k-mer counts see less than one-hot does."
        ),
        reach_with_networks=0.475,
        one_network="mean of two small CNNs .450 (200 s)",
    ),
    Row(
        "lafleur",
        "lafleur",
        "Designed *E. coli* promoters (LaFleur 2022, high quality)",
        "pearson",
        plain="one-hot LightGBM .903; 1–5-mers: ridge .857, LightGBM .899",
        published=".890 on rows it was fitted on",
        reach=0.92,
        split=(
            "A random fifth of the rows marked high quality tests "
            "(`numpy.random.default_rng(0).permutation`)."
        ),
        limits=(
            "The designs share their parts, so a random split asks for new combinations of known "
            "parts, not for new parts. The ceiling takes the three replicates as independent. "
            "Everything that was tried ends at the same place. Inside train (three of five folds) "
            "trees on one-hot have .906, with motifs .908, with gapped k-mers .909, with 1- to "
            "3-mers by position .911, the mean of seven such .912, a Gaussian process (one fifth) "
            ".899; one LegNet has .903 on test. Rows, not features, seem to be what is missing."
        ),
        reach_with_networks=0.935,
        one_network="LegNet .903 (10 epochs, 77 s)",
    ),
    Row(
        "lafleur_no",
        "lafleur_no",
        "The same, trained on high quality, tested on the others",
        "pearson",
        plain="1–5-mers .552, one-hot .611",
        published=".498",
        reach=0.65,
        split="All rows marked high quality train, all others test.",
        limits=(
            "The test rows are other designs with a narrower range (variance 0.26 against 0.67), "
            "so this asks for extrapolation. The search sees folds of the high-quality rows alone, "
            "and what is best there is not what carries furthest: trees on one-hot have .611."
        ),
        reach_with_networks=0.68,
        one_network="LegNet .620 (10 epochs, 110 s)",
    ),
    Row(
        "yeast",
        "yeast",
        "Random yeast promoters (de Boer 2020, high quality)",
        "r2",
        plain="ridge .702, LightGBM .737",
        published=".95 when trained on 20 million",
        reach=0.79,
        split="A random fifth of the rows tests (`numpy.random.default_rng(0).permutation`).",
        limits=(
            "8,000 train rows where the published model had 20 million: what is missing is rows. "
            "No replicates are given, so no ceiling is known."
        ),
        reach_with_networks=0.84,
        one_network="LegNet .771 (8 epochs, 172 s), gReLU dilated .665 (198 s)",
    ),
    Row(
        "yeast_native",
        "yeast",
        "The same model on native yeast promoters (Vaishnav 2022, YPD)",
        "pearson",
        plain="ridge .705, LightGBM .717",
        published=".961 when trained on 20 million",
        reach=0.75,
        split=(
            "The model of the row above, as it is, on the native promoters measured in YPD; those "
            "whose sequence, or its reverse complement, is among the train rows are left out."
        ),
        limits=(
            "Train sequences are random, test sequences native. Both carry the constant flanks of "
            "the construct (17 and 13 bases), which are left in for every system. The native ones "
            "have 110 bases, those of training 95 to 125; nothing is padded and none holds an N. "
            "Intervals draw the variants of a promoter together."
        ),
        reach_with_networks=0.82,
    ),
    Row(
        "crx",
        "crx",
        "Enhancers in mouse retina (Friedman 2021)",
        "pearson",
        plain="ridge .305, LightGBM .317",
        published="none",
        reach=0.40,
        split=(
            "Chromosomes 1, 9 and 10 test. The wild type and the mutants of a locus stay on one "
            "side and in one fold, and are drawn together for the intervals. Rows without a value "
            "are left out."
        ),
        limits=(
            "8,000 sequences of 164 bases whose activity hangs on a few binding sites and their "
            "order; the ceiling is far above what sequence models of this size reach."
        ),
        reach_with_networks=0.44,
        one_network="LegNet .269 (8 epochs, 235 s)",
    ),
    Row(
        "crx_auroc",
        "crx",
        "The same predictions: strong enhancers against silencers",
        "auroc",
        plain="not tried",
        published="k-mer SVM classifier .781",
        reach=0.80,
        split=(
            "Test rows of the row above whose class is strong enhancer or silencer, wild types and "
            "mutants alike; the predicted activity is the score."
        ),
        limits="The systems are fitted to activity, not to the classes.",
    ),
    Row(
        "kuo",
        "kuo",
        "Shine-Dalgarno 9-mers (Kuo 2020)",
        "r2",
        plain="ridge .698, LightGBM .748",
        published="none",
        reach=0.95,
        of_ceiling=True,
        split=(
            "20,000 rows train (the first of `numpy.random.default_rng(0).permutation`), all "
            "others test; no weights. Letters are A, C, G, U. Reverse complements of train rows "
            "are tested, since RNA has one strand; seqexpr would keep such train rows out, so its "
            "table holds the other test rows alone, and all are predicted and scored."
        ),
        limits=(
            "Noise: the ceiling is 1 - mean(var) / var(y) over the test rows, where `var` is the "
            "variance of the mean of a row's one to three replicates."
        ),
        reach_with_networks=0.98,
    ),
)
