"""Conformance checks for split strategies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqexpr.data.dataset import Dataset
from seqexpr.sequences import reverse_complement
from seqexpr.splits.split import Split
from seqexpr.splits.units import find_units

__all__ = ["SPLIT_CHECKS", "check_split_strategy", "splittable_dataset"]

MakeSplit = Callable[..., Split]


def splittable_dataset(n: int = 240, *, seed: int = 0) -> Dataset:
    """Return a Dataset on which every strategy has something to do.

    It has families (groups), chromosomes, a split column, repeated sequences
    and reverse complements.
    """
    rng = np.random.default_rng(seed)
    sequences = ["".join(rng.choice(list("ACGT"), size=30)) for _ in range(n)]
    sequences[n // 2] = sequences[0]
    sequences[n // 3] = reverse_complement(sequences[1])
    family = rng.integers(n // 4, size=n)
    return Dataset(
        np.array(sequences, dtype=object),
        rng.normal(size=n),
        target_names=("y",),
        groups=np.array([f"g{f}" for f in family], dtype=object),
        chromosomes=np.array([f"chr{f % 8}" for f in family], dtype=object),
        split_labels=np.array([str(f % 5) for f in family], dtype=object),
    )


def _require(holds: object, message: str) -> None:
    # Not an assert statement: python -O must not turn the checks off.
    if not holds:
        raise AssertionError(message)


def check_is_partition(make: MakeSplit) -> None:
    """Check that train, test and excluded rows are disjoint, complete and not empty."""
    data = splittable_dataset()
    split = make(data, test_size=0.2, n_folds=4, seed=1)
    rows = np.concatenate([split.train, split.test, split.excluded])
    _require(sorted(rows.tolist()) == list(range(len(data))), "rows are missing or used twice")
    _require(len(split.train), "train is empty")
    _require(len(split.test), "test is empty")


def check_folds(make: MakeSplit) -> None:
    """Check that folds are 0 to n_folds - 1, none empty, one number for each train row."""
    split = make(splittable_dataset(), test_size=0.2, n_folds=4, seed=1)
    _require(split.folds.shape == split.train.shape, "folds and train differ in length")
    used = set(split.folds.tolist()) - {-1}
    _require(used == set(range(split.get_n_splits())), "a fold is empty or out of range")
    for fit, validate in split.split():
        _require(not set(fit) & set(validate), "a row validates the model it trained")


def check_no_unit_straddles(make: MakeSplit) -> None:
    """Check that copies, reverse complements and groups lie on one side of test and folds."""
    data = splittable_dataset()
    units = find_units(data.sequences, data.groups)
    split = make(data, test_size=0.2, n_folds=4, seed=1)
    _require(not set(units[split.train]) & set(units[split.test]), "a unit is in train and test")
    for fit, validate in split.split():
        inside = units[split.train]
        _require(not set(inside[fit]) & set(inside[validate]), "a unit is on both sides of a fold")


def check_is_deterministic(make: MakeSplit) -> None:
    """Check that the same seed gives the same split, seed 0 included."""
    data = splittable_dataset()
    for seed in (0, 7):
        first, second = (make(data, test_size=0.2, n_folds=4, seed=seed) for _ in range(2))
        _require(first.sha256 == second.sha256, f"seed {seed} does not repeat")


def check_names_its_data(make: MakeSplit) -> None:
    """Check that the split carries the digest of the data, the seed and a reason."""
    data = splittable_dataset()
    split = make(data, test_size=0.2, n_folds=4, seed=3)
    _require(split.dataset_sha256 == data.sha256, "the digest of the data is not kept")
    _require(split.seed == 3, "the seed is not kept")
    _require(split.reason, "there is no reason")


SPLIT_CHECKS: tuple[Callable[[MakeSplit], None], ...] = (
    check_is_partition,
    check_folds,
    check_no_unit_straddles,
    check_is_deterministic,
    check_names_its_data,
)


def check_split_strategy(strategy: str) -> None:
    """Run every check on a registered split strategy.

    Parameters
    ----------
    strategy : str
        Registered name, a plugin's too.

    Raises
    ------
    AssertionError
        Naming what does not hold.

    Examples
    --------
    >>> check_split_strategy("random")
    """
    from seqexpr.splits.strategies import make_split

    def make(data: Dataset, **options: object) -> Split:
        return make_split(data, strategy=strategy, **options)  # type: ignore[arg-type]

    for check in SPLIT_CHECKS:
        check(make)
