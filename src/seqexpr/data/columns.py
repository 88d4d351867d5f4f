"""Which column is what: recognised by the names the field uses, or named by the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from seqexpr.errors import ColumnError, did_you_mean

__all__ = ["ColumnChoice", "ColumnRoles", "looks_like_dna", "looks_numeric", "recognize_columns"]

# Names are compared in lower case with everything but letters and digits as "_".
# The first rank that has a match wins.
_SEQUENCE = (
    ("sequence", "seq", "dna_sequence", "dna", "sequences", "nucleotide_sequence", "dna_seq"),
    ("promoter_sequence", "insert_sequence", "oligo_sequence", "variant_sequence",
     "construct_sequence", "promoter_seq", "oligo_seq", "utr", "utr_sequence"),
    ("promoter", "oligo", "insert", "construct", "variant", "element", "enhancer"),
)  # fmt: skip
_TARGET: tuple[tuple[str, ...], ...] = (
    ("expression", "expression_level", "mean_expression", "gene_expression", "expression_value"),
    ("log2_expression", "log_expression", "activity", "log2_activity", "mean_value", "log2fc",
     "log2_fc", "log2_fold_change", "enrichment", "log2_enrichment", r".+_log2_?fc",
     r".+_log2_enrichment", r".+_enrichment"),
    ("target", "value", "y", "measurement", "score", "label", "expr"),
)  # fmt: skip
_ID = ("id", "name", "identifier", "sequence_id", "seq_id", "oligo_id", "variant_id",
       "construct_id", "gene_id", "gene", "accession")  # fmt: skip
_WEIGHT = ("weight", "weights", "sample_weight")
_GROUP = ("group", "group_id", "family", "family_id", "cluster", "cluster_id", "locus")
_CHROMOSOME = ("chrom", "chromosome", "chr")
_SPLIT = ("split", "set", "fold", "fold_num", "fold_id", "partition")
_REPLICATE = re.compile(r"(rep|replicate)_?\d+")
_SPLIT_WORDS = re.compile(
    r"(tr|train|training|val|valid|validation|dev|test|testing|held_?-?out|eval|evaluation"
    r"|none|na|nan|unassigned|(fold[ _-]?)?\d{1,3}(\.0)?|)", re.IGNORECASE,
)  # fmt: skip
_DNA = re.compile(r"[ACGTURYSWKMBDHVN.\-\s]{4,}", re.IGNORECASE)
_SAMPLE = 200


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


@dataclass(frozen=True)
class ColumnChoice:
    """Columns that the user named; None or empty = recognise it.

    Attributes
    ----------
    sequence, id, group, chromosome, weight, split : str or None
        One column each.
    target, replicate, covariate : tuple of str
        Any number of columns.
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


def _plain(name: object) -> str:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", str(name).strip())
    return re.sub(r"[^0-9a-z]+", "_", spaced.lower()).strip("_")


def _sample(column: pd.Series[Any]) -> list[str]:
    values = column.dropna()
    step = max(1, len(values) // _SAMPLE)
    return [str(value) for value in values.iloc[::step].head(_SAMPLE)]


def looks_like_dna(column: pd.Series[Any]) -> bool:
    """Whether at least 95% of a sample of the cells are made of IUPAC letters.

    Examples
    --------
    >>> looks_like_dna(pd.Series(["ACGT", "ttgacN"])), looks_like_dna(pd.Series(["1.5", "2"]))
    (True, False)
    """
    cells = _sample(column)
    return bool(cells) and sum(bool(_DNA.fullmatch(c)) for c in cells) >= 0.95 * len(cells)


def looks_numeric(column: pd.Series[Any]) -> bool:
    """Whether at least half of a sample of the cells are numbers (decimal commas count).

    Examples
    --------
    >>> looks_numeric(pd.Series(["1", "2,5", "n/a"])), looks_numeric(pd.Series(["a", "b"]))
    (True, False)
    """
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return True
    cells = pd.Series([cell.replace(",", ".", 1) for cell in _sample(column)], dtype=object)
    numbers = pd.to_numeric(cells, errors="coerce")
    return len(cells) > 0 and float(numbers.notna().mean()) >= 0.5


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
        Whether a table without a target is an error. Default True.

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
    >>> frame = pd.DataFrame({"Seq": ["ACGT"], "Expression Level": ["5.2"], "rep1": ["5.0"]})
    >>> roles, notes = recognize_columns(frame, ColumnChoice())
    >>> roles.sequence, roles.targets, roles.replicates
    ('Seq', ('Expression Level',), ('rep1',))
    >>> notes[0]
    "sequence: column 'Seq'"
    """
    _check_named(frame, choice)
    plain = {str(column): _plain(column) for column in frame.columns}
    sequence = choice.sequence or _find_sequence(frame, plain)
    rest = {name: key for name, key in plain.items() if name != sequence}
    targets = choice.target
    if not targets and require_target:
        targets = _find_targets(frame, rest, choice)
    rest = {name: key for name, key in rest.items() if name not in targets}
    replicates = choice.replicate
    if not replicates and len(targets) == 1:
        replicates = tuple(name for name, key in rest.items() if _REPLICATE.fullmatch(key))
    roles = ColumnRoles(
        sequence=sequence,
        targets=targets,
        id=choice.id or _first(rest, _ID),
        weight=choice.weight or _first(rest, _WEIGHT),
        replicates=replicates,
        group=choice.group or _first(rest, _GROUP),
        chromosome=choice.chromosome or _first(rest, _CHROMOSOME),
        split=choice.split or _find_split(frame, rest),
        covariates=choice.covariate,
    )
    return roles, _notes(roles)


def _check_named(frame: pd.DataFrame, choice: ColumnChoice) -> None:
    named: Iterable[str | None] = (
        choice.sequence, *choice.target, choice.id, choice.group, choice.chromosome, choice.weight,
        *choice.replicate, *choice.covariate, choice.split,
    )  # fmt: skip
    columns = [str(column) for column in frame.columns]
    for name in named:
        if name is not None and name not in columns:
            hint = did_you_mean(name, columns) or ";"
            raise ColumnError(f"no column {name!r}{hint} the columns are {_listed(columns)}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def _first(plain: dict[str, str], known: Sequence[str]) -> str | None:
    for wanted in known:
        for name, key in plain.items():
            if key == wanted:
                return name
    return None


def _find_sequence(frame: pd.DataFrame, plain: dict[str, str]) -> str:
    for rank, known in enumerate(_SEQUENCE):
        found = [name for name, key in plain.items() if key in known]
        # A plain "sequence" is taken at its word; "promoter" may as well hold names.
        if rank > 0 or len(found) > 1:
            found = [name for name in found if looks_like_dna(frame[name])]
        if len(found) == 1:
            return found[0]
        if found:
            raise ColumnError(f"which is the sequence: {_listed(found)}? pass --sequence NAME")
    found = [name for name in plain if looks_like_dna(frame[name])]
    if len(found) == 1:
        return found[0]
    if found:
        raise ColumnError(f"which is the sequence: {_listed(found)}? pass --sequence NAME")
    raise ColumnError(
        f"no column looks like DNA; the columns are {_listed(list(plain))}; pass --sequence NAME"
    )


def _find_targets(
    frame: pd.DataFrame, plain: dict[str, str], choice: ColumnChoice
) -> tuple[str, ...]:
    for known in _TARGET:
        matches = {
            name: next(pattern for pattern in known if re.fullmatch(pattern, key))
            for name, key in plain.items()
            if any(re.fullmatch(pattern, key) for pattern in known)
        }
        numeric = [name for name in matches if looks_numeric(frame[name])]
        found = numeric or list(matches)
        if len(found) == 1 or (found and len({matches[name] for name in found}) == 1):
            return tuple(found)
        if found:
            raise ColumnError(f"which is the target: {_listed(found)}? pass --target NAME")
    taken = {choice.id, choice.weight, choice.group, choice.chromosome, choice.split}
    taken |= {*choice.replicate, *choice.covariate}
    known_roles = {
        *_ID,
        *_WEIGHT,
        *_GROUP,
        *_CHROMOSOME,
        *_SPLIT,
        "start",
        "end",
        "length",
        "index",
    }
    found = [
        name
        for name, key in plain.items()
        if name not in taken
        and key not in known_roles
        and not key.startswith("unnamed")
        and not _REPLICATE.fullmatch(key)
        and looks_numeric(frame[name])
    ]
    if len(found) == 1:
        return tuple(found)
    if found:
        raise ColumnError(f"which is the target: {_listed(found)}? pass --target NAME")
    others = _listed(list(plain)) if plain else "none beside the sequence"
    raise ColumnError(f"no column of measured values; the columns are {others}; pass --target NAME")


def _find_split(frame: pd.DataFrame, plain: dict[str, str]) -> str | None:
    for wanted in _SPLIT:
        for name, key in plain.items():
            if key != wanted:
                continue
            values = frame[name].dropna().astype(str).str.strip().unique()
            if 2 <= len(values) <= 100 and all(_SPLIT_WORDS.fullmatch(v) for v in values):
                return name
    return None


def _notes(roles: ColumnRoles) -> tuple[str, ...]:
    several = "targets" if len(roles.targets) > 1 else "target"
    parts = [
        ("sequence", (roles.sequence,)), (several, roles.targets), ("names", (roles.id,)),
        ("weight", (roles.weight,)), ("replicates", roles.replicates), ("group", (roles.group,)),
        ("chromosome", (roles.chromosome,)), ("split", (roles.split,)),
        ("covariates", roles.covariates),
    ]  # fmt: skip
    notes = []
    for role, names in parts:
        named = [repr(name) for name in names if name is not None]
        if named:
            notes.append(f"{role}: column{'s' * (len(named) > 1)} {', '.join(named)}")
    return tuple(notes)
