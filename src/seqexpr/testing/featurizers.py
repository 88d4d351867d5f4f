"""What every featurizer must do, as checks that anybody can run on theirs.

A featurizer is a scikit-learn transformer from n DNA sequences (str) to an
(n, n_features) array or sparse matrix of numbers, with
``get_feature_names_out``. One for which :func:`check_featurizer` is silent
works in every model, report and saved bundle of seqexpr.

A featurizer that gives a sequence and its reverse complement the same features
says so with a true attribute ``is_strand_symmetric``, and is then held to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone

from seqexpr.features.word_scores import change_each_base
from seqexpr.sequences import BASES, encode, reverse_complement

__all__ = [
    "CHECKS",
    "check_batches",
    "check_cloning",
    "check_determinism",
    "check_feature_names",
    "check_featurizer",
    "check_input_types",
    "check_input_unchanged",
    "check_letters",
    "check_odd_sequences",
    "check_output",
    "check_permutation",
    "check_places",
    "check_refitting",
    "check_reverse_complement",
    "check_safe_state",
    "check_stateless_transform",
]

Check: TypeAlias = Callable[[Any, Sequence[str]], None]


def check_featurizer(featurizer: Any, *, sequences: Sequence[str] | None = None) -> None:
    """Run every check of :data:`CHECKS`.

    Parameters
    ----------
    featurizer : estimator
        An instance; it is cloned, never fitted itself.
    sequences : sequence of str, length >= 4, optional
        DNA in upper case, A, C, G and T only, to run the checks on; random
        sequences of 20 to 60 bases by default.

    Raises
    ------
    AssertionError
        At the first check that fails: which one, what was found, what is meant.

    Examples
    --------
    >>> from seqexpr.features.kmers import KmerCounter
    >>> check_featurizer(KmerCounter(k=3, strands="canonical"))
    """
    used = _example_sequences() if sequences is None else list(sequences)
    for check in CHECKS:
        check(featurizer, used)


def _example_sequences() -> list[str]:
    rng = np.random.default_rng(0)
    lengths = [40, 40, *rng.integers(20, 61, size=10)]
    return ["".join(rng.choice(list("ACGT"), size=length)) for length in lengths]


def _fitted(featurizer: Any, sequences: Sequence[str]) -> Any:
    copy = _cloned(featurizer)
    copy.fit(list(sequences), np.linspace(-1.0, 1.0, len(sequences)))
    return copy


def _features(fitted: Any, sequences: object) -> npt.NDArray[Any]:
    features = fitted.transform(sequences)
    return np.asarray(features.toarray() if issparse(features) else features)


def _fail(featurizer: Any, message: str, *, cause: Exception | None = None) -> NoReturn:
    raise AssertionError(f"{type(featurizer).__name__}: {message}") from cause


def _cloned(featurizer: Any) -> Any:
    try:
        return clone(featurizer)
    except (RuntimeError, TypeError) as error:
        message = f"the constructor must keep every parameter as given ({error})"
        _fail(featurizer, message, cause=error)


def _require_equal(
    featurizer: Any, found: npt.NDArray[Any], wanted: npt.NDArray[Any], message: str
) -> None:
    """Fail unless both are the same up to rounding, saying where they first differ."""
    if found.shape != wanted.shape:
        _fail(featurizer, f"{message}; the shapes are {found.shape} and {wanted.shape}")
    different = np.argwhere(~np.isclose(found, wanted, rtol=1e-6, atol=1e-9, equal_nan=True))
    if len(different):
        place = tuple(int(i) for i in different[0])
        _fail(featurizer, f"{message}; at {place} {found[place]} is not {wanted[place]}")


def check_output(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that the output is a finite numeric matrix with one row a sequence."""
    features = _fitted(featurizer, sequences).transform(list(sequences))
    if not (issparse(features) or isinstance(features, np.ndarray)):
        _fail(
            featurizer, f"transform must give an ndarray or a sparse matrix, got {type(features)}"
        )
    if features.ndim != 2 or features.shape[0] != len(sequences):
        wanted = f"({len(sequences)}, n_features)"
        _fail(featurizer, f"transform must give shape {wanted}, got {features.shape}")
    if features.dtype.kind not in "fiub":
        _fail(featurizer, f"features must be numbers, got dtype {features.dtype}")
    values = features.data if issparse(features) else features
    if not np.isfinite(values).all():
        _fail(featurizer, "features must be finite, got NaN or infinity")
    if issparse(features) and features.format == "csr" and not features.has_sorted_indices:
        _fail(featurizer, "the column indices of a CSR matrix must be sorted in each row")


def check_cloning(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that parameters are kept as given, survive ``clone`` and are not changed by ``fit``."""
    before = featurizer.get_params(deep=False)
    fitted = _fitted(featurizer, sequences)
    after = fitted.get_params(deep=False)
    for name, value in before.items():
        if not _same(after[name], value):
            _fail(
                featurizer, f"fit must not change parameters, {name} was {value!r}: {after[name]!r}"
            )
    copy = _cloned(fitted)
    learnt = [name for name in vars(copy) if name.endswith("_") and not name.startswith("_")]
    if learnt:
        _fail(featurizer, f"a clone must be unfitted, but has {', '.join(learnt)}")
    if _cloned(featurizer).set_params(**before).get_params(deep=False).keys() != before.keys():
        _fail(featurizer, "set_params must take what get_params gives")
    other = _cloned(featurizer)
    if other.fit(list(sequences), np.zeros(len(sequences))) is not other:
        _fail(featurizer, "fit must return the featurizer itself")


def check_determinism(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that two fits on the same data, and two calls of transform, give the same."""
    fitted = _fitted(featurizer, sequences)
    first = _features(fitted, sequences)
    _require_equal(featurizer, _features(fitted, sequences), first, "transform varies")
    again = _features(_fitted(featurizer, sequences), sequences)
    _require_equal(featurizer, again, first, "fitting twice on the same data gives two results")


def check_refitting(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that a second ``fit`` forgets the first."""
    half = list(sequences)[: len(sequences) // 2]
    fresh = _fitted(featurizer, half)
    refitted = _fitted(featurizer, sequences)
    refitted.fit(half, np.linspace(-1.0, 1.0, len(half)))
    found, wanted = _features(refitted, sequences), _features(fresh, sequences)
    _require_equal(featurizer, found, wanted, "a second fit must forget the first")


def check_batches(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that a sequence has the same features alone as among others."""
    fitted = _fitted(featurizer, sequences)
    together = _features(fitted, sequences)
    alone = np.vstack([_features(fitted, [sequence]) for sequence in sequences])
    message = "a row must not depend on the other rows given to transform"
    _require_equal(featurizer, alone, together, message)


def check_permutation(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that rows in another order give the same features in that order."""
    fitted = _fitted(featurizer, sequences)
    order = np.random.default_rng(1).permutation(len(sequences))
    found = _features(fitted, [sequences[i] for i in order])
    message = "rows in another order must give the same features in that order"
    _require_equal(featurizer, found, _features(fitted, sequences)[order], message)


def check_reverse_complement(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that it is strand-symmetric, if it claims to be."""
    if not getattr(featurizer, "is_strand_symmetric", False):
        return
    fitted = _fitted(featurizer, sequences)
    found = _features(fitted, [reverse_complement(sequence) for sequence in sequences])
    message = "is_strand_symmetric, but the reverse complements have other features"
    _require_equal(featurizer, found, _features(fitted, sequences), message)


def check_letters(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that lower case is read as upper case, and U as T."""
    fitted = _fitted(featurizer, sequences)
    wanted = _features(fitted, sequences)
    lower = _features(fitted, [sequence.lower() for sequence in sequences])
    _require_equal(featurizer, lower, wanted, "lower case must be read as upper case")
    rna = _features(fitted, [sequence.replace("T", "U") for sequence in sequences])
    _require_equal(featurizer, rna, wanted, "U must be read as T")


def check_odd_sequences(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that N, IUPAC codes, gaps, short, long and empty sequences give finite features."""
    fitted = _fitted(featurizer, sequences)
    width = _features(fitted, sequences).shape[1]
    odd = {
        "a sequence of N only": "N" * 30,
        "IUPAC codes and gaps": "ACGTRYSWKMBDHVN-.ACGT",
        "a single base": "A",
        "an empty sequence": "",
        "a sequence longer than any in fit": "ACGT" * 100,
    }
    for what, sequence in odd.items():
        try:
            features = _features(fitted, [sequence])
        except Exception as error:
            message = f"transform must take {what}, but raised {error!r}"
            _fail(featurizer, message, cause=error)
        if features.shape != (1, width):
            _fail(featurizer, f"{what} must give shape (1, {width}), got {features.shape}")
        if not np.isfinite(features).all():
            _fail(featurizer, f"{what} must give finite features, got NaN or infinity")


def check_input_types(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that a tuple, arrays and a pandas Series give the same as a list."""
    fitted = _fitted(featurizer, sequences)
    wanted = _features(fitted, list(sequences))
    index = [f"row {i}" for i in range(len(sequences))]
    others = {
        "a tuple": tuple(sequences),
        "an array of objects": np.array(sequences, dtype=object),
        "an array of str": np.array(sequences, dtype=str),
        "a pandas Series": pd.Series(list(sequences), index=index),
    }
    for what, value in others.items():
        try:
            found = _features(fitted, value)
        except Exception as error:
            message = f"transform must take {what}, but raised {error!r}"
            _fail(featurizer, message, cause=error)
        _require_equal(featurizer, found, wanted, f"{what} must give the same as a list")


def check_input_unchanged(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that neither ``fit`` nor ``transform`` changes what it is given."""
    texts = [sequence.lower() if i % 2 else sequence for i, sequence in enumerate(sequences)]
    for what, given in (("list", list(texts)), ("array", np.array(texts, dtype=object))):
        copy = _cloned(featurizer).fit(given, np.zeros(len(texts)))
        if list(given) != texts:
            _fail(featurizer, f"fit must not change the {what} that it is given")
        copy.transform(given)
        if list(given) != texts:
            _fail(featurizer, f"transform must not change the {what} that it is given")


def check_feature_names(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that there is one name, a str, for each column, and no name twice."""
    fitted = _fitted(featurizer, sequences)
    names = list(fitted.get_feature_names_out())
    width = fitted.transform(list(sequences)).shape[1]
    if len(names) != width:
        _fail(featurizer, f"get_feature_names_out gives {len(names)} names for {width} columns")
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        _fail(featurizer, f"feature names must be str, got {wrong[0]!r}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        _fail(featurizer, f"feature names must differ, {twice!r} occurs twice")


def check_stateless_transform(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that ``transform`` learns nothing: neither attributes nor results change by it."""
    half = list(sequences)[: len(sequences) // 2]
    fitted = _fitted(featurizer, half)
    before = dict(vars(fitted))
    copies = {name: _copied(value) for name, value in before.items()}
    wanted = _features(fitted, half)
    _features(fitted, [*sequences, "N" * 99, "ACGT" * 50])
    changed = [name for name, value in vars(fitted).items() if not _same(copies.get(name), value)]
    if changed or len(vars(fitted)) != len(copies):
        _fail(featurizer, f"transform must not change the featurizer, it changed {changed}")
    message = "transform must not remember what it has seen"
    _require_equal(featurizer, _features(fitted, half), wanted, message)


def check_places(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that ``locate`` and ``word_scores``, if there are any, agree with ``transform``."""
    fitted = _fitted(featurizer, sequences)
    features = _features(fitted, list(sequences))
    if hasattr(fitted, "locate"):
        found = fitted.locate(list(sequences)).to_matrix().toarray()
        message = "the values of all places must add up to the features"
        _require_equal(featurizer, found.astype(np.float32), features.astype(np.float32), message)
    weights = np.random.default_rng(0).normal(size=features.shape[1])
    tables = fitted.word_scores(weights) if hasattr(fitted, "word_scores") else None
    if tables is None:
        return
    some = list(sequences[:2])
    changes = change_each_base(encode(some), tables)
    for row, sequence in enumerate(some):
        places = range(len(sequence))
        changed = [sequence[:i] + base + sequence[i + 1 :] for base in BASES for i in places]
        wanted = (_features(fitted, changed) - features[row]) @ weights
        found = changes[row, :, : len(sequence)].ravel()
        worst = float(np.abs(found - wanted).max())
        if worst > 1e-5 * max(1.0, float(np.abs(weights).sum())):
            message = f"word_scores must tell how a change of a base counts, off by {worst:g}"
            _fail(featurizer, message)


def check_safe_state(featurizer: Any, sequences: Sequence[str]) -> None:
    """Check that what was fitted is arrays, str and numbers, and survives a file of skops."""
    from skops.io import dumps, get_untrusted_types, loads

    fitted = _fitted(featurizer, sequences)
    parameters = fitted.get_params(deep=False)
    for name, value in vars(fitted).items():
        if name not in parameters and not _is_plain(value):
            kind = type(value).__name__
            message = f"{name} is a {kind}; keep what is fitted in arrays of numbers, str, numbers"
            _fail(featurizer, message)
    saved = dumps(fitted)
    loaded = loads(saved, trusted=get_untrusted_types(data=saved))
    found, wanted = _features(loaded, sequences), _features(fitted, sequences)
    _require_equal(featurizer, found, wanted, "saved and loaded, it gives other features")


def _is_plain(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiubUS"
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, BaseEstimator):  # a kernel, another featurizer
        return _is_plain(vars(value))
    return value is None or isinstance(value, str | bool | Number | np.generic)


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray | list | dict | set) else value


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.array_equal(left, right)
    if isinstance(left, BaseEstimator) and type(left) is type(right):
        return _same(vars(left), vars(right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and type(left) is type(right):
        return len(left) == len(right) and all(map(_same, left, right))
    return left is right or bool(left == right)


CHECKS: tuple[Check, ...] = (
    check_cloning,
    check_output,
    check_determinism,
    check_refitting,
    check_batches,
    check_permutation,
    check_reverse_complement,
    check_letters,
    check_odd_sequences,
    check_input_types,
    check_input_unchanged,
    check_feature_names,
    check_stateless_transform,
    check_places,
    check_safe_state,
)
"""Every check: functions of a featurizer and of sequences of A, C, G and T."""
