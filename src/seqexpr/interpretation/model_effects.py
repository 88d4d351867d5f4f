"""What motifs do in the model: planted into backgrounds, by dose, position, strand and company.

Backgrounds are sequences shuffled with their dinucleotides, which have no
motifs but by chance. The effect of a motif is the mean over backgrounds of the
prediction with a site less the prediction without; two motifs act together
where the effect of both differs from the sum of the two.

References
----------
Koo et al. (2021), Global importance analysis, PLOS Computational Biology
17:e1008925, equation 3 (planting into backgrounds). Avsec et al. (2021), Base-resolution models
of transcription-factor binding reveal soft motif syntax, Nature Genetics 53:354-366
(motif pairs by distance).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.data.shuffling import shuffle_dinucleotides
from seqexpr.sequences import reverse_complement

__all__ = [
    "Curve",
    "ModelEffect",
    "ModelEffects",
    "Predict",
    "make_backgrounds",
    "mean_effect",
    "measure_spacing",
    "plant",
    "plant_motif",
]

Floats = npt.NDArray[np.float64]
Predict: TypeAlias = Callable[[list[str]], Floats]
"""From n sequences to their predictions, shape (n,)."""

LEVEL = 0.95
DOSES = 4
N_POSITIONS = 12


@dataclass(frozen=True)
class ModelEffect:
    """A mean over backgrounds.

    Attributes
    ----------
    value, low, high : float
        In target units; the 95% interval of the mean over backgrounds, by Student's
        t. It says nothing about whether the model is right.
    p_value : float
        Of a mean of 0, two-sided, by Student's t.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Curve:
    """An effect along something.

    Attributes
    ----------
    at : ndarray of int64, shape (m,)
        Copies, first base, or gap in bases.
    effects : list of ModelEffect, length m
        At each.
    """

    at: npt.NDArray[np.int64]
    effects: list[ModelEffect]


@dataclass(frozen=True, eq=False)
class ModelEffects:
    """What one motif does in the model.

    Attributes
    ----------
    effect, reverse : ModelEffect
        Of one site where such sites are found, and of its reverse complement there.
    dose : Curve
        Of 1, 2, … copies at random places.
    position : Curve
        Of one site along the sequence.
    """

    effect: ModelEffect
    reverse: ModelEffect
    dose: Curve
    position: Curve


def mean_effect(differences: Floats) -> ModelEffect:
    """Return the mean of some differences with its 95% interval.

    Examples
    --------
    >>> effect = mean_effect(np.array([1.0, 2.0, 3.0]))
    >>> effect.value, round(effect.high - effect.value, 3)  # t(0.975, 2) = 4.303, over sqrt(3)
    (2.0, 2.484)
    """
    from scipy import stats

    n = len(differences)
    value = float(differences.mean()) if n else np.nan
    if n < 2:
        return ModelEffect(value, np.nan, np.nan, 1.0)
    error = float(differences.std(ddof=1) / np.sqrt(n))
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * error
    if error <= 1e-12 * max(abs(value), 1e-300):  # the same in every background
        return ModelEffect(value, value, value, 0.0 if abs(value) > 1e-9 else 1.0)
    p_value = float(2 * stats.t.sf(abs(value) / error, n - 1))
    return ModelEffect(value, value - half, value + half, p_value)


def make_backgrounds(sequences: Sequence[str], *, n: int, rng: np.random.Generator) -> list[str]:
    """Return n sequences drawn from `sequences` and shuffled with their dinucleotides.

    All have the commonest length, so that positions mean the same.

    Examples
    --------
    >>> made = make_backgrounds(["ACGTACGT", "AAAATTTT", "AC"], n=3, rng=np.random.default_rng(0))
    >>> [len(background) for background in made]
    [8, 8, 8]
    """
    lengths, times = np.unique([len(sequence) for sequence in sequences], return_counts=True)
    common = int(lengths[times.argmax()])
    pool = [sequence for sequence in sequences if len(sequence) == common]
    drawn = [pool[i] for i in rng.integers(len(pool), size=n)]
    return shuffle_dinucleotides(drawn, rng=rng)


def plant(background: str, word: str, start: int) -> str:
    """Write a word over the bases of a background.

    Examples
    --------
    >>> plant("AAAAAA", "GG", 2)
    'AAGGAA'
    """
    return background[:start] + word + background[start + len(word) :]


def plant_motif(
    predict: Predict,
    backgrounds: list[str],
    words: Sequence[str],
    *,
    starts: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> ModelEffects:
    """Plant sites of a motif into backgrounds and see what the model predicts.

    Parameters
    ----------
    predict : callable
        The model, for one target.
    backgrounds : list of str, length b
        All of one length.
    words : sequence of str
        Sites as they were found, of one length; one is drawn for each background.
    starts : ndarray of int64
        Where sites were found; one is drawn for each background.
    rng : numpy.random.Generator
        Source of randomness.
    """
    length, w = len(backgrounds[0]), len(words[0])
    room = max(length - w, 0)
    sites = [words[i] for i in rng.integers(len(words), size=len(backgrounds))]
    places = np.clip(rng.choice(starts, size=len(backgrounds)), 0, room)

    def one_each(turned: bool, where: npt.NDArray[np.int64]) -> list[str]:
        shown = [reverse_complement(site) for site in sites] if turned else sites
        return [plant(*item) for item in zip(backgrounds, shown, where.tolist(), strict=True)]

    doses = np.arange(1, max(1, min(DOSES, length // max(2 * w, 1))) + 1)
    along = np.unique(np.linspace(0, room, N_POSITIONS).round().astype(np.int64))
    made = [backgrounds, one_each(False, places), one_each(True, places)]
    made += [_copies(backgrounds, sites, int(dose), rng) for dose in doses]
    made += [one_each(False, np.full(len(backgrounds), at)) for at in along]
    base, *planted = _predict_all(predict, made)
    effect, reverse, *curves = [mean_effect(predicted - base) for predicted in planted]
    return ModelEffects(
        effect, reverse, Curve(doses, curves[: len(doses)]), Curve(along, curves[len(doses) :])
    )


def _predict_all(predict: Predict, lists: Sequence[list[str]]) -> list[Floats]:
    """Predict several lists of sequences in one call, each different sequence once."""
    each = list(dict.fromkeys(text for some in lists for text in some))
    known = dict(zip(each, predict(each).tolist(), strict=True))
    return [np.array([known[text] for text in some]) for some in lists]


def _copies(
    backgrounds: list[str], sites: list[str], dose: int, rng: np.random.Generator
) -> list[str]:
    """Plant copies that do not overlap, at random places."""
    made = []
    for background, site in zip(backgrounds, sites, strict=True):
        slack = len(background) - dose * len(site)
        before = np.sort(rng.integers(slack + 1, size=dose))  # bases of background before each
        text = background
        for number, skip in enumerate(before.tolist()):
            text = plant(text, site, skip + number * len(site))
        made.append(text)
    return made


def measure_spacing(
    predict: Predict,
    backgrounds: list[str],
    first: Sequence[str],
    second: Sequence[str],
    *,
    gaps: Sequence[int],
    rng: np.random.Generator,
) -> Curve:
    """Plant two motifs at each of some gaps, and see what they do beyond the sum of the two.

    Parameters
    ----------
    predict, backgrounds, rng
        As for :func:`plant_motif`.
    first, second : sequence of str
        Sites of the two; the first stands left.
    gaps : sequence of int
        Bases between them, at least 0; those that do not fit are left out.

    Returns
    -------
    Curve
        Of ``f(both) - f(first) - f(second) + f(neither)``.
    """
    length, left, right = len(backgrounds[0]), len(first[0]), len(second[0])
    one = [first[i] for i in rng.integers(len(first), size=len(backgrounds))]
    other = [second[i] for i in rng.integers(len(second), size=len(backgrounds))]
    drawn = rng.integers(max(length - left - right, 0) + 1, size=len(backgrounds))
    fitting = [gap for gap in gaps if left + gap + right <= length]
    lists = [backgrounds]
    for gap in fitting:
        starts = (drawn % (length - left - gap - right + 1)).tolist()  # as drawn, if that fits
        places = [start + left + gap for start in starts]
        only_one = [plant(*item) for item in zip(backgrounds, one, starts, strict=True)]
        only_other = [plant(*item) for item in zip(backgrounds, other, places, strict=True)]
        both = [plant(*item) for item in zip(only_one, other, places, strict=True)]
        lists += [both, only_one, only_other]
    base, *planted = _predict_all(predict, lists)
    effects = [
        mean_effect(both - first_alone - second_alone + base)
        for both, first_alone, second_alone in zip(*[iter(planted)] * 3, strict=True)
    ]
    return Curve(np.array(fitting, dtype=np.int64), effects)
