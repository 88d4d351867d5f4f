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
    "Settled",
    "attribute",
    "contributions_of",
    "mutate_rows",
    "reads_both_strands",
    "settle_method",
]

Floats = npt.NDArray[np.float64]
Settled: TypeAlias = Literal["weights", "mutagenesis", "deeplift", "integrated_gradients"]
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
    settled = settle_method(explained, method)
    if settled == "weights":
        return lay_back_model(
            explained.model, explained.sequences, ids=explained.ids, target=explained.target,
            target_name=explained.target_name,
        )  # fmt: skip
    if settled == "mutagenesis":
        return mutate_rows(explained, np.arange(len(explained.sequences)))
    from seqexpr.interpretation.attribution import attribute_network

    network = terms_of(explained.model, explained.target)[1][0]
    return attribute_network(
        network.regressor, explained.sequences, ids=explained.ids, target=network.target,
        method=settled, target_name=explained.target_name,
    )  # fmt: skip


def settle_method(explained: Explained, method: Choice = "auto") -> Settled:
    """Return the method that contributions are found by, which "auto" leaves to the model.

    It looks at the sequences too, whether they are variants of one; the contributions of a
    sequence by a method that is settled depend on no other sequence.

    Raises
    ------
    InputError
        If the method is not for such a model.
    """
    _, terms = terms_of(explained.model, explained.target)
    kinds = {term.kind for term in terms}
    is_plain = explained.covariates is None
    has_places = is_plain and kinds <= {"linear", "trees"}
    is_network = is_plain and len(terms) == 1 and kinds == {"network"}
    if method == "weights" and not has_places:
        raise InputError("method 'weights' is for lines and trees over words; take 'mutagenesis'")
    if method in ("deeplift", "integrated_gradients") and not is_network:
        raise InputError(f"method {method!r} is for a network on sequences; take 'mutagenesis'")
    if method != "auto":
        return method
    # Where sequences are variants of one, what other bases would do is asked for; and of lines,
    # mutagenesis is as quick, and does not count what all sequences have in common.
    if has_places and "trees" in kinds and not is_aligned(explained.sequences):
        return "weights"
    return "deeplift" if is_network else "mutagenesis"


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
