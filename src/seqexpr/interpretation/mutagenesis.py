"""What a model would predict if one base were another: in-silico mutagenesis, exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import join_inputs
from seqexpr.features.word_scores import change_each_base
from seqexpr.interpretation.attributions import Attributions, base_matrix, name_rows
from seqexpr.interpretation.terms import Term, score_words, terms_of
from seqexpr.sequences import BASES, encode

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["member_effects", "mutagenesis", "mutate_by_predicting", "mutation_effects"]

Floats = npt.NDArray[np.float64]

BATCH = 20_000
"""Changed sequences that are predicted at a time."""


def mutagenesis(
    model: Any,
    sequences: list[str],
    *,
    ids: list[str] | None = None,
    target: int = 0,
    target_name: str = "prediction",
    covariates: pd.DataFrame | None = None,
    predictions: Floats | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Attributions:
    """Change each base of each sequence to each other and see what the model predicts.

    Parameters
    ----------
    model : estimator
        Fitted, over sequences.
    sequences : list of str, length n
        Upper-case DNA.
    ids : list of str, length n, optional
        Names; by default 1, 2, ….
    target : int
        Which target. Default 0.
    target_name : str
        What it is called. Default "prediction".
    covariates : DataFrame of n rows, optional
        What the model reads beside the sequences; kept as it is.
    predictions : ndarray of float64, shape (n,), optional
        What the model predicts, where that is known.
    on_done : callable, optional
        Told how many sequences are done, from time to time.

    Returns
    -------
    Attributions
        At each position the prediction with each base, less the mean over the four;
        `spread` is the standard deviation over the members of an ensemble, or the
        parts of a blend by their weights.

    References
    ----------
    Zhou & Troyanskaya (2015), Predicting effects of noncoding variants with deep
    learning-based sequence model, Nature Methods 12:931-934 (in-silico saturation
    mutagenesis).

    Examples
    --------
    >>> from seqexpr.models.registry import make_model
    >>> model = make_model("tutorial").fit(["ACGT", "AAAA", "CCCC"] * 5, [1.0, 0.0, 0.0] * 5)
    >>> mutagenesis(model, ["ACGT"]).effects[0].min() < -0.3
    np.True_
    """
    changes, spread = _mutate(model, sequences, target, covariates=covariates, on_done=on_done)
    if predictions is None:
        predictions = _column(model.predict(_inputs(sequences, covariates)), target)
    return Attributions(
        _centred(changes, sequences), tuple(sequences), name_rows(ids, len(sequences)),
        target_name, "mutagenesis", predictions, spread=spread,
    )  # fmt: skip


def mutation_effects(
    model: Any,
    sequences: list[str],
    *,
    target: int = 0,
    covariates: pd.DataFrame | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Floats:
    """Return the change of the prediction by each change of a base.

    Models that add up words are asked what the words that hold the base add,
    networks what they would see where the change reaches; others predict every
    changed sequence.

    Parameters
    ----------
    model, sequences, target, covariates, on_done
        As for :func:`mutagenesis`.

    Returns
    -------
    ndarray of float64, shape (n, 4, width)
        In target units; 0 for the base that is there, and after the end.
    """
    return _mutate(model, sequences, target, covariates=covariates, on_done=on_done)[0]


def _mutate(
    model: Any,
    sequences: list[str],
    target: int,
    *,
    covariates: pd.DataFrame | None,
    on_done: Callable[[int], None] | None,
) -> tuple[Floats, Floats | None]:
    """Return the changes, and how far members lie apart in what each base is worth."""
    width = max(map(len, sequences), default=0)
    total = np.zeros((len(sequences), 4, width))
    _, terms = terms_of(model, target)
    weights = np.abs([term.weight for term in terms])
    first, second = np.zeros_like(total), np.zeros_like(total)  # moments over the terms
    for number, (term, weight) in enumerate(zip(terms, weights / weights.sum(), strict=True)):

        def tell(done: int, share: float = number / len(terms)) -> None:
            if on_done is not None:
                on_done(int(share * len(sequences) + done / len(terms)))

        changes, spread = _term_effects(term, sequences, covariates, tell)
        total += term.weight * changes
        if len(terms) > 1:
            values = _centred(changes, sequences)
            first += weight * values
            second += weight * values**2
        tell(len(sequences))
    if len(terms) == 1:
        return total, spread
    return total, np.sqrt(np.maximum(second - first**2, 0.0))


def _centred(changes: Floats, sequences: list[str]) -> Floats:
    """Return what each base is worth beside the mean of the four."""
    inside = (base_matrix(sequences) < 5)[:, None, :]
    return np.asarray((changes - changes.mean(axis=-2, keepdims=True)) * inside)


def member_effects(model: Any, sequences: list[str], *, target: int = 0) -> Floats | None:
    """Return the changes by each member of an ensemble.

    Parameters
    ----------
    model, sequences, target
        As for :func:`mutagenesis`.

    Returns
    -------
    ndarray of float64, shape (members, n, 4, width), or None
        None where the model is a single one.
    """
    _, terms = terms_of(model, target)
    if len(terms) > 1:
        return np.stack([_term_effects(term, sequences, None, _ignore)[0] for term in terms])
    if terms[0].kind != "network" or terms[0].features is not None:
        return None
    each = _network_effects(terms[0], sequences, _ignore)
    return each if len(each) > 1 else None


def _ignore(done: int) -> None:
    """Take a number and say nothing."""


def _term_effects(
    term: Term, sequences: list[str], covariates: Any, on_done: Callable[[int], None]
) -> tuple[Floats, Floats | None]:
    """Return the changes, and the spread over the members of a network."""
    if covariates is None and term.kind == "linear":
        tables = score_words(term.features, term.regressor.coef_[term.target])
        if tables is not None:
            return change_each_base(encode(sequences), tables), None
    if covariates is None and term.kind == "network" and term.features is None:
        each = _network_effects(term, sequences, on_done)
        mean = np.asarray(each.mean(axis=0))
        return mean, _centred(each, sequences).std(axis=0) if len(each) > 1 else None
    changes = mutate_by_predicting(
        term.model, sequences, target=term.target, covariates=covariates, on_done=on_done
    )
    return changes, None


def _network_effects(term: Term, sequences: list[str], on_done: Callable[[int], None]) -> Floats:
    """Return the changes by each member, shape (members, n, 4, width)."""
    known = [not set(sequence.upper()) - set(BASES) for sequence in sequences]
    width = max(map(len, sequences), default=0)
    clean = [sequence for sequence, whole in zip(sequences, known, strict=True) if whole]
    each = term.regressor.mutation_effects(clean, on_done=on_done)[:, :, term.target]
    found = np.zeros((len(each), len(sequences), 4, width))
    found[:, known, :, : each.shape[-1]] = each
    for row in np.flatnonzero(np.logical_not(known)).tolist():
        one = sequences[row]
        found[:, row, :, : len(one)] = mutate_by_predicting(term.model, [one], target=term.target)
    return found


def mutate_by_predicting(
    model: Any,
    sequences: list[str],
    *,
    target: int = 0,
    covariates: pd.DataFrame | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Floats:
    """Return the change by each change of a base, by predicting every changed sequence.

    Right for any model, and slow: three predictions a base. Parameters and
    result are those of :func:`mutation_effects`.
    """
    width = max(map(len, sequences), default=0)
    changes = np.zeros((len(sequences), 4, width))
    start = 0
    while start < len(sequences):
        stop = start
        mutants: list[str] = []
        places: list[tuple[int, int, int]] = []
        while stop < len(sequences) and len(mutants) < BATCH:
            found, where = _mutants(sequences[stop])
            mutants += [sequences[stop], *found]
            places += [(stop, base, place) for base, place in [(-1, -1), *where]]
            stop += 1
        row, base, place = np.array(places, dtype=np.int64).T
        beside = None if covariates is None else covariates.iloc[row].reset_index(drop=True)
        predicted = _column(model.predict(_inputs(mutants, beside)), target)
        own = predicted[base < 0]
        changed = base >= 0
        changes[row[changed], base[changed], place[changed]] = (
            predicted[changed] - own[row[changed] - start]
        )
        start = stop
        if on_done is not None:
            on_done(start)
    return changes


def _mutants(sequence: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Return every sequence that differs in one base, and which base is where."""
    found, where = [], []
    for place, own in enumerate(sequence):
        before, after = sequence[:place], sequence[place + 1 :]
        for number, base in enumerate(BASES):
            if base != own:
                found.append(before + base + after)
                where.append((number, place))
    return found, where


def _inputs(sequences: list[str], covariates: Any) -> Any:
    if covariates is None:
        return sequences
    return join_inputs(np.array(sequences, dtype=object), covariates)


def _column(predicted: Any, target: int) -> Floats:
    values = np.asarray(predicted, dtype=np.float64)
    return values if values.ndim == 1 else values[:, target]
