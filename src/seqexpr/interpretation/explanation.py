"""Everything that is found out about one target of one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from seqexpr.data.motifs import Motif
from seqexpr.interpretation import checks
from seqexpr.interpretation.attributions import Attributions
from seqexpr.interpretation.checks import Check
from seqexpr.interpretation.contributions import (
    Choice,
    Explained,
    attribute,
    mutate_rows,
    reads_both_strands,
)
from seqexpr.interpretation.discovery import FoundMotif, find_motifs
from seqexpr.interpretation.known_motifs import KnownMotif, find_known_motifs
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
    FEWEST_SEEN,
    MOST_SEEN,
    MotifEvidence,
    PairEvidence,
    weigh_motifs,
    weigh_positional_motifs,
)
from seqexpr.interpretation.site_scores import part_sites
from seqexpr.interpretation.twin import is_motif_of
from seqexpr.sequences import reverse_complement

__all__ = [
    "Discovery",
    "Explanation",
    "MotifReport",
    "PairReport",
    "explain_target",
    "find_motifs_by",
    "site_words",
]

Discovery: TypeAlias = Literal["words", "modisco"]

N_BACKGROUNDS, N_PAIR_BACKGROUNDS = 100, 50
"""Shuffled sequences that a motif, and that two at each gap, are planted into."""
MOST_PAIRED = 6
"""Motifs that are planted in pairs, the strongest ones."""
SPACINGS = (0, 2, 4, 6, 8, 10, 12, 15, 18, 21, 25, 30, 40, 60)
"""Gaps, in bases, at which two motifs are planted."""
FDR = 0.05


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
    known : tuple of KnownMotif
        Known motifs that the measurements show at work, the surest first.
    """

    attributions: Attributions
    motifs: tuple[MotifReport, ...]
    pairs: tuple[PairReport, ...]
    checks: tuple[Check, ...]
    is_aligned: bool
    both_strands: bool
    notes: tuple[str, ...] = ()
    known: tuple[KnownMotif, ...] = ()

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
    discovery: Discovery = "words",
    match: Callable[[Sequence[Motif]], list[list[MotifMatch]]] | None = None,
    known: Sequence[Motif] = (),
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
    discovery : {"words", "modisco"}
        How motifs are found; see :func:`find_motifs_by`. Default "words".
    match : callable, optional
        From motifs to known ones that they are like.
    known : sequence of Motif
        Motifs that are looked for in the measurements, whatever the model shows; not in
        variants of one sequence, whose sites have places. Default none.
    on_step : callable, optional
        Told what is done next.
    random_state : int
        Seed. Default 42.
    """
    rng = np.random.default_rng(random_state)
    tell = on_step or (lambda step: None)
    tell("What each base contributes")
    attributions, found_checks, notes = attribute(explained, method, rng=rng)
    aligned = is_aligned(explained.sequences)
    both = reads_both_strands(explained)
    tell("Motifs")
    if aligned:
        if attributions.method != "mutagenesis":
            attributions = mutate_rows(explained, np.arange(len(explained.sequences)))
        found = find_positional_motifs(attributions)
    else:
        found = find_motifs_by(discovery, attributions, both_strands=both)
        found = _part_by_measurements(explained, found, both=both)
    evidence = _weigh(explained, found, aligned=aligned, both=both)
    matches = match([item.motif for item in found]) if match and found else [[] for _ in found]
    tell("What motifs do")
    motifs, kept = _report_motifs(explained, found, evidence, matches=matches, rng=rng)
    if len(kept) < len(found):
        n_weaker = len(found) - len(kept)
        versions = "version is" if n_weaker == 1 else "versions are"
        notes.append(f"{n_weaker} weaker {versions} left out of the table.")
    called = _renumber(evidence.pairs, kept)
    pairs = [] if aligned else _pair_up(explained, motifs, called, rng=rng)
    at_work: list[KnownMotif] = []
    if known and not aligned:
        tell("Known motifs")
        at_work = find_known_motifs(explained, known, rng=np.random.default_rng(random_state))
    n_confirmed = sum(motif.is_confirmed for motif in motifs)
    all_checks = [signal, *found_checks]
    if twin is not None:
        all_checks.append(twin)
    all_checks.append(checks.check_evidence(n_confirmed, len(motifs), n_rows=evidence.n))
    return Explanation(
        attributions, tuple(motifs), tuple(pairs), tuple(all_checks), aligned, both, tuple(notes),
        tuple(at_work),
    )  # fmt: skip


def find_motifs_by(
    discovery: Discovery, attributions: Attributions, *, both_strands: bool = False
) -> list[FoundMotif]:
    """Find motifs in sequences that are not variants of one.

    Parameters
    ----------
    discovery : {"words", "modisco"}
        Words that contribute alike (:func:`seqexpr.interpretation.discovery.find_motifs`), or
        TF-MoDISco (:func:`seqexpr.interpretation.modisco.find_patterns`).
    attributions, both_strands
        As for these.
    """
    if discovery == "words":
        return find_motifs(attributions, both_strands=both_strands)
    from seqexpr.interpretation.modisco import find_patterns

    return find_patterns(attributions, both_strands=both_strands)


def _report_motifs(
    explained: Explained,
    found: list[FoundMotif],
    evidence: MotifEvidence,
    *,
    matches: list[list[MotifMatch]],
    rng: np.random.Generator,
) -> tuple[list[MotifReport], list[int]]:
    """Return the motifs with what they do, less weaker versions, and their places in `found`."""
    aligned = is_aligned(explained.sequences)
    motifs: list[MotifReport] = []
    kept: list[int] = []
    for place, item in enumerate(found):
        effect, q_value = evidence.effects[place], float(evidence.q_values[place])
        confirmed = q_value <= FDR and effect.value * item.contribution > 0
        if not confirmed and any(_is_part_of(item, other.found) for other in motifs):
            continue
        planted = _planted(explained, item, aligned=aligned, rng=rng)
        alone, like = evidence.alone[place], tuple(matches[place])
        motifs.append(MotifReport(item, planted, effect, alone, q_value, bool(confirmed), like))
        kept.append(place)
    return motifs, kept


def _renumber(pairs: list[PairEvidence], kept: list[int]) -> list[PairEvidence]:
    """Return the pairs of motifs that are kept, by their new places."""
    new = {old: place for place, old in enumerate(kept)}
    return [
        replace(pair, first=new[pair.first], second=new[pair.second])
        for pair in pairs
        if pair.first in new and pair.second in new
    ]


def _is_part_of(item: FoundMotif, other: FoundMotif) -> bool:
    """Whether a motif is a weaker version of another: most of its bases are that one's."""
    return is_motif_of(other.motif, item.motif.best_word) or is_motif_of(
        item.motif, other.motif.best_word
    )


def _part_by_measurements(
    explained: Explained, found: list[FoundMotif], *, both: bool
) -> list[FoundMotif]:
    """Let the rows of training say from which score on a window is a site."""
    sequences, y = explained.seen
    if len(sequences) < FEWEST_SEEN:
        return found
    better = part_sites(
        sequences[:MOST_SEEN], y[:MOST_SEEN], [item.motif for item in found],
        min_scores=[item.min_score for item in found], both_strands=both,
    )  # fmt: skip
    return [replace(item, min_score=score) for item, score in zip(found, better, strict=True)]


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
        min_scores=[item.min_score for item in found], both_strands=both, seen=explained.seen,
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
        explained.predict, backgrounds, [item.motif.best_word], starts=item.starts, rng=rng
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
    called: list[PairEvidence],
    *,
    rng: np.random.Generator,
) -> list[PairReport]:
    """Plant every two of the strongest motifs at each of some gaps, in both orders."""
    strong = [i for i, motif in enumerate(motifs) if motif.is_confirmed][:MOST_PAIRED]
    backgrounds = make_backgrounds(explained.sequences, n=N_PAIR_BACKGROUNDS, rng=rng)
    words = {i: site_words(explained.sequences, motifs[i].found) for i in strong}
    pairs = []
    for one in strong:
        for other in strong:
            if one == other:
                continue
            curve = measure_spacing(
                explained.predict, backgrounds, words[one], words[other], gaps=SPACINGS, rng=rng
            )
            said = tuple(pair for pair in called if {pair.first, pair.second} == {one, other})
            pairs.append(PairReport(one, other, curve, said))
    return pairs
