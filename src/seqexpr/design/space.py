"""The space of a search: the sequences of one length that a design may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from seqexpr.design._windows import (
    change_violations,
    count_violations,
    distances_after_changes,
    nearest_rows,
)
from seqexpr.design.constraints import Constraints
from seqexpr.design.sites import site_table
from seqexpr.sequences import BASES, encode, normalize

__all__ = [
    "FORBIDDEN",
    "VIOLATIONS",
    "Space",
    "decode",
    "gc_counts",
    "nearest_distances",
    "pad_codes",
]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

VIOLATIONS = (
    "forbidden sites", "runs of one base", "new start codons", "GC content of windows",
    "GC content", "number of changes", "distance to training",
)  # fmt: skip
"""What the columns of :meth:`Space.violations` count."""
FORBIDDEN = 1_000_000
"""Violations of a change that the template or a fixed stretch forbids, and of no change."""
PADDING = 5
_REPAIRS = 200
_LETTERS = np.frombuffer(BASES.encode(), dtype=np.uint8)


def decode(codes: Codes) -> list[str]:
    """Return base codes 0..3 as sequences.

    Examples
    --------
    >>> decode(np.array([[0, 1, 2, 3]], dtype=np.uint8))
    ['ACGT']
    """
    letters = _LETTERS[codes]
    return [row.tobytes().decode("ascii") for row in letters]


def pad_codes(codes: Codes, width: int) -> Codes:
    """Return codes with at least `width` columns; 5 stands after the end."""
    if codes.shape[1] >= width:
        return codes
    padded = np.full((len(codes), width), PADDING, dtype=np.uint8)
    padded[:, : codes.shape[1]] = codes
    return padded


def nearest_distances(codes: Codes, others: Codes, *, wanted: int | None = None) -> Ints:
    """Return how many bases differ from the nearest of other sequences.

    Parameters
    ----------
    codes, others : ndarray of uint8, shape (n, length) and (m, width)
        Base codes, 5 after the end.
    wanted : int, optional
        Distances from here on are this; by default one more than the longer width.

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> a, b = encode(["ACGT"]).codes[None], encode(["ACGA"]).codes[None]
    >>> nearest_distances(a, b).tolist()
    [1]
    """
    width = max(codes.shape[1], others.shape[1])
    nearest, which = np.zeros(len(codes), dtype=np.int64), np.zeros(len(codes), dtype=np.int64)
    limit = width + 1 if wanted is None else wanted
    nearest_rows(pad_codes(codes, width), pad_codes(others, width), limit, nearest, which)
    return nearest


@dataclass(frozen=True, eq=False)
class Space:
    """The sequences of one length that designs are sought among.

    Attributes
    ----------
    constraints : Constraints
        What they must keep to.
    starts : ndarray of uint8, shape (m, length)
        Base codes of the starts, 0..3.
    names : tuple of str, length m
        What the starts are called.
    allowed : ndarray of uint8, shape (m, length)
        Sets of the bases that each start's designs may have at a place (1 for A,
        2 for C, 4 for G, 8 for T, added).
    train : ndarray of uint8, shape (t, width), or None
        Base codes of the training sequences, where designs must be far from them.
    """

    constraints: Constraints
    starts: Codes
    names: tuple[str, ...]
    allowed: Codes
    train: Codes | None = field(default=None, repr=False)

    def take(self, rows: Sequence[int]) -> Space:
        """Return the space of some of the starts."""
        kept = list(rows)
        names = tuple(self.names[row] for row in kept)
        return Space(self.constraints, self.starts[kept], names, self.allowed[kept], self.train)

    @property
    def length(self) -> int:
        """Bases of every sequence."""
        return int(self.starts.shape[1])

    @cached_property
    def free(self) -> npt.NDArray[np.bool_]:
        """Which places may hold more than one base, shape (m, length)."""
        return np.asarray((self.allowed & (self.allowed - 1)) != 0)

    @cached_property
    def permitted(self) -> npt.NDArray[np.bool_]:
        """Which base may stand where, shape (m, 4, length)."""
        bits = np.arange(4, dtype=np.uint8)[:, None]
        return np.asarray((self.allowed[:, None, :] >> bits) & 1, dtype=bool)

    @cached_property
    def _rules(self) -> tuple[Codes, Ints, int, Codes, Ints]:
        """Return words, their sizes, the longest run, start codons and bounds of GC windows."""
        rules = self.constraints
        words, sizes = site_table(rules.sites)
        codons = encode(list(rules.start_codons)).codes.reshape(-1, 3)
        bounds = np.zeros(3, dtype=np.int64)
        if rules.gc_window is not None:
            low, high = gc_counts(rules.gc_window.width, rules.gc_window.low, rules.gc_window.high)
            bounds[:] = rules.gc_window.width, low, high
        return words, sizes, rules.max_homopolymer or 0, codons, bounds

    @property
    def gc_counts(self) -> tuple[int, int]:
        """Fewest and most G and C."""
        return gc_counts(self.length, *self.constraints.gc)

    @cached_property
    def flanks(self) -> tuple[Codes, Codes]:
        """As much of what stands beside as a window can reach into."""
        sizes, longest = self._rules[1:3]
        reach = max(int(sizes.max(initial=1)) - 1, longest, 2)
        left = encode([normalize(self.constraints.left_flank)]).codes
        right = encode([normalize(self.constraints.right_flank)]).codes
        return left[max(0, len(left) - reach) :], right[:reach]

    def _with_flanks(self, codes: Codes) -> Codes:
        left, right = (np.tile(flank, (len(codes), 1)) for flank in self.flanks)
        return np.ascontiguousarray(np.hstack([left, codes, right]))

    def _arrays(self, codes: Codes, origins: Ints) -> tuple[object, ...]:
        begin = len(self.flanks[0])
        own = self._with_flanks(self.starts[origins])
        return self._with_flanks(codes), own, begin, begin + self.length, *self._rules

    def violations(self, codes: Codes, origins: Ints) -> Ints:
        """Count what sequences violate.

        Parameters
        ----------
        codes : ndarray of uint8, shape (n, length)
            Base codes 0..3.
        origins : ndarray of int64, shape (n,)
            Which start each comes from.

        Returns
        -------
        ndarray of int64, shape (n, 7)
            By :data:`VIOLATIONS`: windows, or bases that are missing or too many.
            A sequence with 0 everywhere, and allowed bases, meets all constraints.
        """
        counts = np.zeros((len(codes), len(VIOLATIONS)), dtype=np.int64)
        windows = np.zeros((len(codes), 4), dtype=np.int64)
        count_violations(*self._arrays(codes, origins), windows)
        counts[:, :4] = windows
        counts[:, 4] = _excess(_strong(codes), *self.gc_counts)
        if self.constraints.max_changes is not None:
            changed = (codes != self.starts[origins]).sum(axis=1)
            counts[:, 5] = np.maximum(changed - self.constraints.max_changes, 0)
        wanted = self.constraints.train_distance
        if self.train is not None:
            counts[:, 6] = wanted - nearest_distances(codes, self.train, wanted=wanted)
        return counts

    def change_violations(self, codes: Codes, origins: Ints) -> Ints:
        """Count what sequences would violate after each change of a base.

        Parameters
        ----------
        codes, origins
            As for :meth:`violations`.

        Returns
        -------
        ndarray of int64, shape (n, 4, length)
            The sum over all kinds; :data:`FORBIDDEN` or more where a base may
            not stand, or stands already.
        """
        changes = np.zeros((len(codes), 4, self.length), dtype=np.int64)
        change_violations(*self._arrays(codes, origins), changes)
        changes += self.violations(codes, origins)[:, :4].sum(axis=1)[:, None, None]
        bases = np.arange(4, dtype=np.uint8)[:, None]
        gain = ((bases == 1) | (bases == 2)).astype(np.int64) - _is_strong(codes)[:, None, :]
        changes += _excess(_strong(codes)[:, None, None] + gain, *self.gc_counts)
        own = self.starts[origins]
        if self.constraints.max_changes is not None:
            differs = codes != own
            changed = differs.sum(axis=1)[:, None, None] - differs[:, None, :]
            changed = changed + (bases != own[:, None, :])
            changes += np.maximum(changed - self.constraints.max_changes, 0)
        if self.train is not None:
            width, wanted = max(self.length, self.train.shape[1]), self.constraints.train_distance
            nearest = np.zeros(changes.shape, dtype=np.int64)
            distances_after_changes(
                pad_codes(codes, width), pad_codes(self.train, width), wanted, nearest
            )
            changes += wanted - nearest
        is_none = codes[:, None, :] == bases
        changes[is_none | ~self.permitted[origins]] += FORBIDDEN
        return changes

    def is_permitted(self, codes: Codes, origins: Ints) -> npt.NDArray[np.bool_]:
        """Whether every base may stand where it stands, shape (n,)."""
        return np.asarray(((self.allowed[origins] >> codes) & 1).all(axis=1))

    def repair(self, codes: Codes, origins: Ints, *, rng: np.random.Generator) -> Codes:
        """Change single bases until constraints are met, where that can be done so.

        Of the changes that leave the fewest violations one is drawn, at most 200
        times.

        Parameters
        ----------
        codes, origins
            As for :meth:`violations`; not changed.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of uint8, shape (n, length)
            Some may still violate something.
        """
        repaired = codes.copy()
        rows = np.flatnonzero(self.violations(repaired, origins).any(axis=1))
        for _ in range(_REPAIRS):
            if not len(rows):
                break
            after = self.change_violations(repaired[rows], origins[rows])
            flat = after.reshape(len(rows), -1) + 0.5 * rng.random((len(rows), after[0].size))
            base, place = np.divmod(flat.argmin(axis=1), self.length)
            left = after[np.arange(len(rows)), base, place]
            can = left < FORBIDDEN
            repaired[rows[can], place[can]] = base[can]
            rows = rows[can & (left > 0)]
        return repaired


def gc_counts(width: int, low: float, high: float) -> tuple[int, int]:
    """Return the fewest and most G and C that shares allow; rounding is forgiven."""
    return int(np.ceil(low * width - 1e-9)), int(np.floor(high * width + 1e-9))


def _is_strong(codes: Codes) -> npt.NDArray[np.bool_]:
    return np.asarray((codes == 1) | (codes == 2))


def _strong(codes: Codes) -> Ints:
    return np.asarray(_is_strong(codes).sum(axis=1), dtype=np.int64)


def _excess(count: Ints, low: int, high: int) -> Ints:
    return np.maximum(np.maximum(low - count, count - high), 0)
