"""Motifs learnt without labels: how much a sequence is like each of a set of anchor patches."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.sequences import BASES, EncodedSequences, StringsLike, as_strings, encode

__all__ = ["PatchKernels"]

Floats = npt.NDArray[np.float64]

ANCHORS, STRANDS, POOLS = ("left", "right"), ("single", "canonical"), ("mean", "max", "both")
BATCH = 4_096
"""Rows at a time."""
N_ROUNDS = 15  # of spherical k-means
SHARPEST_LETTER = 0.5  # of an anchor's weight at a place, to be spelled in its name
FLOOR = 1e-6  # eigenvalues of the anchors' kernel below this share of the largest are left out


class PatchKernels(SequenceFeatures):
    """Compare every patch of k bases to anchors that are learnt from the sequences alone.

    A scikit-learn transformer from n sequences to an (n, n_columns) array of
    float32: one layer of a convolutional kernel network, without labels. The
    kernel of two patches is ``exp(beta (c - 1))``, c being their cosine, which
    is the share of equal bases. Anchors are the centres of spherical k-means of
    patches drawn at random. With "mean", the dot product of two rows is the mean
    of the kernel over all pairs of patches of the two sequences, as well as
    the anchors can say (Nyström's approximation; exact if every different
    patch is an anchor). With "max", a column is the kernel between one anchor
    and the patch that is most like it.

    Parameters
    ----------
    k : int, default 10
        Length of a patch in bases, in ``[2, 31]``.
    n_anchors : int, default 128
        Number of anchors, at least 1; fewer where there are fewer different
        patches.
    beta : float, default 8.0
        How quickly the kernel falls with differing bases, positive: to
        ``exp(-beta / k)`` for one.
    pool : {"mean", "max", "both"}, default "both"
        What is kept of a sequence's patches.
    width : int or None, default None
        If given, patches are pooled near places so many bases apart, each
        being shared between the two places beside its middle; at least 1.
        None = over the whole sequence.
    anchor : {"left", "right"}, default "left"
        Which end places are counted from.
    strands : {"single", "canonical"}, default "single"
        With "canonical", the kernel of a patch is the mean of that of both
        strands ("max": the larger).
    n_patches : int, default 20000
        How many patches k-means sees, at least 1.
    random_state : int, default 42
        Seed of the draw and of the first centres.

    Attributes
    ----------
    anchors_ : ndarray of float64, shape (m, k, 4)
        The anchors, each of length 1.
    whitening_ : ndarray of float64, shape (m, m)
        Inverse square root of the kernel between the anchors.
    length_ : int
        Bases of the longest sequence given to ``fit``.

    Raises
    ------
    InputError
        From ``fit``: a parameter is out of range, or no sequence holds k known
        bases in a row.
    SequenceError
        From ``fit`` and ``transform``: an element is not a str.

    Notes
    -----
    The time of ``transform`` is that of ``n_anchors`` exponentials a base, about
    a second for 10,000 sequences of 100 bases and 128 anchors on one core.

    References
    ----------
    Chen, Jacob & Mairal (2019), Biological sequence modeling with convolutional
    kernel networks, Bioinformatics 35:3294-3302 (the kernel, its projection on
    anchors, and anchors without labels by spherical k-means). Williams & Seeger
    (2001), Using the Nyström method to speed up kernel machines, NIPS 13.

    Examples
    --------
    >>> patches = PatchKernels(k=4, pool="max", beta=4.0).fit(["AAAACCCC", "CCCCGGGG"])
    >>> patches.get_feature_names_out()[:3].tolist()
    ['max 0:AAAA', 'max 1:AAAC', 'max 2:AACC']
    >>> patches.transform(["TTAAAATT"])[0, :2].tolist()  # it holds AAAA; AAAC but for a base
    [1.0, 0.3678794503211975]
    """

    def __init__(
        self,
        k: int = 10,
        *,
        n_anchors: int = 128,
        beta: float = 8.0,
        pool: Literal["mean", "max", "both"] = "both",
        width: int | None = None,
        anchor: Literal["left", "right"] = "left",
        strands: Literal["single", "canonical"] = "single",
        n_patches: int = 20_000,
        random_state: int = 42,
    ) -> None:
        self.k = k
        self.n_anchors = n_anchors
        self.beta = beta
        self.pool = pool
        self.width = width
        self.anchor = anchor
        self.strands = strands
        self.n_patches = n_patches
        self.random_state = random_state

    @property
    def is_strand_symmetric(self) -> bool:
        """Whether a sequence and its reverse complement have the same features."""
        return self.strands == "canonical" and self.width is None

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Learn the anchors from the sequences.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.
        """
        self._check_parameters()
        encoded = encode(X)
        rng = np.random.default_rng(self.random_state)
        patches = _draw_patches(encoded, self.k, self.n_patches, rng)
        if not len(patches):
            raise InputError(
                f"PatchKernels: no sequence given to fit holds k={self.k} known bases in a row; "
                "take a smaller k"
            )
        anchors = _spherical_means(patches, self.n_anchors, rng)
        self.anchors_ = anchors.reshape(-1, self.k, 4)
        kernel = self._kernel(anchors @ anchors.T)
        if self.strands == "canonical":
            kernel = (kernel + self._kernel(anchors @ _turned(self.anchors_))) / 2
        self.whitening_ = _inverse_root(kernel)
        self.length_ = max(1, int(encoded.lengths.max()))
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float32]:
        """Compare each sequence to the anchors.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float32, shape (n, n_pools * n_places * m)
            First the means, then the largest; place by place, anchor by anchor.
        """
        check_is_fitted(self)
        strings = as_strings(X)
        rows = np.empty((len(strings), len(self.get_feature_names_out())), dtype=np.float32)
        for start in range(0, len(strings), BATCH):
            encoded = encode(strings[start : start + BATCH])
            rows[start : start + BATCH] = self._pooled(encoded)
        return rows

    def _pooled(self, encoded: EncodedSequences) -> Floats:
        from seqexpr.features._patches import pool_patches

        # A one-hot patch has length sqrt(k).
        weights = self.anchors_.transpose(1, 2, 0) / np.sqrt(self.k)
        m = weights.shape[2]
        if self.strands == "canonical":
            weights = np.concatenate([weights, weights[::-1, ::-1]], axis=2)
        shape = (len(encoded), self._n_places, weights.shape[2])
        mean, most = np.zeros(shape), np.zeros(shape)
        origins = encoded.offsets[:-1]
        if self.anchor == "right":
            origins = encoded.offsets[1:] - self.length_
        pool_patches(
            encoded.codes, encoded.offsets, origins, np.ascontiguousarray(weights),
            float(self.beta), int(self.width or 0), mean, most,
        )  # fmt: skip
        if self.strands == "canonical":
            mean = (mean[..., :m] + mean[..., m:]) / 2
            most = np.maximum(most[..., :m], most[..., m:])
        pools = {"mean": [mean @ self.whitening_], "max": [most]}
        pools["both"] = pools["mean"] + pools["max"]
        return np.hstack([pool.reshape(len(encoded), -1) for pool in pools[self.pool]])

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns: "max 7:TTGACAnnTA~20", the anchor spelled.

        An anchor is spelled by the bases that have more than half of its
        weight at a place, n elsewhere. A column of the whitened means mixes
        all anchors: there "mean 7" is a number, not a motif.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (n_columns,)
            Names, each once.
        """
        check_is_fitted(self)
        places = [""]
        if self.width is not None:
            zero = 0 if self.anchor == "left" else self.length_
            places = [f"~{place * self.width - zero}" for place in range(self._n_places)]
        numbers = range(len(self.anchors_))
        named = {
            "mean": [f"mean {number}" for number in numbers],
            "max": [f"max {number}:{_spelled(self.anchors_[number])}" for number in numbers],
        }
        pools = ("mean", "max") if self.pool == "both" else (self.pool,)
        names = [name + place for pool in pools for place in places for name in named[pool]]
        return np.array(names, dtype=object)

    @property
    def _n_places(self) -> int:
        return 1 if self.width is None else int(-(-self.length_ // self.width) + 1)

    def _kernel(self, cosines: Floats) -> Floats:
        return np.asarray(np.exp(self.beta * (cosines - 1)), dtype=np.float64)

    def _check_parameters(self) -> None:
        if not (is_int(self.k) and 2 <= self.k <= 31):
            raise InputError(f"PatchKernels: k must be an int in [2, 31], got {self.k!r}")
        for name in ("n_anchors", "n_patches", "width"):
            value = getattr(self, name)
            if not (is_int(value) and value >= 1) and (name, value) != ("width", None):
                raise InputError(f"PatchKernels: {name} must be an int >= 1, got {value!r}")
        if not (np.isfinite(self.beta) and self.beta > 0):
            raise InputError(f"PatchKernels: beta must be positive, got {self.beta!r}")
        for name, choices in (("pool", POOLS), ("anchor", ANCHORS), ("strands", STRANDS)):
            value = getattr(self, name)
            if value not in choices:
                known = ", ".join(map(repr, choices))
                hint = did_you_mean(str(value), choices)
                raise InputError(
                    f"PatchKernels: {name} must be one of {known}, got {value!r}{hint}"
                )


def _draw_patches(encoded: EncodedSequences, k: int, n: int, rng: np.random.Generator) -> Floats:
    """Return up to n patches of known bases drawn at random, one-hot, of length 1, (n, 4 k)."""
    known = np.concatenate([[0], np.cumsum(encoded.codes < 4)])
    starts = np.arange(max(len(encoded.codes) - k + 1, 0))
    whole = known[starts + k] - known[starts] == k
    rows = np.searchsorted(encoded.offsets, starts, side="right")
    whole &= starts + k <= encoded.offsets[np.minimum(rows, len(encoded))]
    starts = starts[whole]
    if len(starts) > n:
        starts = np.sort(rng.choice(starts, size=n, replace=False))
    codes = encoded.codes[starts[:, None] + np.arange(k)]
    bases = (codes[:, :, None] == np.arange(4)).reshape(len(starts), 4 * k)
    return np.asarray(bases / np.sqrt(k), dtype=np.float64)


def _spherical_means(patches: Floats, n_anchors: int, rng: np.random.Generator) -> Floats:
    """Return centres of length 1 such that each patch is near one, shape (m, 4 k).

    Dhillon & Modha (2001), Machine Learning 42:143-175. With no more different
    patches than anchors, the patches themselves, in alphabetical order.
    """
    different = np.unique(patches, axis=0)[::-1]  # A before C, as A is 1000
    if len(different) <= n_anchors:
        return different
    centres = different[np.sort(rng.choice(len(different), size=n_anchors, replace=False))]
    for _ in range(N_ROUNDS):
        cosines = patches @ centres.T
        nearest = np.argmax(cosines, axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, patches)
        empty = np.flatnonzero(np.bincount(nearest, minlength=n_anchors) == 0)
        if len(empty):  # they move to the patches that are the least like any centre
            furthest = np.argsort(cosines.max(axis=1), kind="stable")[: len(empty)]
            sums[empty] = patches[furthest]
        centres = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return centres


def _turned(anchors: Floats) -> Floats:
    """Return the reverse complements of anchors, flat, as columns, shape (4 k, m)."""
    return anchors[:, ::-1, ::-1].reshape(len(anchors), -1).T


def _inverse_root(kernel: Floats) -> Floats:
    """Return the inverse square root of a kernel matrix, without its near-zero directions."""
    values, vectors = np.linalg.eigh((kernel + kernel.T) / 2)
    kept = values > FLOOR * values[-1]
    return np.asarray((vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T)


def _spelled(anchor: Any) -> str:
    """Return the letter with more than half of the weight at each place of an anchor, or n."""
    shares = anchor / np.maximum(anchor.sum(axis=1, keepdims=True), 1e-12)
    return "".join(BASES[row.argmax()] if row.max() > SHARPEST_LETTER else "n" for row in shares)
