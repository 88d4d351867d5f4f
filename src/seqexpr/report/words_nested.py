"""What the report says of a run by nested cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqexpr.report.words import number

if TYPE_CHECKING:
    from seqexpr.report.facts import TargetFacts

__all__ = ["folds_in_words", "gap_in_words", "is_nested"]


def is_nested(split: Mapping[str, Any]) -> bool:
    """Whether every row was tested, by nested cross-validation.

    Examples
    --------
    >>> is_nested({"strategy": "random"})
    False
    """
    return split.get("scheme") == "nested"


def folds_in_words(split: Mapping[str, Any]) -> str:
    """Return how often the rows were dealt, and which models were chosen in the folds.

    Examples
    --------
    >>> folds_in_words({"n_folds": 5, "repeats": 1, "chosen": [{"model": "ridge", "times": 5}]})
    '5, drawn 1 times; for each of the 5 the model was chosen inside the other rows: ridge (5)'
    """
    times = [f"{row['model']} ({row['times']})" for row in split.get("chosen") or ()]
    folds, repeats = int(split["n_folds"]), int(split["repeats"])
    return (
        f"{folds}, drawn {repeats} times; for each of the {folds * repeats} the model was chosen "
        f"inside the other rows: {', '.join(times)}"
    )


def gap_in_words(facts: TargetFacts) -> str:
    """Return what choosing among models adds to the out-of-fold R²; "" if nothing."""
    test, inside = facts.score("r2"), facts.score("r2", set="validation")
    if not facts.is_nested or test is None or inside is None:
        return ""
    if test.value is None or inside.value is None or test.value >= inside.value:
        return ""
    return (
        f"The score on test, R² {number(test.value)}, is that of the whole procedure: in each fold "
        "the model was chosen anew, without the rows that it then predicted. The same rows, "
        f"predicted by the model that was chosen with all of them, give R² {number(inside.value)}, "
        "which flatters."
    )
