from __future__ import annotations

import numpy as np

from seqexpr.data.dataset import Dataset
from seqexpr.models.registry import MODELS
from seqexpr.splits.strategies import make_split
from seqexpr.workflow.ladder import climb


def test_a_models_own_folds_keep_units_whole():
    """Families whose level has nothing to do with sequence: the penalty must say so."""
    rng = np.random.default_rng(4)
    founders = rng.integers(0, 4, size=(200, 15))
    family = np.repeat(np.arange(200), 4)
    mutated = np.where(
        rng.random((800, 15)) < 0.05, rng.integers(0, 4, (800, 15)), founders[family]
    )
    sequences = ["".join("ACGT"[base] for base in row) for row in mutated]
    targets = rng.normal(size=200)[family] + 0.1 * rng.normal(size=800)
    groups = family.astype(str).astype(object)
    dataset = Dataset(sequences, targets, target_names=("y",), groups=groups)
    split = make_split(dataset, strategy="group", test_size=0.2, n_folds=4, seed=1)
    train = dataset.take(split.train)
    units = split.units_of(dataset)[split.train]
    alone = np.arange(len(train))
    scores = {}
    for name, grouping in (("whole", units), ("parted", alone)):
        (rung,) = climb(
            [MODELS["ridge"]], train, dataset.sequences[split.test], split=split, units=grouping, seed=0,
            jobs=1, on_step=lambda step: None,
        )  # fmt: skip
        error = np.mean((rung.out_of_fold[:, 0] - train.targets[:, 0]) ** 2)
        scores[name] = 1 - error / np.var(train.targets[:, 0])
    assert scores["whole"] > -0.1
    assert scores["parted"] < scores["whole"] - 0.05
