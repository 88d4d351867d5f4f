"""What no search can do: constraints that contradict each other, told before it begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqexpr.design.sites import Site, base_sets
from seqexpr.design.space import Space, gc_counts
from seqexpr.sequences import BASES

__all__ = ["contradictions"]

Codes = npt.NDArray[np.uint8]

STRONG, WEAK = 2 + 4, 1 + 8
"""Sets of bases: C or G, and A or T."""


def contradictions(space: Space, start: int) -> list[str]:
    """Return what makes it impossible to design from a start, in words; empty if nothing is seen.

    What is seen is certain: a forbidden site, run or start codon that stands
    whatever the free bases are, GC content that free bases or changes cannot
    reach, more bases to change than may be. Constraints that only together leave
    no sequence are found by the search itself.

    Parameters
    ----------
    space : Space
        Starts and constraints.
    start : int
        Which start.

    Returns
    -------
    list of str
        Positions are counted from 1.
    """
    found = _forced_sites(space, start) + _forced_runs(space, start)
    found += _forced_codons(space, start) + _gc_content(space, start)
    rules = space.constraints
    must_change = _must_change(space, start)
    n_free = int(space.free[start].sum())
    if n_free == 0 and must_change == 0:
        found.append("nothing may change: the template and the fixed stretches hold every base")
    if rules.max_changes is not None and must_change > rules.max_changes:
        found.append(
            f"the template changes {must_change} bases of the start, "
            f"max_changes = {rules.max_changes}"
        )
    for name in ("train_distance", "distance"):
        wanted = getattr(rules, name) or 0
        most = n_free if name == "distance" else space.length
        if wanted > most:
            what = "bases are free" if name == "distance" else "bases are there"
            found.append(f"{name} = {wanted}, but only {most} {what}")
    return found


def _must_change(space: Space, start: int) -> int:
    own = (space.allowed[start] >> space.starts[start]) & 1
    return int((own == 0).sum())


def _sets_with_flanks(space: Space, start: int) -> tuple[Codes, int]:
    """Return sets of bases of flank, sequence, flank, and where the sequence begins."""
    one = [np.where(flank < 4, 1 << flank, 0).astype(np.uint8) for flank in space.flanks]
    return np.concatenate([one[0], space.allowed[start], one[1]]), len(one[0])


def _forced_sites(space: Space, start: int) -> list[str]:
    """Name each site that stands whatever the free bases are."""
    sets, begin = _sets_with_flanks(space, start)
    found = []
    for site in space.constraints.sites:
        place = _first_forced(sets, site, begin, begin + space.length)
        if place is not None:
            where = _place(place, begin, space.length)
            found.append(f"the site {_called(site)} stands {where}, whatever the free bases are")
    return found


def _first_forced(sets: Codes, site: Site, begin: int, end: int) -> tuple[int, int] | None:
    for word in site.words:
        wanted, size = base_sets(word), len(word)
        for first in range(max(0, begin - size + 1), min(end, len(sets) - size + 1)):
            here = sets[first : first + size]
            if here.all() and not (here & ~wanted).any():
                return first, first + size
    return None


def _called(site: Site) -> str:
    return site.name if site.name in site.words else f"of {site.name} ({site.words[0]})"


def _place(stretch: tuple[int, int], begin: int, length: int) -> str:
    first, last = stretch[0] - begin + 1, stretch[1] - begin
    across = " (across a flank)" if first < 1 or last > length else ""
    return f"at positions {first} to {last}{across}"


def _forced_runs(space: Space, start: int) -> list[str]:
    longest = space.constraints.max_homopolymer
    if longest is None:
        return []
    sets, begin = _sets_with_flanks(space, start)
    for first in range(max(0, begin - longest), min(begin + space.length, len(sets) - longest)):
        here = sets[first : first + longest + 1]
        if (here == here[0]).all() and here[0] in (1, 2, 4, 8):
            base = BASES[int(here[0]).bit_length() - 1]
            where = _place((first, first + longest + 1), begin, space.length)
            return [f"{longest + 1} {base} in a row stand {where}, max_homopolymer = {longest}"]
    return []


def _forced_codons(space: Space, start: int) -> list[str]:
    sets, begin = _sets_with_flanks(space, start)
    left, right = space.flanks
    own = np.concatenate([left, space.starts[start], right])
    for codon in space.constraints.start_codons:
        wanted = base_sets(codon)
        for first in range(max(0, begin - 2), min(begin + space.length, len(sets) - 2)):
            is_new = (1 << own[first : first + 3] != wanted).any()
            if is_new and (sets[first : first + 3] == wanted).all():
                where = _place((first, first + 3), begin, space.length)
                return [f"the template has the new start codon {codon} {where}"]
    return []


def _gc_content(space: Space, start: int) -> list[str]:
    sets, own = space.allowed[start], space.starts[start]
    always = (sets & WEAK) == 0
    ever = (sets & STRONG) != 0
    low, high = space.gc_counts
    rules, found = space.constraints, []
    if low > high:
        found.append(f"gc: no number of G and C among {space.length} bases lies in {rules.gc}")
    elif always.sum() > high or ever.sum() < low:
        found.append(
            f"gc: {low} to {high} of {space.length} bases are to be G or C, but the template and "
            f"the fixed stretches leave {always.sum()} to {ever.sum()}"
        )
    now = int(np.isin(own, (1, 2)).sum())
    away = max(low - now, now - high)
    if not found and rules.max_changes is not None and away > rules.max_changes:
        found.append(
            f"gc: the start has {now} G and C, {low} to {high} are allowed, and "
            f"max_changes = {rules.max_changes}"
        )
    return found + _gc_windows(space, always, ever)


def _gc_windows(
    space: Space, always: npt.NDArray[np.bool_], ever: npt.NDArray[np.bool_]
) -> list[str]:
    window = space.constraints.gc_window
    if window is None:
        return []
    if window.width > space.length:
        return [f"gc_window: windows of {window.width} bases, the sequences have {space.length}"]
    low, high = gc_counts(window.width, window.low, window.high)
    least = np.convolve(always, np.ones(window.width, dtype=int), "valid")
    most = np.convolve(ever, np.ones(window.width, dtype=int), "valid")
    bad = np.flatnonzero((least > high) | (most < low) | (low > high))
    if not len(bad):
        return []
    first = int(bad[0])
    found = (
        f"gc_window: {low} to {high} of {window.width} bases are to be G or C, but positions "
        f"{first + 1} to {first + window.width} leave {least[first]} to {most[first]}"
    )
    return [found]
