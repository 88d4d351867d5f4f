"""The training domain: whether a sequence is like those that the model learned from.

Four aspects of a sequence (:class:`~seqexpr.evaluation.strangeness.Strangeness`)
and its length are compared with the training set. Each aspect is put on one
scale, (s - median) / (95% quantile - median) of held-out sequences: those of a
fold, judged by an aspect fitted on the other folds. They are combined as

    c = (sum over aspects of max(z_j, 0)^4)^(1/4),   and c = max(c, length),

which is near the largest of them, and rises when several are raised together.
A threshold is set as in conformal prediction: the rank ceil(0.95 (G + 1)) of the
held-out c, each group counted once. The **domain score** is c divided by it,
and a sequence lies in the domain when its score is at most 1. So at most 5%
of sequences of new groups *of the same kind* are flagged, on average, whatever
the aspects are worth (Vovk et al. 2005; Bates et al. 2023). The held-out
aspects come from 4/5 of the sequences and the final ones from all of them, which
makes new sequences look a little less strange: the error is on the safe side.

That share is chosen. What is not chosen is how many sequences of another kind
are flagged; docs/evaluation.md says what was measured.

References
----------
Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005).
Bates, Candès, Lei, Romano & Sesia, Testing for outliers with conformal p-values,
Annals of Statistics 51 (2023) 149-178. Laxhammar & Falkman, Conformal prediction
for distribution-independent anomaly detection, COPA (2010). Groups: Lee, Barber &
Willett, arXiv:2306.06342 (2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.exchangeable import equal_weight_scores, group_weights, groups_needed
from seqexpr.evaluation.strangeness import ASPECTS, Strangeness
from seqexpr.sequences import EncodedSequences, as_strings, encode

__all__ = ["FLAGGED", "MAX_SCORE", "TrainingDomain"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]

FORMAT_VERSION = 1
FLAGGED = 0.05
"""Largest share of sequences of the training set's own kind that is flagged."""
MAX_SCORE = 100.0
"""Scores end here, so that they are always numbers."""
_FOLDS = 5
_POWER = 4
_BATCH = 5_000


@dataclass(frozen=True, eq=False)
class TrainingDomain:
    """What the training sequences look like, and from where on a sequence is not one of them.

    Attributes
    ----------
    strangeness : Strangeness
        The aspects, fitted on all training sequences.
    center, scale : ndarray of float64, shape (4,)
        Median, and 95% quantile minus median, of each held-out aspect.
    threshold : float
        Combined held-out strangeness that is exceeded by 5%.
    out_of_fold : ndarray of float64, shape (n,)
        Domain scores of the training sequences, each judged by the other
        folds; NaN where a row is never held out. Not stored.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bases = rng.choice(list("ACGT"), size=(300, 60), p=[0.3, 0.2, 0.2, 0.3])
    >>> library = ["TTGACA" + "".join(row) for row in bases]
    >>> domain = TrainingDomain.fit(library, rng=rng)
    >>> scores, in_domain = domain.score(["A" * 66, library[0]])
    >>> in_domain.tolist()
    [False, True]
    """

    strangeness: Strangeness
    center: Floats
    scale: Floats
    threshold: float
    out_of_fold: Floats

    @classmethod
    def fit(
        cls,
        sequences: object,
        *,
        rng: np.random.Generator,
        folds: Ints | None = None,
        groups: Labels | None = None,
    ) -> Self:
        """Learn the domain of the training sequences.

        Parameters
        ----------
        sequences : list, array or Series of str, length n
            Training sequences; those of one group, and copies, in one fold.
        rng : numpy.random.Generator
            Deals groups to five folds where `folds` has fewer than two.
        folds : ndarray of int, shape (n,), optional
            Fold of each row, -1 = never held out, as in a Split.
        groups : ndarray of str, shape (n,), optional
            Rows that belong together.

        Raises
        ------
        InputError
            If fewer than 19 sequences, or groups, are held out: 5% of fewer
            is not one.
        """
        strings = np.array(as_strings(sequences), dtype=object)
        parts = _deal(len(strings), folds, groups, rng=rng)
        raw = np.full((len(strings), len(ASPECTS)), np.nan)
        beyond = np.zeros(len(strings))
        for part in range(int(parts.max(initial=-1)) + 1):
            held = parts == part
            if not held.any() or held.all():
                continue
            fitted = Strangeness.fit(encode(strings[~held]))
            raw[held], beyond[held] = _aspects(fitted, strings[held].tolist())
        rows = np.isfinite(raw).all(axis=1)
        codes, weights = group_weights(None if groups is None else groups[rows], int(rows.sum()))
        needed, found = groups_needed(1 - FLAGGED), int(codes.max(initial=-1)) + 1
        if found < needed:
            raise InputError(
                f"the training domain needs at least {needed} held-out sequences of different "
                f"groups, found {found}; measure more"
            )
        center, high = np.quantile(raw[rows], [0.5, 1 - FLAGGED], axis=0)
        scale = np.where(high > center, high - center, 1e-6)
        combined = np.full(len(strings), np.nan)
        combined[rows] = _combine((raw[rows] - center) / scale, beyond[rows])
        kept = equal_weight_scores(combined[rows], weights, at_most=len(strings))
        rank = int(np.ceil((1 - FLAGGED) * (len(kept) + 1) - 1e-9))
        threshold = max(float(kept[rank - 1]), 1e-6)
        return cls(
            Strangeness.fit(encode(strings)),
            center,
            scale,
            threshold,
            np.minimum(combined / threshold, MAX_SCORE),
        )

    def score(self, sequences: object) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Say how strange sequences are, and whether they lie in the domain.

        Parameters
        ----------
        sequences : list, array or Series of str, length n
            DNA, upper case.

        Returns
        -------
        scores : ndarray of float64, shape (n,)
            Domain scores in [0, 100]; 1 is the border.
        in_domain : ndarray of bool, shape (n,)
            Whether the score is at most 1.
        """
        strings = as_strings(sequences)
        scores = np.empty(len(strings))
        for start in range(0, len(strings), _BATCH):
            raw, beyond = _aspects(self.strangeness, strings[start : start + _BATCH])
            combined = _combine((raw - self.center) / self.scale, beyond)
            scores[start : start + _BATCH] = np.minimum(combined / self.threshold, MAX_SCORE)
        return scores, scores <= 1

    def to_dict(self) -> dict[str, Any]:
        """Return what domain.json holds."""
        return {
            "format_version": FORMAT_VERSION,
            "flagged": FLAGGED,
            "aspects": list(ASPECTS),
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "threshold": self.threshold,
            "strangeness": self.strangeness.to_dict(),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the domain that :meth:`to_dict` described; its scores agree bit for bit.

        Raises
        ------
        InputError
            If it is of another format, or a part is missing or not a number.
        """
        version = document.get("format_version")
        if version != FORMAT_VERSION:
            raise InputError(f"training domain of format {version!r}, this seqexpr reads 1")
        try:
            strangeness = Strangeness.from_dict(document["strangeness"])
            center = np.array(document["center"], dtype=np.float64)
            scale = np.array(document["scale"], dtype=np.float64)
            threshold = float(document["threshold"])
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"not a training domain: {error!r}") from error
        shapes = center.shape == scale.shape == (len(ASPECTS),)
        if not (shapes and np.isfinite([*center, *scale, threshold]).all()):
            raise InputError("not a training domain: center, scale or threshold has odd numbers")
        if not (threshold > 0 and (scale > 0).all()):
            raise InputError("not a training domain: scale and threshold must be above 0")
        return cls(strangeness, center, scale, threshold, np.empty(0))


def _aspects(fitted: Strangeness, strings: list[str]) -> tuple[Floats, Floats]:
    encoded: EncodedSequences = encode(strings)
    return fitted.score(encoded), fitted.outside_length(encoded.lengths)


def _combine(z: Floats, beyond_length: Floats) -> Floats:
    # Beyond a thousand spreads there is nothing to tell apart, and powers would overflow.
    raised = np.minimum(np.maximum(z, 0.0), 1e3)
    together = (raised**_POWER).sum(axis=1) ** (1 / _POWER)
    # A length more than a tenth outside is outside, whatever the threshold is.
    return np.asarray(np.maximum(together, 2.0 * beyond_length), dtype=np.float64)


def _deal(n: int, folds: Ints | None, groups: Labels | None, *, rng: np.random.Generator) -> Ints:
    if folds is not None and int(folds.max(initial=-1)) >= 1:
        return folds
    codes, _ = group_weights(groups, n)
    parts = rng.permutation(int(codes.max(initial=-1)) + 1)[codes] % _FOLDS
    return parts if folds is None else np.where(folds >= 0, parts, -1)
