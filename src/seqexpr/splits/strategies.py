"""Split strategies: random, by group, by chromosome, by the user's own column.

Whatever the strategy, a unit (identical sequences, reverse complements, rows of
one group; see :mod:`seqexpr.splits.units`) never lies on both sides of a split.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import SplitError
from seqexpr.registry import Registry
from seqexpr.splits.split import Split
from seqexpr.splits.units import assign_folds, find_units

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset

__all__ = ["STRATEGIES", "Strategy", "make_split", "tutorial_split"]

Ints = npt.NDArray[np.int64]
Strategy = Callable[..., Split]
"""``strategy(dataset, *, test_size, n_folds, rng) -> Split`` (seed and digest are filled in)."""

STRATEGIES: Registry[Strategy] = Registry("split strategy", group="seqexpr.splits")

_TRAIN = {"train", "training", "tr"}
_VALIDATION = {"val", "valid", "validation", "dev"}
_TEST = {"test", "testing", "heldout", "held-out", "held_out", "eval", "evaluation"}
_INTEGER = re.compile(r"(?:fold[ _-]?)?(\d+)(?:\.0)?", re.IGNORECASE)

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
        "random", "group", "chromosome", "column", a plugin's name, or "auto":
        the user's column if there is one, else chromosome, else group, else
        random with a warning. Default "auto".
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
        Row numbers of `dataset`.

    Raises
    ------
    SplitError
        If there are too few rows or units, or the column that a strategy
        needs is missing.

    Examples
    --------
    >>> from seqexpr.data.dataset import Dataset
    >>> rows = [f"{'ACGT' * 3}{'A' * i}C" for i in range(50)]
    >>> data = Dataset(rows, np.arange(50.0), target_names=("y",))
    >>> split = make_split(data, strategy="random", seed=0)
    >>> len(split.train), len(split.test), split.get_n_splits()
    (40, 10, 5)
    """
    if strategy == "auto":
        strategy, why = _choose(dataset)
    else:
        why = f"split by {strategy}: as asked"
    make = STRATEGIES[strategy]
    rng = np.random.default_rng(seed)
    split = make(dataset, test_size=test_size, n_folds=n_folds, rng=rng)
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


def _choose(dataset: Dataset) -> tuple[str, str]:
    if dataset.split_labels is not None:
        return "column", "split by the table's own column: it says which rows test"
    if dataset.chromosomes is not None and len(set(dataset.chromosomes.tolist())) > 1:
        return "chromosome", "split by chromosome: test chromosomes are never trained on"
    if dataset.groups is not None and len(set(dataset.groups.tolist())) > 1:
        return "group", "split by group: rows of one group stay on one side"
    return "random", "split at random: the table names no split, chromosome or group"


def _folds(dataset: Dataset, units: Ints, train: Ints, *, n_folds: int, rng: Any) -> Ints:
    """Deal the units of the train rows into folds."""
    _, inside = np.unique(units[train], return_inverse=True)
    n_units = int(inside.max(initial=-1)) + 1
    if n_units < n_folds:
        raise SplitError(
            f"{n_units} independent groups of sequences in train are fewer than {n_folds} folds; "
            "pass a smaller --folds, or bring more rows"
        )
    shares = np.full(n_folds, 1 / n_folds)
    folds = assign_folds(inside, dataset.targets[train], shares=shares, rng=rng)
    if len(np.unique(folds)) < n_folds:  # a handful of units: one each, in turn
        folds = (rng.permutation(n_units) % n_folds)[inside]
    return np.asarray(folds, dtype=np.int64)


def _hold_out(
    dataset: Dataset, units: Ints, *, test_size: float, n_folds: int, rng: Any, **more: Any
) -> Split:
    n_units = int(units.max(initial=-1)) + 1
    if n_units < 2:
        raise SplitError(
            f"{len(dataset):,} rows form {n_units} independent group of sequences; "
            "a test set needs at least 2: bring more rows, or another --group"
        )
    shares = np.array([1 - test_size, test_size])
    in_test = assign_folds(units, dataset.targets, shares=shares, rng=rng) == 1
    if not in_test.any() or in_test.all():  # few units: hold one out
        in_test = units == rng.integers(n_units)
    train = np.flatnonzero(~in_test)
    folds = _folds(dataset, units, train, n_folds=n_folds, rng=rng)
    return Split(train=train, test=np.flatnonzero(in_test), folds=folds, strategy="", **more)


def _random(dataset: Dataset, *, test_size: float, n_folds: int, rng: Any) -> Split:
    units = find_units(dataset.sequences, dataset.groups)
    warnings = (_RANDOM_WARNING,) if dataset.groups is None else ()
    return _hold_out(
        dataset, units, test_size=test_size, n_folds=n_folds, rng=rng, warnings=warnings
    )


def _group(dataset: Dataset, *, test_size: float, n_folds: int, rng: Any) -> Split:
    if dataset.groups is None:
        raise SplitError("split by group: the table names no group; pass --group COL")
    units = find_units(dataset.sequences, dataset.groups)
    return _hold_out(dataset, units, test_size=test_size, n_folds=n_folds, rng=rng)


def _chromosome(dataset: Dataset, *, test_size: float, n_folds: int, rng: Any) -> Split:
    """Whole chromosomes test. Rows of a unit that spans train and test leave train."""
    if dataset.chromosomes is None:
        raise SplitError(
            "split by chromosome: the table names no chromosome; pass --chromosome COL"
        )
    names, codes = np.unique(dataset.chromosomes.astype(str), return_inverse=True)
    if len(names) < 2:
        raise SplitError(
            f"split by chromosome: all rows lie on {str(names[0])!r}; pass --split random"
        )
    chosen = _nearest_subset(np.bincount(codes), test_size * len(dataset), rng)
    in_test = np.isin(codes, chosen)
    units = find_units(dataset.sequences, dataset.groups)
    train, test, excluded, warnings = _part(units, in_test)
    folds = _folds(dataset, units, train, n_folds=n_folds, rng=rng)
    held_out = names[np.sort(chosen)].tolist()
    return Split(
        train=train, test=test, folds=folds, excluded=excluded, strategy="", warnings=warnings,
        parameters={"test_chromosomes": held_out},
        reason=f"split by chromosome: {', '.join(held_out)} test, the others train",
    )  # fmt: skip


def _nearest_subset(sizes: Ints, wanted: float, rng: Any) -> Ints:
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


def _part(units: Ints, in_test: npt.NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, tuple[str, ...]]:
    """Give test its rows, and train the rows whose unit has none in test."""
    tested = np.zeros(int(units.max()) + 1, dtype=bool)
    tested[units[in_test]] = True
    straddling = tested[units] & ~in_test
    warnings: tuple[str, ...] = ()
    if straddling.any():
        text = (
            f"{int(straddling.sum()):,} rows were kept out of train: the same sequence, its "
            "reverse complement or a row of its group is in the test set"
        )
        warnings = (text,)
    train = np.flatnonzero(~in_test & ~straddling)
    return train, np.flatnonzero(in_test), np.flatnonzero(straddling), warnings


def _column(dataset: Dataset, *, test_size: float, n_folds: int, rng: Any) -> Split:
    """Take the user's own split: words, or fold numbers of which the highest tests."""
    del test_size
    if dataset.split_labels is None:
        raise SplitError(
            "split by column: the table names no such column; pass --split column:NAME"
        )
    labels = np.array([str(label).strip().lower() for label in dataset.split_labels.tolist()])
    words = set(labels.tolist()) - {"", "nan", "none", "na"}
    if words & _TEST and words & _TRAIN:
        roles = {
            **dict.fromkeys(_TRAIN, -1),
            **dict.fromkeys(_VALIDATION, 0),
            **dict.fromkeys(_TEST, -2),
        }
        rule = "the table's own column"
    elif words and all(_INTEGER.fullmatch(word) for word in words):
        numbers = sorted({int(_INTEGER.fullmatch(word)[1]) for word in words})  # type: ignore[index]
        if len(numbers) < 2:
            raise SplitError("split by column: all rows have one fold number; pass --split random")
        place = {number: i for i, number in enumerate(numbers[:-1])} | {numbers[-1]: -2}
        roles = {word: place[int(_INTEGER.fullmatch(word)[1])] for word in words}  # type: ignore[index]
        rule = f"the table's own folds: {numbers[-1]}, the highest, tests"
    else:
        shown = ", ".join(repr(word) for word in sorted(words)[:5])
        raise SplitError(
            f"split by column: found {shown}; expected train, validation and test, or fold numbers"
        )
    role = np.array([roles.get(label, -3) for label in labels])
    return _from_roles(dataset, role, n_folds=n_folds, rng=rng, rule=rule)


def _from_roles(dataset: Dataset, role: Ints, *, n_folds: int, rng: Any, rule: str) -> Split:
    """Make the Split of roles: -3 none, -2 test, -1 train, 0 and up the fold."""
    units = find_units(dataset.sequences, dataset.groups)
    train, test, straddling, warnings = _part(units, role == -2)
    without = role[train] == -3
    if without.any():
        text = f"{int(without.sum()):,} rows have no known label in the split column: in neither"
        warnings = (*warnings, text)
    excluded = np.union1d(straddling, train[without])
    train = train[~without]
    folds = role[train].copy()
    if folds.max(initial=-1) < 0:
        folds = _folds(dataset, units, train, n_folds=n_folds, rng=rng)
    elif folds.min() == -1:  # published validation rows: their relatives leave the fit rows
        keep, _, spanning, _ = _part(units[train], folds == 0)
        if len(spanning):
            count = f"{len(spanning):,}"
            text = f"{count} rows were kept out of train: a copy is in the validation set"
            warnings = (*warnings, text)
            excluded = np.union1d(excluded, train[spanning])
            kept = np.sort(np.concatenate([keep, np.flatnonzero(folds == 0)]))
            train, folds = train[kept], folds[kept]
    else:
        folds = _unite(units[train], folds)
    return Split(
        train=train, test=test, folds=folds, excluded=excluded, strategy="", warnings=warnings,
        reason=f"split by column: {rule}",
    )  # fmt: skip


def _unite(units: Ints, folds: Ints) -> Ints:
    """Move every unit whole into the fold of its first row; renumber the folds."""
    _, first, inverse = np.unique(units, return_index=True, return_inverse=True)
    return np.asarray(np.unique(folds[first][inverse], return_inverse=True)[1], dtype=np.int64)


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
        Folds inside train. Default 5.
    seed : int
        ``random_state`` of train_test_split. Default 42, the tutorial's.

    Returns
    -------
    Split
        Strategy "tutorial".

    Raises
    ------
    SplitError
        If there are fewer than 2 rows.
    """
    from sklearn.model_selection import train_test_split

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
        folds = _folds(dataset, units, train, n_folds=n_folds, rng=rng)
    except SplitError:
        folds = np.full(len(train), -1, dtype=np.int64)
        warnings.append(f"too few rows for {n_folds} folds: there is no out-of-fold score")
    return Split(
        train=train, test=test, folds=folds, strategy="tutorial", seed=seed,
        parameters={"test_size": 0.2}, dataset_sha256=dataset.sha256, warnings=tuple(warnings),
        reason=f"split as in the tutorial: 80/20 at random with seed {seed}",
    )  # fmt: skip


for _name, _strategy in {
    "random": _random,
    "group": _group,
    "chromosome": _chromosome,
    "column": _column,
}.items():
    STRATEGIES.register(_name, _strategy)
