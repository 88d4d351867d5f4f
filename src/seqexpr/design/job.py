"""The steps of a design job: read, start, search, choose, add controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.bundle import sequence_digests
from seqexpr.design.constraints import Constraints
from seqexpr.design.controls import scramble, usable_starts
from seqexpr.design.objective import Judge
from seqexpr.design.pool import Candidates, Clock, Pool, Search, choose_diverse
from seqexpr.design.space import Space, decode, pad_codes
from seqexpr.design.starts import Starts, best_measured, draw_random, make_spaces, read_starts
from seqexpr.design.table import Rows
from seqexpr.design.training import Measured, read_measured
from seqexpr.errors import InputError

__all__ = ["Job"]

STARTS_A_DESIGN = 2
"""Random and measured starts for each design."""


class Job:
    """A design job.

    Parameters
    ----------
    judge : Judge
        Model and objective.
    constraints : Constraints
        What designs must keep to.
    n : int
        Designs that are wanted.
    rng : numpy.random.Generator
        Source of randomness.
    clock : Clock
        When to stop, and who is told.

    Attributes
    ----------
    notes, warnings : list of str
        What was assumed; what fell short.
    distance : int
        Fewest bases that differ between two designs.
    """

    def __init__(
        self,
        judge: Judge,
        constraints: Constraints,
        *,
        n: int,
        rng: np.random.Generator,
        clock: Clock,
    ) -> None:
        self.judge, self.constraints, self.n = judge, constraints, n
        self.rng, self.clock = rng, clock
        self.measured: Measured | None = None
        self.distance = 1
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self._pools: list[Pool] = []

    def read(self, table: Any, *, must: bool) -> None:
        """Read what was measured; if it must be there, raise where it is not."""
        self.clock.tell("reading what was measured", 0, 0)
        try:
            self.measured = read_measured(self.judge.bundle, table)
        except InputError as error:
            if must:
                raise
            self.notes.append(f"{error}; distances to training are not known")
            return
        missing, known = self.measured.n_missing, len(self.judge.bundle.train_digests)
        if missing and self.constraints.train_distance > 1:
            raise InputError(
                f"train_distance = {self.constraints.train_distance}: {self.measured.source} lacks "
                f"{missing:,} of the {known:,} training sequences, so the distance to these cannot "
                "be known; name the table that the model was trained on with --from TABLE"
            )
        if missing:
            self.notes.append(
                f"{self.measured.source} lacks {missing:,} of the {known:,} training sequences; "
                "train_distance is to the others"
            )

    @property
    def train_codes(self) -> npt.NDArray[np.uint8] | None:
        """Base codes of the training sequences, where they are at hand."""
        if self.measured is None or not self.measured.is_train.any():
            return None
        return self.measured.train_codes

    def find_starts(self, start: Any, length: int | None) -> Starts:
        """Return what a search starts from."""
        if isinstance(start, str) and start == "auto":
            start = "random" if self.measured is None else "measured"
        template = self.constraints.template
        wanted = length or (len(template) if template else None)
        if isinstance(start, str) and start == "random":
            n = STARTS_A_DESIGN * self.n
            return draw_random(
                self.judge.bundle, self.constraints, n=n, length=wanted, rng=self.rng
            )
        if isinstance(start, str) and start == "measured" and self.measured is not None:
            self.clock.tell("looking for the best measured sequences", 0, 0)
            n = STARTS_A_DESIGN * self.n
            return best_measured(self.judge, self.measured, n=n, length=wanted, rng=self.rng)
        if length is not None:
            raise InputError(f"length = {length}: starts that are given have their own length")
        return read_starts(start)

    def make_spaces(self, starts: Starts) -> list[Space]:
        """Return one space for each length, and settle how far apart designs are."""
        train = self.train_codes if self.constraints.train_distance > 1 else None
        spaces, notes = make_spaces(starts, self.constraints, train=train, rng=self.rng)
        self.warnings += notes
        self.distance = self.constraints.distance or min(
            max(1, min(space.length // 20, int(space.free.sum(axis=1).max()), _most(space)))
            for space in spaces
        )
        self._check_lengths(spaces)
        return spaces

    def _check_lengths(self, spaces: list[Space]) -> None:
        """Refuse lengths that no design in the domain can have, before the search."""
        read = self.judge.bundle.manifest.input
        for space in spaces:
            if read.min_length <= space.length <= read.max_length:
                continue
            trained = f"{read.min_length:,} to {read.max_length:,}"
            if read.min_length == read.max_length:
                trained = f"{read.min_length:,}"
            outside = not self.judge.judge(decode(space.starts)).is_inside.any()
            if outside and self.judge.objective.in_domain:
                raise InputError(
                    f"starts of {space.length:,} bases lie outside of the training domain, since "
                    f"the model was trained on {trained} bases; take that length, or pass "
                    "--outside-domain"
                )
            self.warnings.append(
                f"starts of {space.length:,} bases; the model was trained on {trained}"
            )

    def run(
        self, search: Callable[[Search], None], space: Space, iterations: int | None
    ) -> Candidates | None:
        """Search one space, and return the best candidates."""
        pool = Pool(space)
        self._pools.append(pool)
        search(
            Search(
                space,
                self.judge,
                pool,
                n=self.n,
                distance=self.distance,
                rng=self.rng,
                iterations=iterations,
                clock=self.clock,
            )
        )
        if self.clock.is_over:
            self.warnings.append("the time was up before the search had ended")
        return pool.best()

    def choose(self, found: list[Candidates | None]) -> list[Rows]:
        """Choose designs over all spaces, best first, apart from each other, none trained on."""
        self.clock.tell("choosing", 0, 0)
        spaces = [pool.space for pool in self._pools]
        width = max(space.length for space in spaces)
        codes, scores, where = [], [], []
        for number, some in enumerate(found):
            if some is None:
                continue
            is_new = ~np.isin(sequence_digests(decode(some.codes)), self.judge.bundle.train_digests)
            rows = np.flatnonzero(is_new)
            codes.append(pad_codes(some.codes[rows], width))
            scores.append(some.judged.score[rows])
            where += [(number, row) for row in rows.tolist()]
        if not where:
            raise InputError(self._why_none())
        chosen = choose_diverse(
            np.concatenate(codes), np.concatenate(scores), n=self.n, distance=self.distance
        )
        if len(chosen) < self.n:
            self.warnings.append(
                f"{len(chosen):,} of {self.n:,} designs: no more were found that differ from each "
                f"other by {self.distance} bases or more (--distance), and meet all constraints"
            )
        return self._rows([where[i] for i in chosen.tolist()], found, spaces)

    def _rows(
        self, chosen: list[tuple[int, int]], found: list[Candidates | None], spaces: list[Space]
    ) -> list[Rows]:
        """Return the chosen ones space by space, numbered by rank over all."""
        digits = max(2, len(str(len(chosen))))
        parts = []
        for number, (space, some) in enumerate(zip(spaces, found, strict=True)):
            mine = [(rank, row) for rank, (of, row) in enumerate(chosen, 1) if of == number]
            if some is None or not mine:
                continue
            rows = np.array([row for _, row in mine])
            ids = tuple(f"design_{rank:0{digits}d}" for rank, _ in mine)
            parts.append(Rows(space, some.codes[rows], some.origins[rows], ids, "design"))
        return parts

    def _why_none(self) -> str:
        """Say what stood in the way."""
        refused: Counter[str] = Counter()
        for pool in self._pools:
            refused += pool.refused
        most = [f"{what} ({count:,})" for what, count in refused.most_common(3) if count]
        reasons = f": most were refused for {', '.join(most)}" if most else ""
        loosen = "loosen these, start elsewhere (--start), or search longer (--iterations)"
        return f"no design was found among {self.judge.n_judged:,} sequences{reasons}; {loosen}"

    def add_controls(self, designs: list[Rows], n: int) -> list[Rows]:
        """Return scrambles of the best designs and the starts of all, at most n of each."""
        added: list[Rows] = []
        n_scrambles, n_starts, unusable = 0, 0, 0
        for rows in designs:
            few = rows.codes[: max(0, n - n_scrambles)], rows.origins[: max(0, n - n_scrambles)]
            codes, good = scramble(rows.space, *few, rng=self.rng)
            ids = tuple(f"scramble_{n_scrambles + i + 1:02d}" for i in range(int(good.sum())))
            added.append(Rows(rows.space, codes[good], few[1][good], ids, "control:scramble"))
            n_scrambles += len(ids)
        for rows in designs:
            fine, bad = usable_starts(rows.space, rows.origins)
            fine = fine[: max(0, n - n_starts)]
            ids = tuple(f"start_{n_starts + i + 1:02d}" for i in range(len(fine)))
            added.append(Rows(rows.space, rows.space.starts[fine], fine, ids, "control:start"))
            n_starts, unusable = n_starts + len(ids), unusable + len(bad)
        if n_scrambles < min(n, sum(len(rows.codes) for rows in designs)):
            self.warnings.append(
                f"{n_scrambles:,} scrambles: no more shuffles were found that meet all constraints"
            )
        if unusable and n_starts < n:
            self.warnings.append(
                f"{unusable:,} start sequences are no controls, since they violate constraints "
                "(sites, runs, start codons or GC content)"
            )
        return added

    def best_start(self, spaces: list[Space]) -> float | None:
        """Return the bound of the best start; None without intervals."""
        best: tuple[float, float] | None = None
        for space in spaces:
            judged = self.judge.judge(decode(space.starts))
            top = int(judged.rank.argmax())
            bounds = self.judge.objective.measure(judged.lower, judged.upper)
            found = (float(judged.rank[top]), float(bounds[top]))
            best = found if best is None else max(best, found)
        return None if best is None or not np.isfinite(best[1]) else best[1]

    def in_words(self) -> str:
        """Say what is sought."""
        objective, names = self.judge.objective, self.judge.bundle.target_names
        target = names[self.judge.views[0].target]
        by = "its bound" if objective.by == "bound" else "the prediction"
        where = "in the training domain" if objective.in_domain else "anywhere"
        if objective.goal == "separate":
            first, other = self.judge.views
            beside = names[other.target]
            if other.target == first.target and other.beside is not None:
                row = other.beside.frame.iloc[0].items()
                beside = f"itself under {', '.join(f'{name}={value}' for name, value in row)}"
            what = f"raise {target} against {beside}"
        elif objective.goal == "value":
            what = f"bring {target} to {objective.value:g}"
        else:
            what = f"{'raise' if objective.goal == 'max' else 'lower'} {target}"
        return f"{what}, by {by}, {where}"


def _most(space: Space) -> int:
    changes = space.constraints.max_changes
    return space.length if changes is None else changes
