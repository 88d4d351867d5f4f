"""What the report says where many rows share the lowest value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.words import count, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["floor_section"]

_MEANING = {
    "auroc": (
        "AUROC",
        "How often a random active one is predicted above one at the floor; 0.5 is chance.",
    ),
    "average_precision": (
        "Average precision",
        "How clean the top of the list is if you look for active sequences; chance gives {share}.",
    ),
    "spearman_active": (
        "Spearman ρ among the active",
        "How well the active ones are put in order.",
    ),
}


def floor_section(floor: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the sentence and the rows of the table; None without a floor.

    Parameters
    ----------
    floor : mapping or None
        ``floor`` of an evaluation.
    """
    if not floor:
        return None
    n_floor, n_active = int(floor["n_floor"]), int(floor["n_active"])
    share = percent(n_active / (n_floor + n_active))
    rows = []
    for score in floor["scores"]:
        name, meaning = _MEANING[score["metric"]]
        ends = ""
        if score["low"] is not None:
            ends = f"{number(score['low'])} to {number(score['high'])}"
        value = "not defined" if score["value"] is None else number(score["value"])
        rows.append(
            {"name": name, "value": value, "interval": ends, "meaning": meaning.format(share=share)}
        )
    text = (
        f"{count(n_floor)} of {count(n_floor + n_active)} test sequences lie at the lowest value, "
        f"{number(floor['floor'])}. R² mixes which are active at all with how active they are; "
        "here are both, apart, for the chosen model."
    )
    return {"text": text, "rows": rows}
