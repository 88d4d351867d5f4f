from __future__ import annotations

import numpy as np
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.inflation import measure_inflation


class LookUp:
    """Predicts the mean of the family (first letters) if it was seen, else 0."""

    def __init__(self, sequences, targets, units):
        rows = {}
        for sequence, target in zip(sequences, targets, strict=True):
            rows.setdefault(sequence[:6], []).append(target)
        self.mean = {name: np.mean(values) for name, values in rows.items()}

    def predict(self, sequences):
        return np.array([self.mean.get(sequence[:6], 0.0) for sequence in sequences])


def world(n_families, size, rng):
    families = np.repeat(np.arange(n_families), size)
    names = ["".join("ACGT"[f // 4**i % 4] for i in range(6)) for f in range(n_families)]
    rows = np.array([names[f] + "ACGT"[i % 4] for i, f in enumerate(families)], dtype=object)
    # Three quarters of the variance are the family's.
    y = np.sqrt(0.75) * rng.normal(size=n_families)[families] + 0.5 * rng.normal(size=len(rows))
    return rows, y, families


def test_a_leaky_world_inflates_by_the_known_amount():
    rng = np.random.default_rng(0)
    rows, y, families = world(500, 8, rng)
    r2, pearson = measure_inflation(
        LookUp, rows, y,
        family_folds=families % 5, random_folds=rng.integers(5, size=len(rows)),
        families=families, copies=np.arange(len(rows)), rng=rng,
    )  # fmt: skip
    # By hand: of the 7 others 5.6 are in train on average, so the mean of the family misses by
    # 0.25 (1 + E[1 / k]) and R² is near 1 - 0.25 (1 + 0.19) = 0.70; a family not seen gives 0.
    assert r2.at_random == pytest.approx(0.70, abs=0.04)
    assert r2.by_family == pytest.approx(0, abs=0.01)
    assert r2.low < 0.70 < r2.high
    assert r2.difference == r2.at_random - r2.by_family
    assert pearson.to_dict()["by_family"] is None  # a constant has no correlation


def test_without_families_there_is_no_inflation():
    rng = np.random.default_rng(1)
    rows, y, families = world(1_000, 1, rng)

    class Same:
        def __init__(self, sequences, targets, units):
            pass

        def predict(self, sequences):
            return np.array([seen[s] for s in sequences])

    noise = rng.normal(size=len(rows))
    seen = dict(zip(rows, y + noise, strict=True))
    r2, _ = measure_inflation(
        Same, rows, y, family_folds=families % 5, random_folds=rng.integers(5, size=len(rows)),
        families=families, copies=np.arange(len(rows)), rng=rng,
    )  # fmt: skip
    assert (r2.difference, r2.low, r2.high) == (0, 0, 0)


def test_large_tables_are_cut_to_whole_families():
    rng = np.random.default_rng(2)
    rows, y, families = world(200, 10, rng)
    seen = []

    def fit(sequences, targets, units):
        seen.append(len(sequences))
        return LookUp(sequences, targets, units)

    r2, _ = measure_inflation(
        fit, rows, y, family_folds=families % 2, random_folds=rng.integers(2, size=len(rows)),
        families=families, copies=np.arange(len(rows)), rng=rng, max_rows=305,
    )  # fmt: skip
    assert r2.n == 300
    assert max(seen) < 300


def test_one_fold_is_an_error():
    one = np.zeros(4, dtype=np.int64)
    with pytest.raises(InputError, match="all rows are in one fold"):
        measure_inflation(
            LookUp, np.array(["ACGTAC"] * 4, dtype=object), np.arange(4.0),
            family_folds=one, random_folds=one, families=np.arange(4), copies=np.arange(4),
            rng=np.random.default_rng(0),
        )  # fmt: skip


def test_the_models_own_folds_are_of_the_same_kind():
    """A run with a random split would choose its penalty by random folds, too."""
    rng = np.random.default_rng(3)
    rows, y, families = world(50, 4, rng)
    given = []

    def fit(sequences, targets, units):
        given.append(len(np.unique(units)))
        return LookUp(sequences, targets, units)

    measure_inflation(
        fit, rows, y, family_folds=families % 2, random_folds=np.arange(200) % 2,
        families=families, copies=np.arange(200), rng=rng,
    )  # fmt: skip
    assert given == [100, 100, 25, 25]
