"""What the report says about the search: what was tried, what mattered, what is in the blend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqexpr.report.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    VERMILLION,
    WIDTH,
    figure_to_svg,
    new_axes,
    styled,
)
from seqexpr.report.sections import Picture
from seqexpr.report.words import count, duration, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

__all__ = ["importance_figure", "search_section", "trials_figure"]

_SHOWN = 12
"""Best trials that are listed."""
_COLOURS = (BLUE, ORANGE, VERMILLION, INK, "#009e73", "#cc79a7", "#56b4e9", "#f0e442")
_CHOICES = {
    "learner": "kind of model",
    "kmers": "k-mers",
    "gapped": "gapped k-mers",
    "positional": "places of k-mers",
    "onehot": "bases by position",
    "motifs": "motifs",
    "windows": "composition in windows",
    "patches": "patches",
    "pairs": "pairs of positions",
    "strands": "both strands as one",
}
_STATES = {
    "complete": "", "partial": "some folds", "pruned": "stopped early", "slow": "too slow",
    "failed": "failed",
}  # fmt: skip


def search_section(search: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what was tried and what mattered; None where there was no search.

    Parameters
    ----------
    search : mapping or None
        ``search`` of an evaluation.
    """
    if not search:
        return None
    tried = [trial for trial in search["trials"] if "learner" in trial["choices"]]
    scored = [trial for trial in tried if trial["r2"] is not None]
    best = sorted(scored, key=lambda trial: -trial["r2"])[:_SHOWN]
    text = _sentence(search)
    pictures = []
    if any(trial["fold_r2"] is not None for trial in tried):
        svg = figure_to_svg(trials_figure(search), name="trials", label=text)
        caption = (
            "Each dot: a candidate, in the order tried, with its R² on the first fold inside "
            "train; those that were stopped before it are not shown. Line: the best so far. "
            "Hollow: stopped after it."
        )
        pictures.append(Picture(svg, "What was tried", caption))
    if search["importance"]:
        svg = figure_to_svg(
            importance_figure(search), name="importance", label="Share of each choice"
        )
        caption = (
            "Share of the variance of these scores that each choice explains (functional analysis "
            "of variance over a random forest)."
        )
        pictures.append(Picture(svg, "What mattered", caption))
    return {
        "text": text,
        "pictures": pictures,
        "members": [
            {"title": member["title"], "weight": f"{member['weight']:.2f}"}
            for member in search["members"]
        ],
        "rows": [
            {"title": trial["title"], "r2": number(trial["r2"]), "time": duration(trial["seconds"])}
            for trial in best
        ],
        "failed": [
            {"title": trial["title"], "message": trial["message"]}
            for trial in tried
            if trial["state"] == "failed"
        ],
    }


@styled()
def trials_figure(search: Mapping[str, Any]) -> Figure:
    """Draw the score of each candidate in the order tried, and the best so far.

    Parameters
    ----------
    search : mapping
        ``search`` of an evaluation.

    Returns
    -------
    matplotlib.figure.Figure
        One dot for each candidate that reached a whole fold.
    """
    tried = [
        trial
        for trial in search["trials"]
        if "learner" in trial["choices"] and trial["fold_r2"] is not None
    ]
    kinds = list(dict.fromkeys(trial["choices"]["learner"] for trial in tried))
    colours = {kind: _COLOURS[i % len(_COLOURS)] for i, kind in enumerate(kinds)}
    figure, axes = new_axes(WIDTH, 300)
    best = [max(t["fold_r2"] for t in tried[: i + 1]) for i in range(len(tried))]
    places = [trial["trial"] for trial in tried]
    axes.step(places, best, where="post", color=GREY, linewidth=1.2, zorder=1)
    for kind in kinds:
        for hollow in (False, True):
            own = [t for t in tried if t["choices"]["learner"] == kind
                   and (t["state"] != "complete") == hollow]  # fmt: skip
            axes.plot(
                [t["trial"] for t in own], [t["fold_r2"] for t in own], "o", markersize=5,
                color=colours[kind], markerfacecolor="white" if hollow else colours[kind],
                label=None if hollow else kind.replace("_", " "),
            )  # fmt: skip
    low = max(min(t["fold_r2"] for t in tried), min(0.0, best[-1]) - 0.5 * abs(best[-1]))
    axes.set_ylim(bottom=low - 0.05 * abs(best[-1]) - 0.01)
    axes.set_xlabel("candidate, in the order tried")
    axes.set_ylabel("R² on the first fold inside train")
    axes.legend(loc="lower right", ncols=2)
    return figure


@styled()
def importance_figure(search: Mapping[str, Any]) -> Figure:
    """Draw how much of the variance of the scores each choice explains.

    Parameters
    ----------
    search : mapping
        ``search`` of an evaluation.

    Returns
    -------
    matplotlib.figure.Figure
        One bar for each choice, the most important on top.
    """
    rows = search["importance"][:8]
    figure, axes = new_axes(WIDTH, 62 + 26 * len(rows))
    axes.barh(range(len(rows)), [row["share"] for row in rows], color=BLUE, height=0.6)
    names = [_CHOICES.get(row["choice"], row["choice"]) for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(lambda value, _: percent(value))
    axes.set_xlabel("share of the variance of the scores")
    return figure


def _sentence(search: Mapping[str, Any]) -> str:
    text = (
        f"Within {duration(search['seconds'])} the search tried {count(search['n_trials'])} "
        "candidates on the train rows"
    )
    states = [
        f"{count(search[key])} {word}"
        for key, word in (("n_pruned", "were stopped early"), ("n_failed", "failed"))
        if search[key]
    ]
    text += f"; {' and '.join(states)}." if states else "."
    if search["n_resumed"]:
        text += f" {count(search['n_resumed'])} of them are from an interrupted run."
    if search["members"]:
        text += f" The blend adds up {count(len(search['members']))} of them."
    if search.get("stand_in"):
        quick = [t["title"] for t in search["trials"] if t["name"] == search.get("stand_in")]
        text += "".join(
            f" Controls, inflation and learning curve, which fit a model some dozen times, were "
            f"measured with “{title}” in its place."
            for title in quick
        )
    return text
