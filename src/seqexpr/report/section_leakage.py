"""What the report says about relatives of test sequences in train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import figure_to_svg
from seqexpr.report.figures_leakage import FEW, identity_figure, similarity_figure
from seqexpr.report.sections import Picture
from seqexpr.report.words import count, number, percent, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["leakage_section"]

_METHODS = {
    "hamming": "Sequences were compared base by base, without gaps, on both strands.",
    "mmseqs": "Sequences were aligned by MMseqs2 on both strands; “none” is below its "
    "reach, roughly 70% identity, and not zero.",
}


def leakage_section(leakage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the sentences and figures of the audit of the split; None if it was not measured.

    Parameters
    ----------
    leakage : mapping or None
        ``leakage`` of an evaluation.
    """
    if not leakage:
        return None
    audit = leakage["audit"]
    near = _near(audit)
    pictures = [
        Picture(
            figure_to_svg(identity_figure(audit), name="identity", label=near),
            "How near the test sequences are to train",
            "Bars: test sequences by the identity to their nearest train sequence. Orange: near "
            "relatives.",
        )
    ]
    scored = [row for row in leakage["similarity"] if row["n"] >= FEW]
    if len(scored) > 1:
        pictures.append(
            Picture(
                figure_to_svg(
                    similarity_figure(scored),
                    name="similarity",
                    label="Correlation on test against identity to train",
                ),
                "Score against similarity",
                "Dots: the chosen model on the test sequences of each range of identity; lines: "
                "95% intervals. A score that rises to the right lives on relatives.",
            )
        )
    return {
        "text": near,
        "how": _METHODS[audit["method"]],
        "inflation": _inflation(leakage),
        "rows": _rows(leakage),
        "pictures": pictures,
    }


def _near(audit: Mapping[str, Any]) -> str:
    n, looked_at = int(audit["n_near"]), int(audit["n_looked_at"])
    of = count(looked_at) + (" sampled" if looked_at < audit["n_test"] else "")
    share = f" ({percent(n / looked_at)})" if n else ""
    verb = "has" if n == 1 else "have"
    return (
        f"{count(n) if n else 'None'} of {of} test sequences{share} {verb} a train sequence of at "
        f"least {percent(audit['min_identity'])} identity over at least "
        f"{percent(audit['min_coverage'])} of their length."
    )


def _inflation(leakage: Mapping[str, Any]) -> str:
    scores = leakage["inflation"]
    if not scores:
        reason = leakage["reason"]
        return sentence(f"There is no family-aware score to compare with: {reason}")
    r2 = next(score for score in scores if score["metric"] == "r2")
    if r2["difference"] is None:
        return ""
    if r2["low"] is not None and r2["low"] > 0:
        return (
            "On the train rows, folds drawn at random would make this model look better than folds "
            f"of whole families do: R² {number(r2['at_random'])} in place of "
            f"{number(r2['by_family'])}."
        )
    return (
        "On the train rows, folds drawn at random give this model no surely better score than "
        "folds of whole families do."
    )


def _rows(leakage: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the rows of the table: the same model with both kinds of folds."""
    rows = []
    for score in leakage["inflation"] or ():
        if score["difference"] is None:
            continue
        ends = ""
        if score["low"] is not None:
            ends = f"{number(score['low'])} to {number(score['high'])}"
        rows.append(
            {
                "metric": {"r2": "R²", "pearson": "Pearson r"}[score["metric"]],
                "at_random": number(score["at_random"]),
                "by_family": number(score["by_family"]),
                "difference": number(score["difference"]),
                "interval": ends,
                "n": count(int(score["n"])),
            }
        )
    return rows
