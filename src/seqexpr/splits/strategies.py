"""Split strategies: random, by group, chromosome, homology, or the user's own column.

Whatever the strategy, a unit (identical sequences, reverse complements, rows of
one group; see :mod:`seqexpr.splits.units`) never lies on both sides of a split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.dataset import Dataset
from seqexpr.errors import MissingExtraError, SplitError
from seqexpr.registry import Registry
from seqexpr.splits.chromosome import split_by_chromosome
from seqexpr.splits.column import split_by_column
from seqexpr.splits.folds import assign_folds, make_folds
from seqexpr.splits.homology import find_families
from seqexpr.splits.split import Split
from seqexpr.splits.units import find_units, label_codes

__all__ = [
    "STRATEGIES",
    "Strategy",
    "make_split",
    "split_at_random",
    "split_by_group",
    "split_by_homology",
    "tutorial_split",
]

Ints = npt.NDArray[np.int64]
Strategy = Callable[..., Split]
"""``strategy(dataset, *, test_size, n_folds, rng) -> Split``.

:func:`make_split` fills in the strategy's name, the seed, the digest of the
data, a reason where there is none, and the parameters test_size and n_folds. A
strategy whose test set is given by the data, not drawn, says so with the
parameter ``test_size = None``.
"""

STRATEGIES: Registry[Strategy] = Registry("split strategy", group="seqexpr.splits")

_RANDOM_WARNING = (
    "test sequences were drawn at random: if your library has families of similar sequences "
    "(variants of one promoter, overlapping tiles), the scores say how well the model does on "
    "close relatives, not on new promoters; name the families with --group COL"
)


def make_split(
    dataset: Dataset,
    *,
    strategy: str = "auto",
    test_size: float = 0.2,
    n_folds: int = 5,
    seed: int = 42,
) -> Split:
    """Split a data set into test and train, and train into folds.

    Parameters
    ----------
    dataset : Dataset
        What to split.
    strategy : str
        "random", "group", "chromosome", "homology", "column", a plugin's
        name, or "auto": the user's column if there is one, else chromosome,
        else group, else homology, which falls back to random with a warning
        where there are no families to keep apart. Default "auto".
    test_size : float
        Share of the rows in test, in (0, 1). Default 0.2. The column strategy
        ignores it.
    n_folds : int
        Folds inside train, at least 2. Default 5.
    seed : int
        Seed, non-negative. Default 42.

    Returns
    -------
    Split
        Row numbers of `dataset`. The same data and seed give the same split.

    Raises
    ------
    SplitError
        If an argument is out of range, there are too few rows or units, or the
        column that a strategy needs is missing.
    UnknownNameError
        If there is no such strategy.

    Examples
    --------
    >>> from seqexpr.data.dataset import Dataset
    >>> rows = [f"{'ACGT' * 3}{'A' * i}C" for i in range(50)]
    >>> data = Dataset(rows, np.arange(50.0), target_names=("y",))
    >>> split = make_split(data, strategy="random", seed=0)
    >>> len(split.train), len(split.test), split.get_n_splits()
    (40, 10, 5)
    """
    _check_options(test_size=test_size, n_folds=n_folds, seed=seed)
    if strategy == "auto":
        strategy, why = _choose(dataset)
        make = _homology_or_random if strategy == "homology" else STRATEGIES[strategy]
    else:
        why = f"split by {strategy}: as asked"
        make = STRATEGIES[strategy]
    rng = np.random.default_rng(seed)
    split = make(dataset, test_size=test_size, n_folds=n_folds, rng=rng)
    if strategy == "homology":  # may have fallen back to random
        strategy = split.strategy
    if len(split.test) == 0 or len(split.train) == 0:
        empty = "test" if len(split.test) == 0 else "train"
        raise SplitError(
            f"split by {strategy}: no row is left for {empty} ({len(dataset):,} rows in all); "
            "pass another --split or --test-size"
        )
    return replace(
        split,
        strategy=strategy,
        seed=seed,
        dataset_sha256=dataset.sha256,
        reason=split.reason or why,
        parameters={"test_size": test_size, "n_folds": split.get_n_splits(), **split.parameters},
    )


def _check_options(*, test_size: float, n_folds: int, seed: int) -> None:
    if not 0 < test_size < 1:
        raise SplitError(f"test_size = {test_size}: must be a share of the rows, in (0, 1)")
    if n_folds < 2:
        raise SplitError(f"n_folds = {n_folds}: must be at least 2")
    if seed < 0:
        raise SplitError(f"seed = {seed}: must not be negative")


def _choose(dataset: Dataset) -> tuple[str, str]:
    if dataset.split_labels is not None:
        return "column", "split by the table's own column: it says which rows test"
    if _n_labels(dataset.chromosomes) > 1:
        return "chromosome", "split by chromosome: test chromosomes are never trained on"
    if _n_labels(dataset.groups) > 1:
        return "group", "split by group: rows of one group stay on one side"
    return "homology", ""


def _n_labels(labels: npt.NDArray[np.object_] | None) -> int:
    return 0 if labels is None else int(label_codes(labels).max(initial=-1)) + 1


def _hold_out(
    dataset: Dataset,
    *,
    test_size: float,
    n_folds: int,
    rng: np.random.Generator,
    units: Ints | None = None,
    **more: Any,
) -> Split:
    """Draw whole units for the test, and deal the others into folds."""
    own = units
    if units is None:
        units = find_units(dataset.sequences, dataset.groups)
    n_units = int(units.max(initial=-1)) + 1
    if n_units < 2:
        raise SplitError(
            f"{len(dataset):,} rows form {n_units} independent group of sequences (copies, reverse "
            "complements and rows of one group belong together); a test set needs at least 2: "
            "bring more rows, or another --group"
        )
    shares = np.array([1 - test_size, test_size])
    in_test = assign_folds(units, dataset.targets, shares=shares, rng=rng) == 1
    if not in_test.any() or in_test.all():  # few units: hold one out
        in_test = units == rng.integers(n_units)
    train = np.flatnonzero(~in_test)
    folds = make_folds(units[train], dataset.targets[train], n_folds=n_folds, rng=rng)
    return Split(train=train, test=np.flatnonzero(in_test), folds=folds, units=own, **more)


def split_at_random(
    dataset: Dataset, *, test_size: float, n_folds: int, rng: np.random.Generator
) -> Split:
    """Draw units at random, stratified by the quantile of the first target.

    Groups, if the data set has them, are kept whole; without them a warning
    says what a random split means.
    """
    warnings = (_RANDOM_WARNING,) if dataset.groups is None else ()
    return _hold_out(
        dataset,
        test_size=test_size,
        n_folds=n_folds,
        rng=rng,
        strategy="random",
        warnings=warnings,
    )


def split_by_group(
    dataset: Dataset, *, test_size: float, n_folds: int, rng: np.random.Generator
) -> Split:
    """Draw whole groups; rows without a group are groups of their own.

    Raises
    ------
    SplitError
        If the data set has no groups, or all rows are in one.
    """
    if dataset.groups is None:
        raise SplitError("split by group: the table names no group; pass --group COL")
    return _hold_out(dataset, test_size=test_size, n_folds=n_folds, rng=rng, strategy="group")


def split_by_homology(
    dataset: Dataset, *, test_size: float, n_folds: int, rng: np.random.Generator
) -> Split:
    """Draw whole families of related sequences, united with copies and groups.

    Where there are no families to keep apart (sequences under 30 bases, or one
    family with over half of the rows), the split is random, its strategy says
    so, and a warning tells why.

    Raises
    ------
    SplitError
        If all rows are in one unit.
    MissingExtraError
        If MMseqs2 is not installed.
    """
    options: dict[str, Any] = {"test_size": test_size, "n_folds": n_folds, "rng": rng}
    # A stream of its own: the split that follows does not depend on whether a sample was drawn.
    units, clusters, why = find_families(dataset, rng=rng.spawn(1)[0])
    if units is None or clusters is None:
        return _instead_of_homology(dataset, why, **options)
    return _hold_out(
        dataset,
        **options,
        units=units,
        strategy="homology",
        parameters=clusters.to_dict(),
        reason=(
            f"split by homology: {clusters.n_clusters:,} families of related sequences "
            f"({clusters.min_identity:.0%} identity over {clusters.min_coverage:.0%} of both) "
            "stay on one side"
        ),
    )


def _homology_or_random(
    dataset: Dataset, *, test_size: float, n_folds: int, rng: np.random.Generator
) -> Split:
    """Split by homology; at random, with a warning, where MMseqs2 is not installed."""
    options: dict[str, Any] = {"test_size": test_size, "n_folds": n_folds, "rng": rng}
    try:
        return split_by_homology(dataset, **options)
    except MissingExtraError as error:
        return _instead_of_homology(dataset, f"families were not looked for ({error})", **options)


def _instead_of_homology(dataset: Dataset, why: str, **options: Any) -> Split:
    split = split_at_random(dataset, **options)
    text = (
        f"no split by homology: {why}; the split is random, so read the score beside how near "
        "the test sequences are to train"
    )
    return replace(
        split,
        reason=f"split at random: the table names no split, chromosome or group, and {why}"
        if dataset.groups is None
        else f"split at random, groups kept whole: {why}",
        warnings=(text, *split.warnings),
    )


def tutorial_split(dataset: Dataset, *, n_folds: int = 5, seed: int = 42) -> Split:
    """Split as the tutorial does: scikit-learn's train_test_split, 80/20.

    Copies of a test sequence stay in train, as in the tutorial; a warning
    counts them. Folds inside train are leak-free; tables too small for
    `n_folds` have none.

    Parameters
    ----------
    dataset : Dataset
        What to split.
    n_folds : int
        Folds inside train, at least 2. Default 5.
    seed : int
        ``random_state`` of train_test_split. Default 42, the tutorial's.

    Returns
    -------
    Split
        Strategy "tutorial".

    Raises
    ------
    SplitError
        If there are fewer than 2 rows, or an argument is out of range.

    Examples
    --------
    >>> from seqexpr.data.dataset import Dataset
    >>> rows = [f"{'ACGT' * 3}{'A' * i}C" for i in range(10)]
    >>> tutorial_split(Dataset(rows, np.arange(10.0), target_names=("y",))).test.tolist()
    [1, 8]
    """
    from sklearn.model_selection import train_test_split

    _check_options(test_size=0.2, n_folds=n_folds, seed=seed)
    if len(dataset) < 2:
        raise SplitError(f"{len(dataset)} row cannot be split into train and test; bring more rows")
    rows = np.arange(len(dataset))
    train, test = train_test_split(rows, test_size=0.2, random_state=seed)
    train, test = np.sort(train), np.sort(test)
    units = find_units(dataset.sequences)
    copies = int(np.isin(units[test], units[train]).sum())
    warnings = [_RANDOM_WARNING]
    if copies:
        warnings.append(
            f"{copies:,} of {len(test):,} test rows have the same sequence, or its reverse "
            "complement, in train: the tutorial's random split leaks"
        )
    try:
        rng = np.random.default_rng(seed)
        folds = make_folds(units[train], dataset.targets[train], n_folds=n_folds, rng=rng)
    except SplitError:
        folds = np.full(len(train), -1, dtype=np.int64)
        warnings.append(f"too few rows for {n_folds} folds: there is no out-of-fold score")
    return Split(
        train=train,
        test=test,
        folds=folds,
        strategy="tutorial",
        seed=seed,
        parameters={"test_size": 0.2},
        dataset_sha256=dataset.sha256,
        warnings=tuple(warnings),
        reason=f"split as in the tutorial: 80/20 at random with seed {seed}",
    )


STRATEGIES.register("random", split_at_random)
STRATEGIES.register("group", split_by_group)
STRATEGIES.register("homology", split_by_homology)
STRATEGIES.register("chromosome", split_by_chromosome)
STRATEGIES.register("column", split_by_column)
