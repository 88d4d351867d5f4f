"""What every split strategy must do, as checks that anybody can run on theirs.

A strategy takes a Dataset and gives a :class:`seqexpr.splits.split.Split`. One
for which :func:`check_split_strategy` is silent never lets a copy, a reverse
complement or a member of a group lie on both sides of test or of a fold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqexpr.data.dataset import Dataset
from seqexpr.sequences import reverse_complement
from seqexpr.splits.split import Split
from seqexpr.splits.strategies import make_split
from seqexpr.splits.units import find_units

__all__ = [
    "SPLIT_CHECKS",
    "check_data_unchanged",
    "check_folds",
    "check_is_deterministic",
    "check_is_partition",
    "check_names_its_data",
    "check_no_unit_straddles",
    "check_seed_matters",
    "check_sizes",
    "check_split_strategy",
    "splittable_dataset",
]

MakeSplit = Callable[..., Split]
"""``make(dataset, *, test_size, n_folds, seed) -> Split``, as make_split with a strategy."""


def splittable_dataset(n: int = 240, *, seed: int = 0) -> Dataset:
    """Return a Dataset on which every strategy has something to do.

    It has families (groups), chromosomes, a split column, repeated sequences
    and reverse complements, and a few rows without group or target.

    Parameters
    ----------
    n : int
        Number of rows, at least 60. Default 240.
    seed : int
        Seed of the contents. Default 0.
    """
    rng = np.random.default_rng(seed)
    sequences = ["".join(rng.choice(list("ACGT"), size=30)) for _ in range(n)]
    sequences[n // 2] = sequences[0]
    sequences[n // 3] = reverse_complement(sequences[1])
    family = rng.integers(n // 4, size=n)
    groups = np.array([f"g{f}" for f in family], dtype=object)
    groups[-5:] = ""
    targets = rng.normal(size=(n, 2))
    targets[5:9, 0] = np.nan
    return Dataset(
        np.array(sequences, dtype=object),
        targets,
        target_names=("y", "z"),
        groups=groups,
        chromosomes=np.array([f"chr{f % 8}" for f in family], dtype=object),
        split_labels=np.array([str(f % 5) for f in family], dtype=object),
    )


def _require(holds: object, message: str) -> None:
    # Not an assert statement: python -O must not turn the checks off.
    if not holds:
        raise AssertionError(message)


def _is_drawn(split: Split) -> bool:
    """Whether the strategy draws its test set; one that takes it from the data says None."""
    return split.parameters.get("test_size") is not None


def check_is_partition(make: MakeSplit) -> None:
    """Check that train, test and excluded rows are disjoint, complete and not empty."""
    data = splittable_dataset()
    split = make(data, test_size=0.2, n_folds=4, seed=1)
    rows = np.concatenate([split.train, split.test, split.excluded])
    _require(sorted(rows.tolist()) == list(range(len(data))), "rows are missing or used twice")
    _require(len(split.train), "train is empty")
    _require(len(split.test), "test is empty")
    for name, part in (("train", split.train), ("test", split.test)):
        _require((np.diff(part) > 0).all(), f"the rows of {name} are not sorted")


def check_folds(make: MakeSplit) -> None:
    """Check that folds are 0 to n_folds - 1, none empty, one number for each train row."""
    split = make(splittable_dataset(), test_size=0.2, n_folds=4, seed=1)
    _require(split.folds.shape == split.train.shape, "folds and train differ in length")
    used = set(split.folds.tolist()) - {-1}
    _require(used == set(range(split.get_n_splits())), "a fold is empty or out of range")
    for fit, validate in split.split():
        _require(len(fit), "a fold leaves no row to train on")
        _require(not set(fit) & set(validate), "a row validates the model it trained")


def check_no_unit_straddles(make: MakeSplit) -> None:
    """Check that copies, reverse complements and groups lie on one side of test and folds."""
    for seed in range(3):
        data = splittable_dataset(seed=seed)
        units = find_units(data.sequences, data.groups)
        split = make(data, test_size=0.2, n_folds=4, seed=seed)
        shared = set(units[split.train]) & set(units[split.test])
        _require(not shared, "a unit is in train and test")
        inside = units[split.train]
        for fit, validate in split.split():
            shared = set(inside[fit]) & set(inside[validate])
            _require(not shared, "a unit is on both sides of a fold")


def check_sizes(make: MakeSplit) -> None:
    """Check that test is near the asked size and folds are alike, where the test set is drawn."""
    data = splittable_dataset(600)
    for test_size in (0.2, 0.4):
        split = make(data, test_size=test_size, n_folds=4, seed=2)
        if not _is_drawn(split):
            return
        share = len(split.test) / len(data)
        near = abs(share - test_size) <= 0.1
        _require(near, f"test has {share:.0%} of the rows, {test_size:.0%} were asked")
        _require(split.get_n_splits() == 4, f"{split.get_n_splits()} folds, 4 were asked")
        sizes = np.bincount(split.folds[split.folds >= 0])
        _require(sizes.max() <= 3 * sizes.min(), f"folds are of unlike sizes, {sizes.tolist()}")


def check_is_deterministic(make: MakeSplit) -> None:
    """Check that the same seed gives the same split, seed 0 included."""
    data = splittable_dataset()
    for seed in (0, 7):
        first, second = (make(data, test_size=0.2, n_folds=4, seed=seed) for _ in range(2))
        _require(first.sha256 == second.sha256, f"seed {seed} does not repeat")


def check_seed_matters(make: MakeSplit) -> None:
    """Check that seeds 0 to 3 give more than one split, where the test set is drawn."""
    data = splittable_dataset()
    splits = [make(data, test_size=0.2, n_folds=4, seed=seed) for seed in range(4)]
    if _is_drawn(splits[0]):
        _require(len({split.sha256 for split in splits}) > 1, "the seed changes nothing")


def check_names_its_data(make: MakeSplit) -> None:
    """Check that the split carries the digest of the data, the seed and a reason."""
    data = splittable_dataset()
    split = make(data, test_size=0.2, n_folds=4, seed=3)
    _require(split.dataset_sha256 == data.sha256, "the digest of the data is not kept")
    _require(split.seed == 3, "the seed is not kept")
    _require(split.reason, "there is no reason")


def check_data_unchanged(make: MakeSplit) -> None:
    """Check that the data set is what it was."""
    data = splittable_dataset()
    make(data, test_size=0.2, n_folds=4, seed=1)
    _require(
        splittable_dataset().sha256 == data.take(np.arange(len(data))).sha256,
        "the data set was changed",
    )


SPLIT_CHECKS: tuple[Callable[[MakeSplit], None], ...] = (
    check_is_partition,
    check_folds,
    check_no_unit_straddles,
    check_sizes,
    check_is_deterministic,
    check_seed_matters,
    check_names_its_data,
    check_data_unchanged,
)


def check_split_strategy(strategy: str | MakeSplit) -> None:
    """Run every check of :data:`SPLIT_CHECKS` on a split strategy.

    Parameters
    ----------
    strategy : str or callable
        Registered name, a plugin's too; or a function like
        :func:`seqexpr.splits.strategies.make_split`,
        ``make(dataset, *, test_size, n_folds, seed) -> Split``.

    Raises
    ------
    AssertionError
        At the first check that fails: what does not hold.

    Examples
    --------
    >>> check_split_strategy("random")
    """
    if isinstance(strategy, str):
        name = strategy

        def make(data: Dataset, **options: object) -> Split:
            return make_split(data, strategy=name, **options)  # type: ignore[arg-type]
    else:
        make = strategy
    for check in SPLIT_CHECKS:
        check(make)
