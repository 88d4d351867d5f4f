"""Which column is what: named by the user, or recognised by the names the field uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqexpr.data.content import (
    looks_like_chromosomes,
    looks_like_dna,
    looks_like_groups,
    looks_like_split,
    looks_numeric,
)
from seqexpr.data.covariates import Kind, split_kinds
from seqexpr.data.vocabulary import (
    CHROMOSOME,
    ERROR_VARIANCE,
    GROUP,
    ID,
    N_REPLICATES,
    NOT_SEQUENCE,
    NOT_TARGET,
    READS,
    REPLICATE,
    SEQUENCE,
    SPLIT,
    STANDARD_DEVIATION,
    STANDARD_ERROR,
    TARGET,
    WEIGHT,
    Rank,
    plain_name,
)
from seqexpr.errors import ColumnError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnChoice", "ColumnRoles", "recognize_columns"]


@dataclass(frozen=True)
class ColumnRoles:
    """What each column of a table is.

    Attributes
    ----------
    sequence : str
        Column of the sequences.
    targets : tuple of str
        Columns of the measured values; empty for tables to predict on.
    id, weight, group, chromosome, split : str or None
        Columns of the row names, sample weights, groups, chromosomes and the
        user's own split.
    replicates, covariates : tuple of str
        Columns of replicate measurements and of further inputs.
    covariate_kinds : tuple of {"numeric", "categorical", None}
        How each covariate is read; None = by its values. Empty: all by their values.
    error, n_replicates, reads : str or None
        Columns of the error of the target, of the number of replicates behind
        a row, and of its read counts.
    """

    sequence: str
    targets: tuple[str, ...] = ()
    id: str | None = None
    weight: str | None = None
    replicates: tuple[str, ...] = ()
    group: str | None = None
    chromosome: str | None = None
    split: str | None = None
    covariates: tuple[str, ...] = ()
    covariate_kinds: tuple[Kind | None, ...] = ()
    error: str | None = None
    n_replicates: str | None = None
    reads: str | None = None


@dataclass(frozen=True)
class ColumnChoice:
    """Columns that the user named; None or empty = recognise it.

    Attributes
    ----------
    sequence, id, group, chromosome, weight, split, error, reads : str or None
        One column each.
    target, replicate, covariate : tuple of str
        Any number of columns. Covariates are never recognised, only named;
        "NAME:categorical" and "NAME:numeric" say how one is read.
    """

    sequence: str | None = None
    target: tuple[str, ...] = ()
    id: str | None = None
    group: str | None = None
    chromosome: str | None = None
    weight: str | None = None
    replicate: tuple[str, ...] = ()
    covariate: tuple[str, ...] = ()
    split: str | None = None
    error: str | None = None
    reads: str | None = None

    def named(self) -> tuple[str, ...]:
        """Return every column that was named."""
        single = (
            self.sequence, self.id, self.group, self.chromosome, self.weight, self.split,
            self.error, self.reads,
        )  # fmt: skip
        several = (*self.target, *self.replicate, *self.covariate)
        return (*(name for name in single if name is not None), *several)


def recognize_columns(
    frame: pd.DataFrame, choice: ColumnChoice, *, require_target: bool = True
) -> tuple[ColumnRoles, tuple[str, ...]]:
    """Say what each column is.

    Columns that `choice` names are taken. The others are recognised by name,
    then by content; a name that fits no better than another is an error.

    Parameters
    ----------
    frame : DataFrame
        The table as read.
    choice : ColumnChoice
        What the user named.
    require_target : bool
        Whether a table without a target is an error. If not, only the sequence
        and the names of the rows are recognised. Default True.

    Returns
    -------
    roles : ColumnRoles
        The columns.
    notes : tuple of str
        What was chosen, in words.

    Raises
    ------
    ColumnError
        If a named column is not there, or which one is meant is in doubt.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"Seq": ["ACGT"], "Expression Level": ["5.2"], "note": ["x"]})
    >>> roles, notes = recognize_columns(frame, ColumnChoice())
    >>> roles.sequence, roles.targets
    ('Seq', ('Expression Level',))
    >>> notes
    ("sequence: column 'Seq'", "target: column 'Expression Level'")
    """
    columns = [str(column) for column in frame.columns]
    names, kinds = split_kinds(choice.covariate, columns)
    choice = replace(choice, covariate=names)
    _check_named(frame, choice)
    finder = _Finder(frame, choice)
    sequence = choice.sequence or finder.sequence()
    targets = choice.target or (finder.targets() if require_target else ())
    roles = ColumnRoles(
        sequence,
        targets,
        id=choice.id or finder.names({sequence, *targets}),
        weight=choice.weight,
        replicates=choice.replicate,
        group=choice.group,
        chromosome=choice.chromosome,
        split=choice.split,
        covariates=choice.covariate,
        covariate_kinds=kinds,
    )
    if require_target:
        chromosome = roles.chromosome or finder.one(
            "chromosome", CHROMOSOME, looks_like_chromosomes
        )
        roles = replace(
            roles,
            weight=roles.weight or finder.one("weight", WEIGHT, looks_numeric),
            replicates=roles.replicates or finder.replicates(targets),
            group=roles.group or finder.one("group", GROUP, looks_like_groups),
            chromosome=chromosome,
            split=roles.split or finder.one("split", SPLIT, looks_like_split),
        )
        roles = replace(
            roles,
            n_replicates=finder.only("number of replicates", N_REPLICATES),
            reads=choice.reads or finder.only("reads", READS, option="--reads"),
        )
        roles = replace(roles, error=finder.error(roles, choice.error))
    return roles, (*_notes(roles, finder.reasons), *finder.unused)


def _check_named(frame: pd.DataFrame, choice: ColumnChoice) -> None:
    columns = [str(column) for column in frame.columns]
    for name in choice.named():
        if name not in columns:
            hint = did_you_mean(name, columns) or ";"
            raise ColumnError(f"no column {_short(name)}{hint} the columns are {_listed(columns)}")
    # A column is an input, a measurement or a weight; the same one twice is a slip.
    once = (choice.sequence, *choice.target, choice.weight, *choice.replicate, *choice.covariate)
    seen: set[str] = set()
    for column in once:
        if column is None:
            continue
        if column in seen:
            raise ColumnError(f"column {_short(column)} is named for two things; name it once")
        seen.add(column)


def _short(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:37] + "...")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_short(name) for name in names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12:,} more"


class _Finder:
    """Finds the columns that nobody named, one role after the other."""

    def __init__(self, frame: pd.DataFrame, choice: ColumnChoice) -> None:
        self._frame = frame
        self._plain: Mapping[str, str] = {str(c): plain_name(str(c)) for c in frame.columns}
        self._taken = set(choice.named())
        self.reasons: dict[str, str] = {}  # role -> why, where the name does not say it
        self.unused: list[str] = []

    def _free(self) -> list[str]:
        return [name for name in self._plain if name not in self._taken]

    def _matching(self, names: Iterable[str], pattern: str) -> list[str]:
        return [name for name in names if re.fullmatch(pattern, self._plain[name])]

    def _of_kind(self, names: Iterable[str], has: Callable[[Any], bool]) -> list[str]:
        return [name for name in names if has(self._frame[name])]

    def _take(self, names: Sequence[str]) -> tuple[str, ...]:
        self._taken.update(names)
        return tuple(names)

    def sequence(self) -> str:
        free = self._free()
        named: list[str] = []  # well-known names whose cells are no DNA
        for rank in SEQUENCE:
            matches = self._matching(free, rank.pattern)
            found = self._likely(self._of_kind(matches, looks_like_dna))
            if found:
                return self._decide("sequence", [*named, *found])[0]
            named += matches if rank.is_well_known else []
        found = self._likely(self._of_kind(free, looks_like_dna))
        if found and not named:
            self.reasons["sequence"] = "the only one that looks like DNA"
        if found or named:  # a well-known name is taken at its word, and the checks look at it
            return self._decide("sequence", [*named, *found])[0]
        raise ColumnError(
            f"no column looks like DNA; the columns are {_listed(list(self._plain))}; "
            "pass --sequence NAME"
        )

    def _likely(self, names: list[str]) -> list[str]:
        likely = [name for name in names if not re.fullmatch(NOT_SEQUENCE, self._plain[name])]
        return likely or names

    def _decide(self, role: str, found: Sequence[str]) -> tuple[str, ...]:
        """Take the only column, or ask which one is meant."""
        if len(found) > 1:
            option = "--split column:NAME" if role == "split" else f"--{role} NAME"
            raise ColumnError(f"which is the {role}: {_listed(found)}? pass {option}")
        return self._take(found)

    def targets(self) -> tuple[str, ...]:
        free = self._free()
        named: list[str] = []  # well-known names whose cells are no numbers
        for rank in TARGET:
            matches = self._matching(free, rank.pattern)
            found = self._of_kind(matches, looks_numeric)
            endings = {self._ending(rank, name) for name in found}
            if len(found) > 1 and not named and len(endings) == 1 and endings != {""}:
                self.reasons["targets"] = f"all that end in {endings.pop()}"
                return self._take(found)
            if found:
                return self._decide("target", [*named, *found])
            named += matches if rank.is_well_known else []
        found = self._unknown_numbers(free)
        if found and not named:
            self.reasons["target"] = "the only one with numbers"
        if found or named:
            return self._decide("target", [*named, *found])
        if numeric := self._of_kind(free, looks_numeric):
            raise ColumnError(f"is the target one of {_listed(numeric)}? pass --target NAME")
        if not free:
            raise ColumnError("there is no column of measured values beside the sequence")
        raise ColumnError(
            f"no column holds numbers; beside the sequence there are {_listed(free)}; "
            "pass --target NAME"
        )

    def _ending(self, rank: Rank, name: str) -> str:
        match = re.fullmatch(rank.pattern, self._plain[name])
        return (match.groupdict().get("ending") or "") if match else ""

    def _unknown_numbers(self, free: Sequence[str]) -> list[str]:
        """Return the numeric columns whose name does not say that they are something else."""
        known = "|".join((*ID, *WEIGHT, *GROUP, *CHROMOSOME, *SPLIT, REPLICATE, NOT_TARGET))
        others = [name for name in free if not re.fullmatch(known, self._plain[name])]
        return self._of_kind(others, looks_numeric)

    def replicates(self, targets: Sequence[str]) -> tuple[str, ...]:
        if len(targets) != 1:
            return ()
        target = re.escape(plain_name(targets[0]))
        pattern = f"{REPLICATE}|{target}_?{REPLICATE}|{REPLICATE}_?{target}"
        found = self._of_kind(self._matching(self._free(), pattern), looks_numeric)
        return self._take(found) if len(found) > 1 else ()

    def only(self, role: str, pattern: str, *, option: str = "") -> str | None:
        """Return the one column of a role that no run needs; of several, none, and a note."""
        found = self._of_kind(self._matching(self._free(), pattern), looks_numeric)
        if len(found) == 1:
            return self._take(found)[0]
        if found and option:
            self.unused.append(
                f"not taken as {role}: {_listed(found)}, for it is not clear which "
                f"({option} NAME takes one)"
            )
        return None

    def error(self, roles: ColumnRoles, chosen: str | None) -> str | None:
        """Return the column of the error of the target, where it is sure what it holds.

        Replicates say more than their deviation, which may stand on another
        scale than the target; so beside them a deviation is taken only if named.
        """
        if chosen is not None or len(roles.targets) != 1:
            return chosen
        found = self.only("standard error", STANDARD_ERROR, option="--error")
        if found or roles.replicates:
            return found
        name = self.only("standard deviation", STANDARD_DEVIATION)
        name = name or self.only("error variance", ERROR_VARIANCE)
        if name is None or roles.n_replicates is not None:
            return name
        self.unused.append(
            f"not taken as error: column {_short(name)}, for the number of replicates is not known "
            "(name its column n_replicates)"
        )
        return None

    def names(self, values: set[str]) -> str | None:
        """Return the column that names the rows; of several, the first.

        It may have another role too, such as group, but hold no `values`.
        """
        for pattern in ID:
            for name in self._matching(self._plain, pattern):
                if name not in values:
                    return name
        return None

    def one(self, role: str, ranks: Sequence[str], fits: Callable[[Any], bool]) -> str | None:
        """Return the column of a role that a table may have, if name and content agree."""
        option = "--split column:" if role == "split" else f"--{role} "
        for pattern in ranks:
            matches = self._matching(self._free(), pattern)
            found = self._of_kind(matches, fits)
            if found:
                return self._decide(role, found)[0]
            self.unused += [
                f"not taken as {role}: column {_short(name)}, whose cells do not look like it "
                f"({option}{name} takes it)"
                for name in matches
            ]
        return None


def _notes(roles: ColumnRoles, reasons: Mapping[str, str]) -> tuple[str, ...]:
    several = "targets" if len(roles.targets) > 1 else "target"
    parts = [
        ("sequence", (roles.sequence,)), (several, roles.targets), ("names", (roles.id,)),
        ("weight", (roles.weight,)), ("replicates", roles.replicates), ("group", (roles.group,)),
        ("chromosome", (roles.chromosome,)), ("split", (roles.split,)),
        ("covariates", roles.covariates), ("error of the target", (roles.error,)),
        ("number of replicates", (roles.n_replicates,)), ("reads", (roles.reads,)),
    ]  # fmt: skip
    notes = []
    for role, names in parts:
        named = [_short(name) for name in names if name is not None]
        if named:
            why = f" ({reasons[role]})" if role in reasons else ""
            notes.append(f"{role}: column{'s' * (len(named) > 1)} {', '.join(named)}{why}")
    return tuple(notes)
