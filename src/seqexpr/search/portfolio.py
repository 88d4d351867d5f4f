"""Where every search starts: pipelines that did well, inside train, on measured libraries."""

from __future__ import annotations

from seqexpr.search.candidates import Choice
from seqexpr.search.learners import SETS

__all__ = ["FREE_STARTS", "FURTHER_STARTS", "LONG_STARTS"]

FREE_STARTS: tuple[dict[str, Choice], ...] = (
    {"learner": "ridge", "kmers": "1-6"},
    {"learner": "trees", "kmers": "1-5"},
    {"learner": "ridge", "onehot": "left", "column_scale": "none"},
    {"learner": "trees", "onehot": "left", "colsample_bytree": 0.7},
    {"learner": "epistasis", "onehot": "right"},
    {"learner": "transfer"},
    {"learner": "ridge", "gapped": "6,4", "positional": "1-3/5"},
    # A tree's time is that of the columns it may use; of thousands a few hundred are enough.
    {
        "learner": "trees",
        "gapped": "6,4",
        "positional": "1-3/5",
        "colsample_bytree": 0.05,
        "n_estimators": 400,
    },
    {"learner": "ridge", "gapped": "7,5", "strands": "both"},
)
"""Choices that differ from "none" and from the defaults of the learner, in the order tried."""

FURTHER_STARTS: tuple[dict[str, Choice], ...] = (
    {
        "learner": "trees",
        "gapped": "6,4",
        "positional": "1-3/5",
        "motifs": SETS,
        "colsample_bytree": 0.05,
        "n_estimators": 400,
    },
    {"learner": "trees", "kmers": "1-5", "motifs": SETS, "colsample_bytree": 0.1},
    {"learner": "trees", "positional": "1-3/1", "colsample_bytree": 0.2},
    {"learner": "gaussian_process"},
    {"learner": "ridge", "onehot": "left", "pairs": "300", "column_scale": "none"},
    {"learner": "trees", "kmers": "1-5", "strands": "both"},
    {"learner": "trees", "kmers": "1-5", "windows": "20"},
    {"learner": "kernel_ridge"},
)
"""As above; stopped early where they do not keep up."""

_LEGNET: dict[str, Choice] = {
    "learner": "network",
    "form": "legnet",
    "n_places": 1,
    "dropout": 0.0,
}
LONG_STARTS: tuple[dict[str, Choice], ...] = (
    # Few epochs of small batches: what is soonest good.
    _LEGNET | {"size": 32, "n_epochs": 6, "learning_rate": 0.005},
    # Wide and long, as the sequence stands and as both strands: what is best where there is time.
    _LEGNET | {"size": 64, "n_epochs": 16, "batch_size": 128, "learning_rate": 0.01},
    _LEGNET
    | {"size": 64, "n_epochs": 16, "batch_size": 64, "learning_rate": 0.007}
    | {"read_strands": "average"},
    # On half as many places, where there is not.
    _LEGNET
    | {"size": 64, "stem_pool": 2, "n_epochs": 20, "batch_size": 128, "learning_rate": 0.01},
    _LEGNET | {"size": 32, "n_epochs": 6, "learning_rate": 0.005, "read_strands": "average"},
    {"learner": "network"},
)
"""Networks, whose folds are fitted side by side; the others do not wait to learn from them.

The first is begun where there is time for one fit, the others where there is time for all folds;
one that does not keep up with another network after a fold is given up.
"""
