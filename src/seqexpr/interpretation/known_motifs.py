"""Which known motifs are at work in the measurements, whether or not a model shows them.

Motifs that are found by a model are those that it has learnt; a site that one sequence in a
hundred has is too rare for most. A known motif need not be found: its sites are counted, and the
measurements say what they do. Among several hundred motifs many are alike, so they are chosen
one by one, each beside those that were chosen before (forward selection), in the rows of
training; what they do is then measured in the rows that the model has not seen.

References
----------
Bussemaker, Li & Siggia (2001), Regulatory element detection using correlation with expression,
Nature Genetics 27:167-171 (regression on counts of sites, motifs added one by one). Benjamini &
Hochberg (1995), Controlling the false discovery rate, JRSS B 57:289-300.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.motifs import MotifScanner
from seqexpr.interpretation.contributions import Explained
from seqexpr.interpretation.measured_effects import (
    MeasuredEffect,
    regress_each,
    regress_robustly,
)
from seqexpr.interpretation.model_effects import (
    ModelEffect,
    make_backgrounds,
    mean_effect,
    plant,
)
from seqexpr.interpretation.motif_evidence import FEWEST_SEEN, FEWEST_WITH, MOST_SEEN

__all__ = ["KnownMotif", "choose_known_motifs", "find_known_motifs"]

Floats = npt.NDArray[np.float64]

ALPHA = 0.05
"""Level at which a motif is added, by Bonferroni over all that could be; and of the q-values."""
MOST = 20
"""Motifs that are chosen at most."""
N_BACKGROUNDS = 50
"""Shuffled sequences that the best site is planted into."""


@dataclass(frozen=True, eq=False)
class KnownMotif:
    """A known motif that was chosen in the rows of training.

    Attributes
    ----------
    motif : Motif
        Which.
    measured : MeasuredEffect
        What one more site changes in rows that the model has not seen, the other motifs and the
        shares of all pairs of bases being equal.
    q_value : float
        False discovery rate of `measured`, among those that were chosen.
    model : ModelEffect
        What its best site does in the model, planted into shuffled sequences.
    """

    motif: Motif
    measured: MeasuredEffect
    q_value: float
    model: ModelEffect

    @property
    def is_confirmed(self) -> bool:
        """Whether the measurements call an effect, at a false discovery rate of 5%."""
        return bool(self.q_value <= ALPHA)

    @property
    def is_in_model(self) -> bool:
        """Whether the model says the same: the whole interval on the side of the measured one."""
        sign = np.sign(self.measured.value)
        return bool(sign * self.model.low > 0 and sign * self.model.high > 0)


def find_known_motifs(
    explained: Explained, known: Sequence[Motif], *, rng: np.random.Generator
) -> list[KnownMotif]:
    """Choose known motifs in the rows of training, and measure what they do in the others.

    Parameters
    ----------
    explained : Explained
        A model, and rows that it has and has not seen.
    known : sequence of Motif, length m
        Names unique, at most 64 bases wide. The fewer, the more can be called.
    rng : numpy.random.Generator
        Source of randomness, for backgrounds.

    Returns
    -------
    list of KnownMotif
        In the order they were chosen, the surest first; empty where fewer than 200 rows of
        training, or too few others, were measured.
    """
    seen, y_seen = _measured(*explained.seen)
    held, y_held = _measured(*explained.held_out)
    seen, y_seen = seen[:MOST_SEEN], y_seen[:MOST_SEEN]
    if not known or len(seen) < FEWEST_SEEN:
        return []
    scanner = MotifScanner(tuple(known), features=("hits",), n_jobs=-1).fit([])
    chosen = choose_known_motifs(_counts(scanner, seen), _pairs(seen), y_seen)
    if not chosen or len(held) < len(chosen) + 16 + FEWEST_WITH:
        return []
    from scipy.stats import false_discovery_control

    some = MotifScanner([known[i] for i in chosen], features=("hits",)).fit([])
    design = np.hstack([_counts(some, held), _pairs(held)])
    effects = regress_robustly(design, y_held, names=len(chosen))
    q_values = false_discovery_control([effect.p_value for effect in effects])
    planted = _plant_each(explained, [known[i] for i in chosen], rng=rng)
    return [
        KnownMotif(known[place], effect, float(q_value), model)
        for place, effect, q_value, model in zip(chosen, effects, q_values, planted, strict=True)
    ]


def choose_known_motifs(counts: Floats, beside: Floats, y: Floats) -> list[int]:
    """Choose columns one by one, each the surest beside those chosen before.

    Parameters
    ----------
    counts : ndarray of float64, shape (n, m)
        Sites of each motif in each sequence.
    beside : ndarray of float64, shape (n, p)
        What is held equal; a constant is added.
    y : ndarray of float64, shape (n,)
        What was measured.

    Returns
    -------
    list of int
        Columns, until m times the smallest p-value (HC3) is above 5%; at most 20. Columns with a
        site in fewer than 8 sequences are not looked at.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.integers(0, 2, (300, 50)).astype(float)
    >>> y = 2 * counts[:, 7] - counts[:, 30] + rng.normal(size=300)
    >>> choose_known_motifs(counts, np.zeros((300, 0)), y)
    [7, 30]
    """
    open_ = np.flatnonzero((counts > 0).sum(axis=0) >= FEWEST_WITH).tolist()
    m, chosen = len(open_), list[int]()
    while open_ and len(chosen) < MOST:
        held = np.hstack([beside, counts[:, chosen]])
        effects = regress_each(counts[:, open_], held, y)
        best = min(range(len(open_)), key=lambda i: effects[i].p_value)
        if effects[best].p_value * m > ALPHA:
            break
        chosen.append(open_.pop(best))
    return chosen


def _measured(sequences: Sequence[str], y: Floats) -> tuple[list[str], Floats]:
    usable = np.flatnonzero(np.isfinite(y))
    return [sequences[row] for row in usable.tolist()], np.asarray(y)[usable]


def _counts(scanner: MotifScanner, sequences: list[str]) -> Floats:
    return np.asarray(scanner.transform(sequences), dtype=np.float64)


def _pairs(sequences: list[str]) -> Floats:
    """Count all pairs of neighbouring bases: what motifs have by composition alone."""
    return np.asarray(KmerCounter(2).fit_transform(sequences).toarray(), dtype=np.float64)


def _plant_each(
    explained: Explained, motifs: Sequence[Motif], *, rng: np.random.Generator
) -> list[ModelEffect]:
    """Plant the best site of each into the same backgrounds, at places drawn anew."""
    backgrounds = make_backgrounds(explained.sequences, n=N_BACKGROUNDS, rng=rng)
    length = len(backgrounds[0])
    made = list(backgrounds)
    fits = []
    for motif in motifs:
        word = motif.best_word
        fits.append(len(word) <= length)
        if fits[-1]:
            starts = rng.integers(length - len(word) + 1, size=len(backgrounds)).tolist()
            made += [plant(text, word, at) for text, at in zip(backgrounds, starts, strict=True)]
    base, *planted = np.asarray(explained.predict(made)).reshape(-1, len(backgrounds))
    left = iter(planted)
    nothing = ModelEffect(np.nan, np.nan, np.nan, 1.0)
    return [mean_effect(next(left) - base) if is_in else nothing for is_in in fits]
