"""How unlike the training sequences a sequence is, in four ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.sequences import UNKNOWN, EncodedSequences

__all__ = ["ASPECTS", "Strangeness"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ASPECTS = ("composition", "3-mers", "6-mers", "position")
"""What the columns of :meth:`Strangeness.score` look at."""

ORDER = 5
WINDOW = 100
_PRIOR = 8.0  # a context is drawn to the next shorter one as by so many observations
_PRIOR_POSITION = 4.0
_SHORT, _LONG = 0.005, 0.995


@dataclass(frozen=True, eq=False)
class Strangeness:
    """What the training sequences look like, in numbers.

    Each aspect gives a number that rises as a sequence is less like them:

    - **composition**: the distance of its share of G and C from the training
      median; and how far its length lies outside the middle 99% of training
      lengths, in tenths of the median length (:attr:`outside_length`).
    - **3-mers**: Mahalanobis distance of its 3-mer frequencies, times the
      square root of its length (the frequencies of a longer sequence scatter
      less), with the Ledoit-Wolf covariance.
    - **6-mers**: minus the mean log-likelihood ratio per base of a Markov model
      of order 5 against independent bases, both of the training set. A
      shuffled sequence keeps its bases and loses the ratio. Counts of a context
      are drawn to the next shorter context (Dirichlet prior of 8).
    - **position**: minus the same ratio for a model of order 1 with its own
      table at each of the first 100 positions, counted from the start, and of the
      last 100, counted from the end. It sees constant flanks, a common ancestor,
      a start site at a fixed place.

    Both ratios are divided by their spread at that length: they are taken times
    the square root of the number of bases, about the training mean.

    References
    ----------
    Durbin, Eddy, Krogh & Mitchison, Biological Sequence Analysis (1998), chapter
    3.1 (Markov models for discrimination). Salzberg et al., Nucleic Acids
    Research 26 (1998) 544-548 (interpolated Markov models). Ledoit & Wolf, J.
    Multivariate Analysis 88 (2004) 365-411. MacKay & Peto, Natural Language
    Engineering 1 (1995) 289-308 (hierarchical Dirichlet prior).
    """

    lengths: Floats  # (3,): 0.5% quantile, median, 99.5% quantile
    gc: Floats  # (1,)
    kmer_mean: Floats  # (64,)
    kmer_whiten: Floats  # (64, 64), lower triangular
    markov: Floats  # (4 ** 6 + 1,); log ratios, the last one of unknown bases
    markov_mean: Floats  # (1,)
    from_start: Floats  # (window, 25): log ratio of (base before, base)
    from_end: Floats
    position_mean: Floats  # (1,)

    @classmethod
    def fit(cls, encoded: EncodedSequences) -> Self:
        """Learn from training sequences, at least one with a known base.

        Parameters
        ----------
        encoded : EncodedSequences
            n sequences.
        """
        base = np.bincount(encoded.codes, minlength=5)[:4] + 1.0
        background = np.log(base / base.sum())
        mean, whiten = _kmer_moments(encoded)
        lengths = encoded.lengths
        window = int(min(WINDOW, lengths.max(initial=1)))
        starts = encoded.offsets[:-1]
        tables = [
            _positional(encoded, where, background)
            for where in (
                _places(starts, lengths, np.arange(window)),
                _places(starts, lengths, np.arange(-window, 0)),
            )
        ]
        gc = _gc(encoded)
        draft = cls(
            lengths=np.quantile(lengths, [_SHORT, 0.5, _LONG]),
            gc=_rounded([np.median(gc)]),
            kmer_mean=_rounded(mean),
            kmer_whiten=_rounded(whiten),
            markov=_rounded(_markov_table(encoded, background)),
            markov_mean=np.zeros(1),
            from_start=_rounded(tables[0]),
            from_end=_rounded(tables[1]),
            position_mean=np.zeros(1),
        )
        found = draft.score(encoded)
        scale = np.sqrt(np.maximum(lengths, 1))
        parts = {field.name: getattr(draft, field.name) for field in fields(cls)}
        parts["markov_mean"] = _rounded([-(found[:, 2] / scale).mean()])
        parts["position_mean"] = _rounded([-(found[:, 3] / scale).mean()])
        return cls(**parts)

    def score(self, encoded: EncodedSequences) -> Floats:
        """Return the strangeness of n sequences, shape (n, 4); columns are :data:`ASPECTS`.

        A sequence without any known base, or empty, is infinitely strange.
        """
        lengths = encoded.lengths
        root = np.sqrt(np.maximum(lengths, 1))
        frequency, known = _kmer_frequencies(encoded)
        difference = (frequency - self.kmer_mean) @ self.kmer_whiten
        away = np.sqrt((difference**2).mean(axis=1)) * np.sqrt(np.maximum(known, 1))
        markov = _row_sums(self.markov[_contexts(encoded)], encoded) / np.maximum(lengths, 1)
        position = self._positional_mean(encoded)
        scores = np.column_stack(
            [
                np.abs(_gc(encoded) - self.gc),
                away,
                (self.markov_mean - markov) * root,
                (self.position_mean - position) * root,
            ]
        )
        n_known = _row_sums((encoded.codes != UNKNOWN).astype(np.float64), encoded)
        scores[n_known == 0] = np.inf
        return scores

    def outside_length(self, lengths: Ints) -> Floats:
        """Return how far lengths lie outside those of training, in tenths of the median, (n,)."""
        low, middle, high = self.lengths
        beyond = np.maximum(np.maximum(low - lengths, lengths - high), 0.0)
        return np.asarray(beyond / (0.1 * max(middle, 1.0)), dtype=np.float64)

    def _positional_mean(self, encoded: EncodedSequences) -> Floats:
        lengths, starts = encoded.lengths, encoded.offsets[:-1]
        window = len(self.from_start)
        total = np.zeros(len(lengths))
        for offsets, table in (
            (np.arange(window), self.from_start),
            (np.arange(-window, 0), self.from_end),
        ):
            pairs, inside = _pairs(encoded, _places(starts, lengths, offsets))
            total += np.where(inside, table[np.arange(window), pairs], 0.0).sum(axis=1)
        return np.asarray(total / np.maximum(2 * np.minimum(lengths, window), 1), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready containers."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_dict` described.

        Raises
        ------
        InputError
            If a part is missing, has another shape or is not finite.
        """
        try:
            parts = {
                field.name: np.array(document[field.name], dtype=np.float64)
                for field in fields(cls)
            }
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a training domain: {error!r}") from error
        window = len(parts["from_start"]) if parts["from_start"].ndim else 0
        shapes = {
            "lengths": (3,),
            "kmer_mean": (64,),
            "kmer_whiten": (64, 64),
            "markov": (4 ** (ORDER + 1) + 1,),
            "from_start": (window, 25),
            "from_end": (window, 25),
        }
        for name, part in parts.items():
            if part.shape != shapes.get(name, (1,)) or not np.isfinite(part).all():
                raise InputError(f"not a training domain: {name} has odd numbers")
        return cls(**parts)


def _rounded(values: npt.ArrayLike) -> Floats:
    """Four significant digits: more only make the file longer."""
    array = np.asarray(values, dtype=np.float64)
    digits = [float(f"{value:.4g}") for value in array.ravel().tolist()]
    return np.array(digits).reshape(array.shape)


def _row_sums(values: Floats, encoded: EncodedSequences) -> Floats:
    """Sum per-base values within each sequence, also within empty ones."""
    # Not from running sums, whose last digits depend on the sequences before.
    rows = np.repeat(np.arange(len(encoded)), encoded.lengths)
    sums = np.bincount(rows, weights=values, minlength=len(encoded))
    return np.asarray(sums, dtype=np.float64)


def _gc(encoded: EncodedSequences) -> Floats:
    codes = encoded.codes
    strong = _row_sums(((codes == 1) | (codes == 2)).astype(np.float64), encoded)
    known = _row_sums((codes != UNKNOWN).astype(np.float64), encoded)
    return strong / np.maximum(known, 1)


def _words(encoded: EncodedSequences, k: int) -> Ints:
    """Return the number of the k-mer that ends at each base; -1 if it is cut short or has an N."""
    codes = encoded.codes.astype(np.int64)
    word = codes.copy()
    good = codes != UNKNOWN
    for back in range(1, k):
        before = np.full(len(codes), UNKNOWN, dtype=np.int64)
        before[back:] = codes[:-back]
        good &= before != UNKNOWN
        word += before * 4**back
    starts = encoded.offsets[:-1]
    for shift in range(k - 1):
        cut = starts + shift
        good[cut[cut < encoded.offsets[1:]]] = False
    return np.where(good, word, -1)


def _contexts(encoded: EncodedSequences) -> Ints:
    words = _words(encoded, ORDER + 1)
    return np.where(words < 0, 4 ** (ORDER + 1), words)


def _kmer_frequencies(encoded: EncodedSequences) -> tuple[Floats, Floats]:
    """Return (n, 64) frequencies of 3-mers and the (n,) number counted."""
    n = len(encoded)
    words = _words(encoded, 3)
    rows = np.repeat(np.arange(n), encoded.lengths)
    good = words >= 0
    counts = np.bincount(rows[good] * 64 + words[good], minlength=n * 64).reshape(n, 64)
    known = counts.sum(axis=1).astype(np.float64)
    return counts / np.maximum(known, 1)[:, None], known


def _kmer_moments(encoded: EncodedSequences) -> tuple[Floats, Floats]:
    from sklearn.covariance import ledoit_wolf

    frequency, known = _kmer_frequencies(encoded)
    mean = frequency.mean(axis=0)
    scaled = (frequency - mean) * np.sqrt(np.maximum(known, 1))[:, None]
    covariance, _ = ledoit_wolf(scaled, assume_centered=True)
    # A library of one sequence has no spread; a ten-thousandth keeps it invertible.
    covariance = covariance + np.eye(64) * max(1e-4, 1e-3 * np.trace(covariance) / 64)
    return mean, np.linalg.cholesky(np.linalg.inv(covariance))


def _markov_table(encoded: EncodedSequences, background: Floats) -> Floats:
    """Log ratio of each 6-mer's last base, given the five before, to the background."""
    probability = np.exp(background)
    for k in range(2, ORDER + 2):
        words = _words(encoded, k)
        counts = np.bincount(words[words >= 0], minlength=4**k).reshape(-1, 4)
        # Word w of k letters has the context w // 4; its shorter context drops the first letter.
        shorter = np.tile(probability.reshape(-1, 4), (counts.shape[0] * 4 // probability.size, 1))
        total = counts.sum(axis=1, keepdims=True)
        probability = (counts + _PRIOR * shorter) / (total + _PRIOR)
    ratio = np.log(probability) - background
    return np.append(ratio.ravel(), 0.0)


def _places(starts: Ints, lengths: Ints, offsets: Ints) -> Ints:
    """Index into the codes of each (sequence, position), (n, w); -1 outside the sequence."""
    within = np.where(offsets < 0, lengths[:, None] + offsets, offsets)
    inside = (within >= 0) & (within < lengths[:, None])
    return np.where(inside, starts[:, None] + within, -1)


def _pairs(encoded: EncodedSequences, places: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return 5 * (base before) + base at each place, and where there is one."""
    inside = places >= 0
    if len(encoded.codes) == 0:
        return np.zeros(places.shape, dtype=np.int64), inside
    codes = encoded.codes.astype(np.int64)
    first = np.zeros(len(codes) + 1, dtype=bool)
    first[encoded.offsets[:-1]] = True
    before = np.concatenate([[UNKNOWN], codes[:-1]])
    before[first[:-1]] = UNKNOWN
    return (5 * before + codes)[places], inside


def _positional(encoded: EncodedSequences, places: Ints, background: Floats) -> Floats:
    """Log ratio of each (base before, base) at each position to the background, (w, 25)."""
    pairs, inside = _pairs(encoded, places)
    width = places.shape[1]
    flat = (pairs + 25 * np.arange(width))[inside]
    counts = np.bincount(flat, minlength=25 * width).reshape(width, 5, 5)[:, :, :4]
    single = counts.sum(axis=1) + _PRIOR_POSITION * np.exp(background)
    single /= single.sum(axis=1, keepdims=True)
    total = counts.sum(axis=2, keepdims=True)
    pair = (counts + _PRIOR_POSITION * single[:, None, :]) / (total + _PRIOR_POSITION)
    table = np.zeros((width, 5, 5))  # an unknown base says nothing
    table[:, :, :4] = np.log(pair) - background
    return table.reshape(width, 25)
