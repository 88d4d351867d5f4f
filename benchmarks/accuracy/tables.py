"""What the parts of docs/accuracy.md share: tables, differences and what was chosen."""

from __future__ import annotations

from typing import Any

NAMES = {"pearson": "r", "r2": "R²", "auroc": "AUROC"}
NOT_RUN = "not run"


def difference(one: dict[str, Any]) -> str:
    text = f"{one['value']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
    return f"**{text}**" if one["low"] > 0 or one["high"] < 0 else text


def chosen(fit: dict[str, Any]) -> str:
    notes = fit["notes"]
    text = f"`{notes['selected']}`"
    if "learners" in notes:
        text += f" of {', '.join(notes['learners'])}"
    if "candidates" in notes:
        text += f", the best of {notes['candidates']:,}"
    if notes.get("members"):
        text += f" and a sum of: {', '.join(notes['members'])}"
    return text


def table(head: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *lines])
