"""Split by chromosome: whole chromosomes test, and whole chromosomes make folds.

Neighbours on a chromosome overlap, share regulatory sequence and were often
measured as tiles of each other, so a chromosome is the natural piece to set
aside. Copies of a sequence on two chromosomes are a unit that spans them:
where one of them is in test, the others leave train.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.dataset import Dataset
from seqexpr.errors import SplitError
from seqexpr.splits.folds import assign_folds, keep_out_of_train, make_folds, unite
from seqexpr.splits.split import Split
from seqexpr.splits.units import find_units, label_codes

__all__ = ["split_by_chromosome"]

Ints = npt.NDArray[np.int64]


def split_by_chromosome(
    dataset: Dataset, *, test_size: float, n_folds: int, rng: np.random.Generator
) -> Split:
    """Set whole chromosomes aside for the test, as near to `test_size` as they can be.

    Rows without a chromosome, and train rows whose unit has a row on a test
    chromosome, are excluded and counted. Folds are whole chromosomes too; a
    unit that spans chromosomes goes into the fold of its first row. Where
    fewer chromosomes train than there are folds, units are dealt instead, and
    a warning says so.

    Raises
    ------
    SplitError
        If the data set names no chromosome or only one.

    Examples
    --------
    >>> rows = [f"ACGT{'A' * i}C" for i in range(40)]
    >>> places = np.array([f"chr{i % 10}" for i in range(40)], dtype=object)
    >>> data = Dataset(rows, np.arange(40.0), target_names=("y",), chromosomes=places)
    >>> split = split_by_chromosome(data, test_size=0.2, n_folds=4, rng=np.random.default_rng(0))
    >>> len(split.test), len(split.parameters["test_chromosomes"])
    (8, 2)
    """
    if dataset.chromosomes is None:
        raise SplitError(
            "split by chromosome: the table names no chromosome; pass --chromosome COL"
        )
    codes = label_codes(dataset.chromosomes)
    names = pd.unique(dataset.chromosomes[codes >= 0])
    if len(names) < 2:
        where = f"all rows lie on {str(names[0])!r}" if len(names) else "no row has a chromosome"
        raise SplitError(f"split by chromosome: {where}; pass --split random or --split group")
    placed = codes >= 0
    chosen = _nearest_subset(np.bincount(codes[placed]), test_size * int(placed.sum()), rng)
    in_test = np.isin(codes, chosen)
    units = find_units(dataset.sequences, dataset.groups)
    spanning = keep_out_of_train(units, in_test) & placed
    warnings = []
    if not placed.all():
        text = f"{int((~placed).sum()):,} rows name no chromosome: they are in neither set"
        warnings.append(text)
    if spanning.any():
        warnings.append(
            f"{int(spanning.sum()):,} rows were kept out of train: their sequence, its reverse "
            "complement or a row of their group lies on a test chromosome too"
        )
    train = np.flatnonzero(placed & ~in_test & ~spanning)
    folds, folds_by = _folds(dataset, units, codes, train, n_folds=n_folds, rng=rng)
    if folds_by == "unit" and len(train):
        left = len(np.unique(codes[train]))
        warnings.append(
            f"{left} chromosomes train, fewer than {n_folds} folds: the folds cut through them, so "
            "out-of-fold scores may be better than the test; pass a smaller --folds"
        )
    held_out = sorted(str(name) for name in names[chosen])
    return Split(
        train=train,
        test=np.flatnonzero(in_test),
        folds=folds,
        excluded=np.flatnonzero(~placed | spanning),
        strategy="chromosome",
        parameters={"test_chromosomes": held_out, "folds_by": folds_by},
        reason=f"split by chromosome: {', '.join(held_out)} test, the others train",
        warnings=tuple(warnings),
    )


def _nearest_subset(sizes: Ints, wanted: float, rng: np.random.Generator) -> Ints:
    """Choose parts whose sizes add up to nearly `wanted`: the best of 200 random tries."""
    best, best_miss = np.zeros(0, np.int64), np.inf
    for _ in range(200):
        order = rng.permutation(len(sizes))
        totals = np.cumsum(sizes[order])[:-1]  # at least one part stays out
        end = int(np.argmin(np.abs(totals - wanted)))
        miss = abs(float(totals[end]) - wanted)
        if miss < best_miss - 1e-9:
            best, best_miss = order[: end + 1], miss
    return np.asarray(best, dtype=np.int64)


def _folds(
    dataset: Dataset,
    units: Ints,
    codes: Ints,
    train: Ints,
    *,
    n_folds: int,
    rng: np.random.Generator,
) -> tuple[Ints, str]:
    """Deal the train chromosomes into folds, or the units where there are too few of them."""
    targets = dataset.targets[train]
    if len(np.unique(codes[train])) >= n_folds:
        _, inside = np.unique(codes[train], return_inverse=True)
        shares = np.full(n_folds, 1 / n_folds)
        dealt = assign_folds(inside, targets, shares=shares, rng=rng)
        folds, _ = unite(units[train], dealt)
        if len(np.unique(folds)) == n_folds:
            return folds, "chromosome"
    return make_folds(units[train], targets, n_folds=n_folds, rng=rng), "unit"
