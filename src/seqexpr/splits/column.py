"""Split by the user's own column: train, validation and test, or fold numbers.

A published test set must stay comparable, so it is kept whole, and whatever
would leak from it leaves train instead.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.data.dataset import Dataset
from seqexpr.errors import MissingExtraError, SplitError
from seqexpr.splits.folds import keep_out_of_train, make_folds, unite
from seqexpr.splits.homology import find_families
from seqexpr.splits.split import Split
from seqexpr.splits.units import find_units, label_codes

__all__ = ["is_test_label", "split_by_column"]

Ints = npt.NDArray[np.int64]

_WORDS = {
    "train": ("train", "training", "tr"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "heldout", "held-out", "held_out", "eval", "evaluation"),
}
_SET_OF = {word: name for name, words in _WORDS.items() for word in words}
_NUMBER = re.compile(r"(?:fold[ _-]?)?(\d+)(?:\.0)?")
_TEST, _TRAIN, _UNKNOWN = -2, -1, -3
"""Roles of a row beside the number of its fold, 0 and up."""
_EXPECTED = "expected train, validation and test, or fold numbers"


def split_by_column(
    dataset: Dataset, *, test_size: float, n_folds: int, rng: np.random.Generator
) -> Split:
    """Take the user's own split.

    Words, in any case: "train" and "training" train; "val", "valid",
    "validation" and "dev" are fold 0, and the train rows then always train
    (fold -1); "test", "heldout" and "eval" test. Without validation rows,
    `n_folds` folds are made inside train.

    Whole numbers ("3", "fold 3"): each is a fold of cross-validation. Rows
    that are called test beside them are the test set; without such rows the
    highest number is. If only one number is left to train, `n_folds` folds
    are made inside it.

    Folds that are made keep families of related sequences whole, where there
    are families (see :func:`seqexpr.splits.homology.find_families`).

    Rows without a known label are excluded. So are train rows that belong to
    a unit of the test set, and fit rows that belong to one of the validation
    set. A unit with several fold numbers goes into the fold of its first row.
    Warnings count all of these. `test_size` is not used.

    Raises
    ------
    SplitError
        If the labels are neither of these, or name no test or no train rows.

    Examples
    --------
    >>> labels = np.array(["train"] * 6 + ["VAL"] * 2 + ["test"] * 2, dtype=object)
    >>> rows = [f"ACGT{'A' * i}C" for i in range(10)]
    >>> data = Dataset(rows, np.arange(10.0), target_names=("y",), split_labels=labels)
    >>> split = split_by_column(data, test_size=0.2, n_folds=5, rng=np.random.default_rng(0))
    >>> split.test.tolist(), split.folds.tolist()
    ([8, 9], [-1, -1, -1, -1, -1, -1, 0, 0])
    """
    if dataset.split_labels is None:
        raise SplitError(
            "split by column: the table names no such column; pass --split column:NAME"
        )
    role, unknown, rule = _read_roles(dataset.split_labels)
    units = find_units(dataset.sequences, dataset.groups)
    in_test, labelled = role == _TEST, role != _UNKNOWN
    leaking = keep_out_of_train(units, in_test) & labelled
    warnings = []
    if not labelled.all():
        shown = f" (found {', '.join(unknown)})" if unknown else ""
        warnings.append(
            f"{int((~labelled).sum()):,} rows have no known label in the split column{shown}: "
            "they are in neither set"
        )
    if leaking.any():
        warnings.append(
            f"{int(leaking.sum()):,} rows were kept out of train: the same sequence, its reverse "
            "complement or a row of their group is in the test set"
        )
    train = np.flatnonzero(labelled & ~in_test & ~leaking)
    folds, keep, more = _given_folds(units[train], role[train])
    train, folds = train[keep], folds[keep]
    families = None
    if len(train) and len(np.unique(folds)) == 1:  # no validation rows, or a single fold
        families = _families(dataset, rng, least=n_folds, train=train)
        within = units if families is None else families
        folds = make_folds(within[train], dataset.targets[train], n_folds=n_folds, rng=rng)
    test = np.flatnonzero(in_test)
    return Split(
        train=train,
        test=test,
        folds=folds,
        excluded=np.setdiff1d(np.arange(len(dataset)), np.concatenate([train, test])),
        strategy="column",
        parameters={"test_size": None},
        reason=f"split by column: {rule}",
        warnings=(*warnings, *more),
        units=families,
    )


def is_test_label(
    labels: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say which rows test by the user's words, without a look at the other rows.

    Parameters
    ----------
    labels : array of str, shape (n,)
        Words of :func:`split_by_column`; fold numbers are none.

    Returns
    -------
    is_test, is_known : ndarray of bool, shape (n,)
        Rows without a known label are in neither set.

    Examples
    --------
    >>> test, known = is_test_label(np.array(["Test", "train", "val", "", "?"], dtype=object))
    >>> test.tolist(), known.tolist()
    ([True, False, False, False, False], [True, True, True, False, False])
    """
    sets = [_SET_OF.get(str(label).strip().lower(), "") for label in labels.tolist()]
    is_test = np.array([one == "test" for one in sets], dtype=bool)
    return is_test, np.array([bool(one) for one in sets], dtype=bool)


def _families(
    dataset: Dataset, rng: np.random.Generator, *, least: int, train: Ints
) -> Ints | None:
    """Return the family of each row; None where there are none, or fewer in train than `least`."""
    try:
        families, _, _ = find_families(dataset, rng=rng.spawn(1)[0])
    except MissingExtraError:
        return None
    if families is None or len(np.unique(families[train])) < least:
        return None
    return families


def _read_roles(labels: npt.NDArray[np.object_]) -> tuple[Ints, list[str], str]:
    """Return the role of each row, examples of labels that have none, and the rule in words."""
    codes = label_codes(labels)
    words = [str(word).strip().lower() for word in pd.unique(labels[codes >= 0])]
    numbers = {
        word: int(found[1]) for word in words if (found := _NUMBER.fullmatch(word)) is not None
    }
    sets = {_SET_OF[word] for word in words if word in _SET_OF}
    if numbers:
        role_of, rule = _number_roles(words, numbers, sets)
    else:
        role_of, rule = _word_roles(words, sets)
    roles = np.array([role_of.get(word, _UNKNOWN) for word in words] + [_UNKNOWN], dtype=np.int64)
    unknown = [repr(word) for word in words if word not in role_of]
    return roles[codes], unknown[:3], rule  # code -1, an empty label, takes the last


def _word_roles(words: list[str], sets: set[str]) -> tuple[dict[str, int], str]:
    if not sets:
        found = f"found {', '.join(map(repr, sorted(words)[:5]))}" if words else "it is empty"
        raise SplitError(f"split by column: {found}; {_EXPECTED}")
    for needed in ("test", "train"):
        if needed not in sets:
            raise SplitError(
                f"split by column: no row is called {needed} (found "
                f"{', '.join(map(repr, sorted(words)[:5]))}); label some, or pass --split random"
            )
    place = {"train": _TRAIN, "validation": 0, "test": _TEST}
    roles = {word: place[_SET_OF[word]] for word in words if word in _SET_OF}
    return roles, "the table's own train and test rows"


def _number_roles(
    words: list[str], numbers: dict[str, int], sets: set[str]
) -> tuple[dict[str, int], str]:
    if sets - {"test"}:
        raise SplitError(
            f"split by column: found both fold numbers and {', '.join(sorted(sets))}; {_EXPECTED}"
        )
    distinct = sorted(set(numbers.values()))
    fold = {number: i for i, number in enumerate(distinct)}
    if sets:
        rule = "the table's own folds, and its rows called test"
        tested = {word: _TEST for word in words if _SET_OF.get(word) == "test"}
    else:
        if len(distinct) < 2:
            raise SplitError("split by column: all rows have one fold number; pass --split random")
        fold[distinct[-1]] = _TEST
        rule = f"the table's own folds: {distinct[-1]}, the highest, tests"
        tested = {}
    return {word: fold[number] for word, number in numbers.items()} | tested, rule


def _given_folds(units: Ints, role: Ints) -> tuple[Ints, npt.NDArray[np.bool_], list[str]]:
    """Return the folds of the train rows, which of them stay, and what to say about it."""
    stay = np.ones(len(role), dtype=bool)
    if (role == _TRAIN).any():
        leaking = keep_out_of_train(units, role == 0)
        text = (
            f"{int(leaking.sum()):,} rows were kept out of train: the same sequence, its reverse "
            "complement or a row of their group is in the validation set"
        )
        return role, ~leaking, [text] if leaking.any() else []
    folds, n_moved = unite(units, role)
    text = f"{n_moved:,} rows moved into the fold of their copy or of the first row of their group"
    return folds, stay, [text] if n_moved else []
