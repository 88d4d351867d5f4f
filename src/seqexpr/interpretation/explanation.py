"""Everything that is found out about one target of one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import join_inputs
from seqexpr.data.motifs import Motif
from seqexpr.errors import InputError
from seqexpr.interpretation import checks
from seqexpr.interpretation.attributions import Attributions, base_matrix
from seqexpr.interpretation.checks import Check
from seqexpr.interpretation.discovery import FoundMotif, find_motifs
from seqexpr.interpretation.layout import find_positional_motifs, is_aligned
from seqexpr.interpretation.matching import MotifMatch
from seqexpr.interpretation.measured_effects import MeasuredEffect
from seqexpr.interpretation.model_effects import (
    Curve,
    ModelEffects,
    make_backgrounds,
    measure_spacing,
    plant_motif,
)
from seqexpr.interpretation.motif_evidence import (
    MotifEvidence,
    PairEvidence,
    weigh_motifs,
    weigh_positional_motifs,
)
from seqexpr.interpretation.mutagenesis import member_effects, mutagenesis
from seqexpr.interpretation.terms import terms_of
from seqexpr.interpretation.twin import is_motif_of
from seqexpr.interpretation.weights import lay_back_model
from seqexpr.sequences import BASES, reverse_complement

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Explained", "Explanation", "MotifReport", "PairReport", "explain_target"]

Floats = npt.NDArray[np.float64]
Choice: TypeAlias = Literal["auto", "weights", "mutagenesis", "deeplift", "integrated_gradients"]

N_BACKGROUNDS = 100
N_CHECKED = 50
"""Sequences whose contributions are compared with mutagenesis."""
MOST_PAIRED = 6
"""Motifs that are planted in pairs, the strongest ones."""
SPACINGS = (0, 2, 4, 6, 8, 10, 12, 15, 18, 21, 25, 30, 40, 60)
"""Gaps, in bases, at which two motifs are planted."""
FDR = 0.05
SYMMETRIC = 0.95
"""Correlation of predictions of both strands from which on strands are taken to be alike."""


@dataclass(frozen=True, eq=False)
class MotifReport:
    """A motif with its evidence.

    Attributes
    ----------
    found : FoundMotif
        The motif and its sites.
    model : ModelEffects
        What it does in the model.
    measured : MeasuredEffect
        What it does in measurements that the model has not seen, on average.
    alone : MeasuredEffect
        The same where the partners of pairs that are called are not there.
    q_value : float
        False discovery rate of `measured`.
    is_confirmed : bool
        Whether measurements say the same as the model, at a false discovery rate of 5%.
    matches : tuple of MotifMatch
        Known motifs that it is like.
    """

    found: FoundMotif
    model: ModelEffects
    measured: MeasuredEffect
    alone: MeasuredEffect
    q_value: float
    is_confirmed: bool
    matches: tuple[MotifMatch, ...] = ()

    @property
    def name(self) -> str:
        """What it is called: the motif that it is like, or its consensus."""
        if self.matches and self.matches[0].q_value <= FDR:
            return self.matches[0].name
        return self.found.motif.consensus


@dataclass(frozen=True, eq=False)
class PairReport:
    """Two motifs, and what they do together.

    Attributes
    ----------
    first, second : int
        Places in the list of motifs.
    spacing : Curve
        In the model, by the gap, the first standing left: beyond the sum of the two.
    evidence : tuple of PairEvidence
        In measurements that the model has not seen.
    """

    first: int
    second: int
    spacing: Curve
    evidence: tuple[PairEvidence, ...]


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
    """

    model: Any
    sequences: list[str]
    ids: list[str]
    target: int = 0
    target_name: str = "prediction"
    covariates: pd.DataFrame | None = None
    held_out: tuple[list[str], Floats] = field(default_factory=lambda: ([], np.zeros(0)))

    def predict(self, sequences: list[str]) -> Floats:
        """Predict sequences; covariates are those of the first one explained."""
        inputs: Any = sequences
        if self.covariates is not None:
            beside = self.covariates.iloc[np.zeros(len(sequences), dtype=int)]
            beside = beside.reset_index(drop=True)
            inputs = join_inputs(np.array(sequences, dtype=object), beside)
        predicted = np.asarray(self.model.predict(inputs), dtype=np.float64)
        return predicted if predicted.ndim == 1 else predicted[:, self.target]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What was found out about one target.

    Attributes
    ----------
    attributions : Attributions
        What each base contributes.
    motifs : tuple of MotifReport
        The strongest first.
    pairs : tuple of PairReport
        Of the strongest motifs.
    checks : tuple of Check
        What speaks for and against it.
    is_aligned : bool
        Whether the sequences are variants of one, so that motifs are places.
    both_strands : bool
        Whether the model reads both strands alike.
    notes : tuple of str
        What was done otherwise than asked, and what is missing.
    """

    attributions: Attributions
    motifs: tuple[MotifReport, ...]
    pairs: tuple[PairReport, ...]
    checks: tuple[Check, ...]
    is_aligned: bool
    both_strands: bool
    notes: tuple[str, ...] = ()

    @property
    def is_trusted(self) -> bool:
        """Whether no check failed."""
        return all(check.is_passed is not False for check in self.checks)


def explain_target(
    explained: Explained,
    *,
    signal: Check,
    twin: Check | None = None,
    method: Choice = "auto",
    match: Callable[[Sequence[Motif]], list[list[MotifMatch]]] | None = None,
    on_step: Callable[[str], None] | None = None,
    random_state: int = 42,
) -> Explanation:
    """Explain one target: bases, motifs, what they do, and what speaks against it.

    Parameters
    ----------
    explained : Explained
        Which model, on which sequences.
    signal : Check
        As from :func:`seqexpr.interpretation.checks.check_signal`.
    twin : Check, optional
        As from :func:`seqexpr.interpretation.checks.check_twin`.
    method : {"auto", "weights", "mutagenesis", "deeplift", "integrated_gradients"}
        How contributions are found; "auto" = what is exact for the model, else
        mutagenesis. Default "auto".
    match : callable, optional
        From motifs to known ones that they are like.
    on_step : callable, optional
        Told what is done next.
    random_state : int
        Seed. Default 42.
    """
    rng = np.random.default_rng(random_state)
    tell = on_step or (lambda step: None)
    tell("What each base contributes")
    attributions, found_checks, notes = _attribute(explained, method, rng=rng)
    aligned = is_aligned(explained.sequences)
    both = _reads_both_strands(explained)
    tell("Motifs")
    if aligned:
        if attributions.method != "mutagenesis":
            attributions = _mutate(explained, np.arange(len(explained.sequences)))
        found = find_positional_motifs(attributions)
    else:
        found = find_motifs(attributions, both_strands=both)
    evidence = _weigh(explained, found, aligned=aligned, both=both)
    matches = match([item.motif for item in found]) if match and found else [[] for _ in found]
    tell("What motifs do")
    q_values = evidence.q_values.tolist()
    weighed = list(zip(found, evidence.effects, evidence.alone, q_values, matches, strict=True))
    motifs: list[MotifReport] = []
    n_weaker = 0
    for item, effect, alone, q, like in weighed:
        confirmed = q <= FDR and effect.value * item.contribution > 0
        if not confirmed and any(_is_part_of(item, other.found) for other in motifs):
            n_weaker += 1
            continue
        planted = _planted(explained, item, aligned=aligned, rng=rng)
        motifs.append(MotifReport(item, planted, effect, alone, q, bool(confirmed), tuple(like)))
    if n_weaker:
        notes.append(f"{n_weaker} weaker versions of motifs in the table are left out.")
    pairs = [] if aligned else _pair_up(explained, motifs, evidence, rng=rng)
    n_confirmed = sum(motif.is_confirmed for motif in motifs)
    all_checks = [signal, *found_checks]
    if twin is not None:
        all_checks.append(twin)
    all_checks.append(checks.check_evidence(n_confirmed, len(motifs), n_rows=evidence.n))
    return Explanation(
        attributions, tuple(motifs), tuple(pairs), tuple(all_checks), aligned, both, tuple(notes)
    )


def _is_part_of(item: FoundMotif, other: FoundMotif) -> bool:
    """Whether a motif is a weaker version of another: most of its bases are that one's."""
    return is_motif_of(other.motif, _best_word(item)) or is_motif_of(item.motif, _best_word(other))


def _best_word(item: FoundMotif) -> str:
    return "".join(BASES[i] for i in item.motif.frequencies.argmax(axis=0))


def _attribute(
    explained: Explained, method: Choice, *, rng: np.random.Generator
) -> tuple[Attributions, list[Check], list[str]]:
    """Return contributions and their checks; mutagenesis where another method fails one."""
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
        attributions = _mutate(explained, np.arange(n))
    members = _member_contributions(explained, rows)
    inside = np.asarray(own.present.any(axis=1))
    found.append(checks.check_members(members, inside, what="members of the ensemble"))
    return attributions, found, notes


def _another_method(
    explained: Explained, own: Attributions, rows: npt.NDArray[np.int64]
) -> Attributions | None:
    """Return contributions to compare with: mutagenesis, or beside that weights laid back."""
    if own.method != "mutagenesis":
        return _mutate(explained, rows)
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
        return _mutate(explained, np.arange(len(explained.sequences)))
    from seqexpr.interpretation.attribution import attribute_network

    return attribute_network(
        network.regressor, explained.sequences, ids=explained.ids, target=network.target,
        method="integrated_gradients" if method == "integrated_gradients" else "deeplift",
        target_name=explained.target_name,
    )  # fmt: skip


def _mutate(explained: Explained, rows: npt.NDArray[np.int64]) -> Attributions:
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
    present = base_matrix(sequences)[:, None, :] == np.arange(4, dtype=np.uint8)[:, None]
    return [
        np.asarray(((changes - changes.mean(axis=1, keepdims=True)) * present).sum(axis=1))
        for changes in each
    ]


def _reads_both_strands(explained: Explained) -> bool:
    some = explained.sequences[:200]
    ahead = explained.predict(some)
    back = explained.predict([reverse_complement(sequence) for sequence in some])
    if ahead.std() <= 0 or back.std() <= 0:
        return False
    return float(np.corrcoef(ahead, back)[0, 1]) >= SYMMETRIC


def _weigh(
    explained: Explained, found: list[FoundMotif], *, aligned: bool, both: bool
) -> MotifEvidence:
    sequences, y = explained.held_out
    if aligned:
        length = len(explained.sequences[0])
        usable = [i for i, sequence in enumerate(sequences) if len(sequence) == length]
        return weigh_positional_motifs([sequences[i] for i in usable], y[usable], found)
    return weigh_motifs(
        sequences, y, [item.motif for item in found],
        min_scores=[item.min_score for item in found], both_strands=both,
    )  # fmt: skip


def _planted(
    explained: Explained, item: FoundMotif, *, aligned: bool, rng: np.random.Generator
) -> ModelEffects:
    """Plant sites as they were found; where sequences are variants of one, the best site."""
    if not aligned:
        backgrounds = make_backgrounds(explained.sequences, n=N_BACKGROUNDS, rng=rng)
        return plant_motif(
            explained.predict, backgrounds, site_words(explained.sequences, item),
            starts=item.starts, rng=rng,
        )  # fmt: skip
    drawn = rng.integers(len(explained.sequences), size=N_BACKGROUNDS)
    backgrounds = [explained.sequences[row] for row in drawn]
    return plant_motif(
        explained.predict, backgrounds, [_best_word(item)], starts=item.starts, rng=rng
    )


def site_words(sequences: Sequence[str], item: FoundMotif) -> list[str]:
    """Return the bases of a motif's sites, each read on the strand of the motif."""
    width = len(item.motif)
    words = []
    for row, start, reverse in zip(item.rows, item.starts, item.is_reverse, strict=True):
        word = sequences[row][start : start + width]
        words.append(reverse_complement(word) if reverse else word)
    return words


def _pair_up(
    explained: Explained,
    motifs: list[MotifReport],
    evidence: MotifEvidence,
    *,
    rng: np.random.Generator,
) -> list[PairReport]:
    """Plant every two of the strongest motifs at each of some gaps, in both orders."""
    strong = [i for i, motif in enumerate(motifs) if motif.is_confirmed][:MOST_PAIRED]
    backgrounds = make_backgrounds(explained.sequences, n=N_BACKGROUNDS, rng=rng)
    words = {i: site_words(explained.sequences, motifs[i].found) for i in strong}
    pairs = []
    for one in strong:
        for other in strong:
            if one == other:
                continue
            curve = measure_spacing(
                explained.predict, backgrounds, words[one], words[other], gaps=SPACINGS, rng=rng
            )
            said = tuple(
                pair for pair in evidence.pairs if {pair.first, pair.second} == {one, other}
            )
            pairs.append(PairReport(one, other, curve, said))
    return pairs
