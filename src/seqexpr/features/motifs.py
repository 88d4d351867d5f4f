"""Where known proteins may bind, and how well: motifs as features."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from seqexpr.data.motifs import Motif, read_motifs
from seqexpr.data.promoter_elements import ECOLI_MOTIFS
from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.features.motif_scores import log_odds, score_threshold
from seqexpr.sequences import BASES, StringsLike, as_strings, encode

__all__ = ["MotifScanner"]

Floats = npt.NDArray[np.float64]

FEATURES = ("best", "occupancy", "hits", "position")
STRANDS = ("both", "single")
ANCHORS = ("left", "middle", "right")
WIDEST = 64
BATCH = 256
"""Rows at a time: few enough that their bases stay in a processor's second cache."""
_SLACK = 64  # what the kernel may read past the last base


class MotifScanner(SequenceFeatures):
    """Score how well each of a set of motifs fits each sequence, and where.

    A scikit-learn transformer from n sequences to an (n, n_columns) array of
    float32. Every window of a sequence, on both strands, gets the motif's
    log-odds score in bits; a site (a *hit*) is a window whose score a random
    window reaches with probability `p_value` or less. Lower case is read as
    upper case and U as T; a window that holds any other character is not
    scored. Nothing is learnt from the sequences: ``fit`` reads the motifs.

    Parameters
    ----------
    motifs : sequence of Motif, or path, optional
        What to look for, names unique, at most 64 bases wide; or a file in
        MEME format. None = :data:`seqexpr.data.promoter_elements.ECOLI_MOTIFS`,
        fourteen elements of *E. coli* promoters. For eukaryotes see
        :func:`seqexpr.data.jaspar.jaspar_motifs`.
    p_value : float, default 1e-4
        What makes a hit, for one window on one strand, in ``(0, 0.5]``. A motif
        so short that even its best word is commoner has that word as its only
        hit.
    strands : {"both", "single"}, default "both"
        Whether the other strand is looked at too.
    features : sequence of str, default ("best", "occupancy", "position")
        The columns of each motif, in this order, of:

        - "best": the highest score of any window, in bits; without a window of
          known bases, the lowest score that the motif can give;
        - "occupancy": ``log2(1 + sum 2**(score - threshold))`` over all windows
          and strands, in bits, at least 0: minus log2 of the probability that
          no protein is bound, at the concentration where a site that just
          counts as a hit is bound half of the time. It grows smoothly with the
          number and the strength of sites, weak ones included;
        - "hits": how many windows are hits, one on both strands counted once;
        - "position": bases from the anchor to the middle of the best hit, the
          first of equal ones; 0 without a hit.
    anchor : {"left", "middle", "right"}, default "middle"
        Positions count from the start of the sequence, from its middle
        (negative before it), or back from its end.
    background : mapping of str to float, optional
        Share of A, C, G and T in sequences without sites, for the scores and the
        p-values; None = 0.25 each.
    pseudocount : float, default 0.01
        Share of the background that is mixed into each position, in
        ``[1e-4, 1]``: it bounds what a mismatch costs (at most 6.7 bits at the
        default).
    n_jobs : int, optional
        Number of threads; None = 1, -1 = all cores. The result does not depend
        on it.

    Attributes
    ----------
    names_ : list of str, length m
        Names of the motifs.
    widths_ : ndarray of int64, shape (m,)
        Their widths in bases.
    scores_ : ndarray of float64, shape (4, total width)
        Scores of A, C, G, T in bits, the motifs side by side.
    thresholds_ : ndarray of float64, shape (m,)
        The score of a hit, in bits.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range, a file cannot be read.
    SequenceError
        From ``fit`` and ``transform``: an element is not a str.

    Notes
    -----
    A saved scanner holds its motifs; the file they came from is not needed.

    References
    ----------
    Scores: Stormo, Bioinformatics 16 (2000) 16-23. Thresholds: Touzet & Varré,
    Algorithms for Molecular Biology 2 (2007) 15. Occupancy: Berg & von Hippel,
    Journal of Molecular Biology 193 (1987) 723-750 (score as binding energy);
    Granek & Clarke, Genome Biology 6 (2005) R87, and Roider et al.,
    Bioinformatics 23 (2007) 134-141 (the sum over all windows).

    Examples
    --------
    >>> scanner = MotifScanner([Motif.from_consensus("TTGACA")], anchor="left").fit([])
    >>> row = scanner.transform(["GGGTTGACAGGG"])[0]
    >>> {name: round(float(x), 2) for name, x in zip(scanner.get_feature_names_out(), row)}
    {'TTGACA best': 10.01, 'TTGACA occupancy': 1.01, 'TTGACA position': 6.0}
    """

    def __init__(
        self,
        motifs: Sequence[Motif] | str | os.PathLike[str] | None = None,
        *,
        p_value: float = 1e-4,
        strands: Literal["both", "single"] = "both",
        features: Sequence[str] = ("best", "occupancy", "position"),
        anchor: Literal["left", "middle", "right"] = "middle",
        background: Mapping[str, float] | None = None,
        pseudocount: float = 0.01,
        n_jobs: int | None = None,
    ) -> None:
        self.motifs = motifs
        self.p_value = p_value
        self.strands = strands
        self.features = features
        self.anchor = anchor
        self.background = background
        self.pseudocount = pseudocount
        self.n_jobs = n_jobs

    @property
    def is_strand_symmetric(self) -> bool:
        """Whether a sequence and its reverse complement have the same features."""
        return self.strands == "both" and "position" not in self.features

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Read the motifs, and compute their scores and thresholds.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences; only checked.
        y : ignored
            For scikit-learn.

        Returns
        -------
        MotifScanner
            This object.
        """
        background = self._checked_background()
        self._check_parameters()
        as_strings(X)
        motifs = self._checked_motifs()
        scores = [
            log_odds(motif.frequencies, background=background, pseudocount=self.pseudocount)
            for motif in motifs
        ]
        self.names_ = [motif.name for motif in motifs]
        self.widths_ = np.array([len(motif) for motif in motifs], dtype=np.int64)
        self.scores_ = np.concatenate(scores, axis=1)
        self.thresholds_ = np.array(
            [score_threshold(one, background=background, p_value=self.p_value) for one in scores]
        )
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float32]:
        """Score each sequence for each motif.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float32, shape (n, m * len(features))
            The features of the first motif, then those of the second, ...
        """
        check_is_fitted(self)
        strings = as_strings(X)
        n_motifs, n_features = len(self.names_), len(self.features)
        out = np.empty((len(strings), n_motifs, n_features), dtype=np.float32)
        from joblib import effective_n_jobs

        def fill(start: int) -> None:
            rows = slice(start, start + BATCH)
            out[rows] = self._scan(strings[rows])

        batches = range(0, len(strings), BATCH)
        n_threads = min(effective_n_jobs(self.n_jobs), len(batches))
        if n_threads <= 1:
            for start in batches:
                fill(start)
        else:
            with ThreadPoolExecutor(n_threads) as threads:
                for _ in threads.map(fill, batches):
                    pass
        return out.reshape(len(strings), n_motifs * n_features)

    def _scan(self, strings: list[str]) -> npt.NDArray[np.float32]:
        """Return the features of a few sequences, shape (n, m, len(features))."""
        from seqexpr.features._motifs import scan_motifs

        encoded = encode(strings)
        starts = np.concatenate([[0], np.cumsum(self.widths_)])
        # The threshold is spread over a motif's columns, so that weights neither
        # overflow nor vanish.
        share = np.repeat(self.thresholds_ / self.widths_, self.widths_)
        scratch = np.zeros((2, len(encoded.codes) + _SLACK), dtype=np.uint8)
        found = np.empty((4, len(strings), len(self.names_)))
        scan_motifs(
            encoded.codes, encoded.offsets, np.exp2(self.scores_ - share), starts,
            STRANDS[::-1].index(self.strands) + 1, scratch[0], scratch[1], found,
        )  # fmt: skip
        best, total, n_hits, where = found
        columns = {"occupancy": np.log2(1 + total), "hits": n_hits}
        lowest = np.add.reduceat(self.scores_.min(axis=0), starts[:-1])
        with np.errstate(divide="ignore"):
            columns["best"] = np.maximum(self.thresholds_ + np.log2(best), lowest)
        middles = where + self.widths_ / 2
        lengths = encoded.lengths[:, None]
        if self.anchor == "middle":
            middles = middles - lengths / 2
        elif self.anchor == "right":
            middles = lengths - middles
        columns["position"] = np.where(n_hits > 0, middles, 0.0)
        return np.stack([columns[name] for name in self.features], axis=2).astype(np.float32)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "MA0139.2 CTCF best".

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (m * len(features),)
            Names, each once.
        """
        check_is_fitted(self)
        names = [f"{name} {feature}" for name in self.names_ for feature in self.features]
        return np.array(names, dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes with motifs as plain arrays, which a saved model may hold."""
        state = dict(super().__getstate__())
        motifs = state["motifs"]
        if isinstance(motifs, Sequence) and not isinstance(motifs, str):
            state["motifs"] = {motif.name: np.array(motif.frequencies) for motif in motifs}
        elif isinstance(motifs, os.PathLike):
            state["motifs"] = os.fspath(motifs)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take back what ``__getstate__`` gave."""
        motifs = state["motifs"]
        if isinstance(motifs, Mapping):
            state = {**state, "motifs": tuple(Motif(name, f) for name, f in motifs.items())}
        super().__setstate__(state)

    def _checked_motifs(self) -> tuple[Motif, ...]:
        if self.motifs is None:
            return ECOLI_MOTIFS
        if isinstance(self.motifs, str | os.PathLike):
            motifs = read_motifs(self.motifs)
        else:
            motifs = tuple(self.motifs)
        if not motifs:
            raise InputError("MotifScanner: motifs is empty; give at least one, or None")
        seen = set()
        for motif in motifs:
            if not isinstance(motif, Motif):
                raise InputError(
                    "MotifScanner: motifs must be a sequence of Motif, or the path of a file in "
                    f"MEME format, found a {type(motif).__name__}"
                )
            if motif.name in seen:
                raise InputError(
                    f"MotifScanner: two motifs are named {motif.name!r}; rename one of them"
                )
            if len(motif) > WIDEST:
                raise InputError(
                    f"MotifScanner: motif {motif.name!r} has {len(motif)} positions, more than "
                    f"{WIDEST}; cut it"
                )
            seen.add(motif.name)
        return motifs

    def _checked_background(self) -> Floats:
        if self.background is None:
            return np.full(4, 0.25)
        given = self.background
        if isinstance(given, Mapping) and sorted(given) == sorted(BASES):
            shares = np.array([given[base] for base in BASES], dtype=np.float64)
            if (shares > 0).all() and abs(shares.sum() - 1) <= 0.01:
                return np.asarray(shares / shares.sum())
        raise InputError(
            "MotifScanner: background must map A, C, G and T to positive shares that add up to 1, "
            f"got {given!r}"
        )

    def _check_parameters(self) -> None:
        for name, choices in (("strands", STRANDS), ("anchor", ANCHORS)):
            _check_choice(name, getattr(self, name), choices)
        features = self.features
        if isinstance(features, str) or not len(features) or len(set(features)) < len(features):
            raise InputError(
                f"MotifScanner: features must be a sequence of some of {FEATURES}, each once, "
                f"got {features!r}"
            )
        for feature in features:
            _check_choice("features", feature, FEATURES)
        for name, low, high in (("p_value", 0, 0.5), ("pseudocount", 1e-4, 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not (low <= value <= high and value > 0):
                start = "(0" if low == 0 else f"[{low:g}"
                raise InputError(
                    f"MotifScanner: {name} must be a number in {start}, {high:g}], got {value!r}"
                )
        if self.n_jobs is not None and not (is_int(self.n_jobs) and self.n_jobs != 0):
            raise InputError(
                f"MotifScanner: n_jobs must be None, -1 or a positive int, got {self.n_jobs!r}"
            )


def _check_choice(name: str, choice: object, choices: Sequence[str]) -> None:
    if choice not in choices:
        known = ", ".join(map(repr, choices))
        hint = did_you_mean(str(choice), choices)
        raise InputError(f"MotifScanner: {name} must be one of {known}, got {choice!r}{hint}")
