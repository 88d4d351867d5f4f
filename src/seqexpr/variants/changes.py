"""Changes of a wild type as people write them: A12T, del15-17, ins20:ACG, and what they give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seqexpr.errors import InputError
from seqexpr.sequences import BASES, IUPAC

__all__ = ["Change", "apply_changes", "parse_change", "parse_variant", "single_changes"]

_HOW = (
    "write A12T (base 12 becomes T), del15-17, ins20:ACG (after base 20), dup5-8 or inv5-8; "
    "bases count from 1"
)
_BASES = rf"[{IUPAC}U]"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("swap", rf"(?P<ref>{_BASES}*)(?P<first>\d+)(?P<alt>{_BASES}+)"),
        ("swap", rf"(?P<first>\d+)(?P<ref>{_BASES}+)>(?P<alt>{_BASES}+)"),
        ("del", rf"del(?P<first>\d+)(?:-(?P<last>\d+))?(?::?(?P<ref>{_BASES}+))?"),
        ("del", rf"(?P<first>\d+)(?:_(?P<last>\d+))?del(?P<ref>{_BASES}*)"),
        ("ins", rf"ins(?P<first>\d+):(?P<alt>{_BASES}+)"),
        ("ins", rf"(?P<first>\d+)_(?P<last>\d+)ins(?P<alt>{_BASES}+)"),
        ("delins", rf"(?P<first>\d+)(?:_(?P<last>\d+))?delins(?P<alt>{_BASES}+)"),
        ("dup", r"dup(?P<first>\d+)(?:-(?P<last>\d+))?"),
        ("dup", r"(?P<first>\d+)(?:_(?P<last>\d+))?dup"),
        ("inv", r"inv(?P<first>\d+)-(?P<last>\d+)"),
        ("inv", r"(?P<first>\d+)_(?P<last>\d+)inv"),
    )
)


@dataclass(frozen=True)
class Change:
    """Bases of a sequence that others take the place of.

    Attributes
    ----------
    start, end : int
        Which bases go, 0-based and half-open; equal for an insertion.
    alternative : str
        What stands there instead; for "dup" and "inv" empty, since it depends on
        the sequence.
    reference : str
        The bases that the change says are there; empty if it does not say.
    kind : {"swap", "del", "ins", "delins", "dup", "inv"}
        What it is.
    text : str
        As it was written.
    """

    start: int
    end: int
    alternative: str
    reference: str
    kind: str
    text: str


def parse_change(text: str) -> Change:
    """Read one change.

    Parameters
    ----------
    text : str
        ``A12T``, ``12A>T``, ``12T``; ``del15-17``, ``15_17del``; ``ins20:ACG`` and
        ``20_21insACG``, both after base 20; ``15_17delinsAC``; ``dup5-8``, ``5_8dup``;
        ``inv5-8``. Bases count from 1. A leading ``c.``, ``g.`` or ``n.`` is left
        away.

    Raises
    ------
    InputError
        If it is none of these, or the last base comes before the first.

    Examples
    --------
    >>> parse_change("A12T")
    Change(start=11, end=12, alternative='T', reference='A', kind='swap', text='A12T')
    >>> change = parse_change("20_21insACG")
    >>> change.start, change.end, change.alternative
    (20, 20, 'ACG')
    """
    plain = re.sub(r"^[cgn]\.", "", text.strip())
    for kind, form in _FORMS:
        match = form.fullmatch(plain)
        if match is None:
            continue
        parts = {key: (value or "") for key, value in match.groupdict().items()}
        return _change(kind, parts, text.strip())
    raise InputError(f"change {text.strip()!r} is not understood; {_HOW}")


def _change(kind: str, parts: dict[str, str], text: str) -> Change:
    reference, alternative = (
        parts.get(key, "").upper().replace("U", "T") for key in ("ref", "alt")
    )
    first = int(parts["first"])
    start = first - 1
    last = int(parts["last"]) if parts.get("last") else first
    if kind == "swap":
        end = start + max(len(reference), 1)
        if not reference and len(alternative) > 1:
            raise InputError(f"change {text!r}: say which bases go, as in ACG12TTT; {_HOW}")
    elif kind == "ins":
        if parts.get("last") and last != first + 1:
            raise InputError(f"change {text!r}: an insertion stands between two neighbours; {_HOW}")
        start = end = first
    else:
        end = last
    if start < 0:
        raise InputError(f"change {text!r}: there is no base 0; {_HOW}")
    if end < start:
        raise InputError(f"change {text!r}: base {last} does not come after base {first}; {_HOW}")
    return Change(start, end, alternative, reference, kind, text)


def parse_variant(text: str) -> tuple[Change, ...]:
    """Read the changes that one variant has together, joined by ``;`` or ``+``.

    Raises
    ------
    InputError
        If one is not understood, or there is none.

    Examples
    --------
    >>> [change.text for change in parse_variant("A12T; del15-17")]
    ['A12T', 'del15-17']
    """
    parts = [part for part in re.split(r"[;+]", text) if part.strip()]
    if not parts:
        raise InputError(f"a variant without a change; {_HOW}")
    return tuple(parse_change(part) for part in parts)


def apply_changes(wild_type: str, changes: Iterable[Change]) -> str:
    """Return the sequence with all changes, each in coordinates of the wild type.

    Parameters
    ----------
    wild_type : str
        Upper-case DNA.
    changes : iterable of Change
        In any order; they may not overlap.

    Raises
    ------
    InputError
        If a change lies outside, says another base than is there, or overlaps with
        another one.

    Examples
    --------
    >>> apply_changes("ACGTACGT", parse_variant("del2-3; T8A; ins4:GG"))
    'ATGGACGA'
    """
    ordered = sorted(changes, key=lambda change: (change.start, change.end))
    parts: list[str] = []
    done, before = 0, None
    for change in ordered:
        _check_fits(change, wild_type)
        if before is not None and (
            change.start < before.end or (change.start, change.end) == (before.start, before.end)
        ):
            raise InputError(f"{before.text} and {change.text} change the same place")
        parts += [wild_type[done : change.start], _replacement(change, wild_type)]
        done, before = change.end, change
    return "".join([*parts, wild_type[done:]])


def _check_fits(change: Change, wild_type: str) -> None:
    if change.end > len(wild_type):
        raise InputError(f"{change.text}: the sequence has {len(wild_type):,} bases")
    found = wild_type[change.start : change.end]
    if change.reference and found != change.reference:
        raise InputError(
            f"{change.text}: found {found} at base {change.start + 1}, not {change.reference}"
        )


def _replacement(change: Change, wild_type: str) -> str:
    from seqexpr.sequences import reverse_complement

    old = wild_type[change.start : change.end]
    if change.kind == "dup":
        return old * 2
    return reverse_complement(old) if change.kind == "inv" else change.alternative


def single_changes(wild_type: str) -> Sequence[str]:
    """Return every change of one base to another, in order: three for each base.

    An unknown base has none.

    Examples
    --------
    >>> single_changes("AN")
    ['A1C', 'A1G', 'A1T']
    """
    return [
        f"{base}{place}{other}"
        for place, base in enumerate(wild_type, start=1)
        if base in BASES
        for other in BASES
        if other != base
    ]
