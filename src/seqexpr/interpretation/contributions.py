"""Which model, on which sequences, and what their bases contribute by the method that suits it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import join_inputs
from seqexpr.errors import InputError
from seqexpr.interpretation import checks
from seqexpr.interpretation.attributions import Attributions, present_bases
from seqexpr.interpretation.checks import Check
from seqexpr.interpretation.layout import is_aligned
from seqexpr.interpretation.mutagenesis import member_effects, mutagenesis
from seqexpr.interpretation.terms import terms_of
from seqexpr.interpretation.weights import lay_back_model
from seqexpr.sequences import reverse_complement

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Choice",
    "Explained",
    "attribute",
    "contributions_of",
    "mutate_rows",
    "reads_both_strands",
]

Floats = npt.NDArray[np.float64]
Choice: TypeAlias = Literal["auto", "weights", "mutagenesis", "deeplift", "integrated_gradients"]

N_CHECKED = 50
"""Sequences whose contributions are compared with mutagenesis."""
SYMMETRIC = 0.95
"""Correlation of predictions of both strands from which on strands are taken to be alike."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Which model, on which sequences.

    Attributes
    ----------
    model : estimator
        Fitted, over sequences.
    sequences, ids : list of str, length n
        What is explained.
    target, target_name : int and str
        Which target.
    covariates : DataFrame of n rows or None
        What the model reads beside the sequences.
    held_out : tuple of list of str and ndarray of float64
        Sequences that the model has not seen, and what was measured; empty ones if there are none.
    seen : tuple of list of str and ndarray of float64
        Sequences that it was fitted on, and what was measured, as far as known: what to test
        on the others is chosen here.
    """

    model: Any
    sequences: list[str]
    ids: list[str]
    target: int = 0
    target_name: str = "prediction"
    covariates: pd.DataFrame | None = None
    held_out: tuple[list[str], Floats] = field(default_factory=lambda: ([], np.zeros(0)))
    seen: tuple[list[str], Floats] = field(default_factory=lambda: ([], np.zeros(0)))

    def predict(self, sequences: list[str]) -> Floats:
        """Predict sequences; covariates are those of the first one explained."""
        inputs: Any = sequences
        if self.covariates is not None:
            beside = self.covariates.iloc[np.zeros(len(sequences), dtype=int)]
            beside = beside.reset_index(drop=True)
            inputs = join_inputs(np.array(sequences, dtype=object), beside)
        predicted = np.asarray(self.model.predict(inputs), dtype=np.float64)
        return predicted if predicted.ndim == 1 else predicted[:, self.target]


def attribute(
    explained: Explained, method: Choice, *, rng: np.random.Generator
) -> tuple[Attributions, list[Check], list[str]]:
    """Return contributions, their checks and notes; mutagenesis where a method fails a check."""
    notes: list[str] = []
    attributions = contributions_of(explained, method)
    n = len(explained.sequences)
    rows = np.sort(rng.choice(n, size=min(n, N_CHECKED), replace=False))
    own = attributions.take(rows)
    other = _another_method(explained, own, rows)
    found = [checks.check_sum(attributions), checks.check_agreement(own, other)]
    failed = [check for check in found if check.is_passed is False]
    if failed:
        notes.append(
            f"Contributions by {attributions.method} were given up, since they fail a check "
            f"({failed[0].text}); all that follows is by mutagenesis."
        )
        attributions = mutate_rows(explained, np.arange(n))
    members = _member_contributions(explained, rows)
    inside = np.asarray(own.present.any(axis=1))
    found.append(checks.check_members(members, inside, what="members of the ensemble"))
    return attributions, found, notes


def _another_method(
    explained: Explained, own: Attributions, rows: npt.NDArray[np.int64]
) -> Attributions | None:
    """Return contributions to compare with: mutagenesis, or beside that weights laid back."""
    if own.method != "mutagenesis":
        return mutate_rows(explained, rows)
    kinds = {term.kind for term in terms_of(explained.model, explained.target)[1]}
    if explained.covariates is not None or not kinds <= {"linear", "trees"}:
        return None
    return lay_back_model(explained.model, list(own.sequences), target=explained.target)


def contributions_of(explained: Explained, method: Choice = "auto") -> Attributions:
    """Return what each base contributes, by a method, or by what is exact for the model."""
    _, terms = terms_of(explained.model, explained.target)
    kinds = {term.kind for term in terms}
    if method == "weights" and not (kinds <= {"linear", "trees"} and explained.covariates is None):
        raise InputError("method 'weights' is for lines and trees over words; take 'mutagenesis'")
    # Where sequences are variants of one, what other bases would do is asked for; and of lines,
    # mutagenesis is as quick, and does not count what all sequences have in common.
    by_trees = explained.covariates is None and "trees" in kinds and kinds <= {"linear", "trees"}
    if method == "weights" or (
        method == "auto" and by_trees and not is_aligned(explained.sequences)
    ):
        return lay_back_model(
            explained.model, explained.sequences, ids=explained.ids, target=explained.target,
            target_name=explained.target_name,
        )  # fmt: skip
    network = terms[0] if len(terms) == 1 and terms[0].kind == "network" else None
    plain = network is not None and explained.covariates is None
    if method in ("deeplift", "integrated_gradients") and not plain:
        raise InputError(f"method {method!r} is for a network on sequences; take 'mutagenesis'")
    if network is None or not plain or method == "mutagenesis":
        return mutate_rows(explained, np.arange(len(explained.sequences)))
    from seqexpr.interpretation.attribution import attribute_network

    return attribute_network(
        network.regressor, explained.sequences, ids=explained.ids, target=network.target,
        method="integrated_gradients" if method == "integrated_gradients" else "deeplift",
        target_name=explained.target_name,
    )  # fmt: skip


def mutate_rows(explained: Explained, rows: npt.NDArray[np.int64]) -> Attributions:
    """Return what the bases of some of the sequences contribute, by mutagenesis."""
    beside = explained.covariates
    return mutagenesis(
        explained.model,
        [explained.sequences[row] for row in rows],
        ids=[explained.ids[row] for row in rows],
        target=explained.target,
        target_name=explained.target_name,
        covariates=None if beside is None else beside.iloc[rows].reset_index(drop=True),
    )


def _member_contributions(explained: Explained, rows: npt.NDArray[np.int64]) -> list[Floats]:
    """Return the contributions by each member of an ensemble, where there is one."""
    sequences = [explained.sequences[row] for row in rows]
    if explained.covariates is not None:
        return []
    each = member_effects(explained.model, sequences, target=explained.target)
    if each is None:
        return []
    present = present_bases(sequences)
    return [
        np.asarray(((changes - changes.mean(axis=1, keepdims=True)) * present).sum(axis=1))
        for changes in each
    ]


def reads_both_strands(explained: Explained) -> bool:
    """Whether the model predicts the same of both strands, from 200 sequences."""
    some = explained.sequences[:200]
    ahead = explained.predict(some)
    back = explained.predict([reverse_complement(sequence) for sequence in some])
    if ahead.std() <= 0 or back.std() <= 0:
        return False
    return float(np.corrcoef(ahead, back)[0, 1]) >= SYMMETRIC
