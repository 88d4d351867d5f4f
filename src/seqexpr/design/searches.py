"""Which searches there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from seqexpr.design.evolve import search_by_evolution
from seqexpr.design.gradient import search_by_gradient
from seqexpr.design.greedy import search_greedily
from seqexpr.design.pool import Search
from seqexpr.errors import UnknownNameError, did_you_mean

__all__ = ["SEARCHES", "Method", "as_method"]

Method: TypeAlias = Literal["greedy", "evolve", "gradient"]

SEARCHES: dict[Method, Callable[[Search], None]] = {
    "greedy": search_greedily,
    "evolve": search_by_evolution,
    "gradient": search_by_gradient,
}


def as_method(name: str) -> Method:
    """Return a search by name.

    Raises
    ------
    UnknownNameError
        If there is no such search.

    Examples
    --------
    >>> as_method("greedy")
    'greedy'
    """
    known: tuple[Method, ...] = get_args(Method)
    for choice in known:
        if choice == name:
            return choice
    hint = did_you_mean(name, known) or ";"
    raise UnknownNameError(f"unknown search {name!r}{hint} known: {', '.join(known)}")
