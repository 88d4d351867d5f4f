"""Write docs/accuracy.md from the files of results alone.

python -m benchmarks.accuracy.page [--budget 20m] [--seed 0] [--preset best]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.accuracy.page_networks import of_others, with_networks
from benchmarks.accuracy.results import NETWORKS, RIVALS, Results
from benchmarks.accuracy.sets import ROWS, Row
from benchmarks.accuracy.tables import NAMES, NOT_RUN, chosen, difference, table

__all__ = ["PAGE", "RESULTS", "render", "write_page"]

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
RESULTS = Path(__file__).parent / "results"
TITLES = {"seqexpr": "seqexpr", "flaml": "FLAML", "hgb": "HGB"}
LEFT_OUT = {
    "unassigned": "rows are on neither side",
    "overlapping": "native promoters were left out for being among the train rows",
    "unmeasured": "rows have no value",
}

Fits = dict[tuple[str, str], dict[str, Any]]


def write_page(results: Results, page: Path = PAGE) -> Path:
    """Write the page; return where."""
    page.write_text(render(results), encoding="utf-8")
    return page


def render(results: Results) -> str:
    """Return the page; what was not run is said to be so."""
    fits: Fits = {}
    compared: dict[str, dict[str, Any]] = {}
    added: dict[str, dict[str, Any]] = {}
    networks: dict[str, dict[str, Any] | None] = {}
    for name in dict.fromkeys(row.problem for row in ROWS):
        compared[name] = results.read(results.of_comparison(name)) or {}
        added[name] = results.read(results.of_comparison(name, NETWORKS)) or {}
        networks[name] = results.read(results.of_fit(name, NETWORKS))
        for system in TITLES:
            fit = results.read(results.of_fit(name, system))
            if fit is not None:
                fits[name, system] = fit
    parts = [
        "# Accuracy",
        *_opening(fits, results),
        _scores(fits, results),
        *_reading(),
        "## Differences on the same rows",
        (
            "seqexpr less the rival, with the 95% interval over resamples in which both are scored "
            "on the same rows; bold where it leaves out 0. Last, seqexpr's score as a share of the "
            "ceiling, where the noise is known."
        ),
        _differences(fits, compared),
        "## With networks",
        *with_networks(networks, added, results),
        "## Networks of others",
        *of_others(results),
        "## What it cost",
        (
            "Seconds of the whole process, start, reading and predicting included, and the peak "
            "memory in MiB of the process and its largest child."
        ),
        _costs(fits),
        "## How each was split, and what limits it",
        *[_about(row, fits) for row in ROWS],
    ]
    return "\n\n".join(parts) + "\n"


def _opening(fits: Fits, results: Results) -> list[str]:
    """Say by which command, when and on what the page was made."""
    command = "make accuracy"
    same = f"python -m benchmarks.accuracy --budget {results.budget}"
    same += f" --seed {results.seed}" if results.seed else ""
    same += f" --preset {results.preset}" if results.preset != "best" else ""
    text = f"One command makes this page, or `{command}`, which installs what it needs first:"
    block = f"```\n{same}\n```"
    if not fits:
        return [text, block, "Nothing was run yet."]
    known = list(fits.values())

    def each(key: str) -> str:
        return ", ".join(sorted({str(fit[key]) for fit in known}))

    dates = sorted({fit["date"] for fit in known})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    versions = sorted(
        {f"{name} {v}" for fit in known for name, v in fit["versions"].items() if v is not None}
    )
    where = (
        f"{when}, {each('cores')} cores of which {each('jobs')} were used, {each('machine')}, "
        f"Python {each('python')}, {', '.join(versions)}. {len(fits)} of "
        f"{len(TITLES) * len({row.problem for row in ROWS})} fits were run."
    )
    return [text, block, where]


def _scores(fits: Fits, results: Results) -> str:
    ours = f"seqexpr {results.preset}"
    head = ["data", "plain attempt", "published", "reach", ours, "FLAML", "HGB", "ceiling", "time"]
    lines = []
    for row in ROWS:
        mine = fits.get((row.problem, "seqexpr"))
        seconds = NOT_RUN if mine is None else f"{mine['wall_seconds'] / 60:.1f} min"
        cells = [
            f"{row.title}, {NAMES[row.metric]}",
            row.plain,
            row.published,
            _reach(row, fits),
            *[_score(row, fits, system) for system in TITLES],
            _ceiling(row, fits),
            seconds,
        ]
        lines.append(cells)
    return table(head, lines)


def _any_score(row: Row, fits: Fits) -> dict[str, Any] | None:
    """Return the score of whichever system was run: the ceiling is the same for all."""
    scores = (_score_of(row, fits, system) for system in TITLES)
    return next((score for score in scores if score is not None), None)


def _score_of(row: Row, fits: Fits, system: str) -> dict[str, Any] | None:
    fit = fits.get((row.problem, system))
    return None if fit is None else fit["scores"][row.name]


def _score(row: Row, fits: Fits, system: str) -> str:
    score = _score_of(row, fits, system)
    if score is None:
        return NOT_RUN
    text = f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"
    return f"**{text}**" if system == "seqexpr" and _is_reached(row, score) else text


def _needed(row: Row, score: dict[str, Any] | None) -> float | None:
    """Return the score to reach; None where it hangs on a ceiling that is not known."""
    if not row.of_ceiling:
        return row.reach
    ceiling = score and score["ceiling"]
    return ceiling and row.reach * ceiling["value"]


def _is_reached(row: Row, score: dict[str, Any]) -> bool:
    needed = _needed(row, score)
    return needed is not None and score["value"] >= needed


def _reach(row: Row, fits: Fits) -> str:
    if not row.of_ceiling:
        return f"{row.reach:.2f}"
    needed = _needed(row, _any_score(row, fits))
    text = f"{row.reach:.0%} of the ceiling"
    return text if needed is None else f"{needed:.3f} ({text})"


def _ceiling(row: Row, fits: Fits) -> str:
    score = _any_score(row, fits)
    if score is None:
        return NOT_RUN
    ceiling = score["ceiling"]
    if ceiling is None:
        return "not known"
    if ceiling["low"] is None:
        return f"{ceiling['value']:.3f}"
    return f"{ceiling['value']:.3f} [{ceiling['low']:.3f}, {ceiling['high']:.3f}]"


def _reading() -> list[str]:
    return [
        (
            "Scores on the test rows with 95% bootstrap intervals, bold where seqexpr reaches what "
            "was to be reached. Plain attempts (untuned models, 1- to 5-mers unless it says "
            "one-hot) and published scores are quoted, not rerun. The ceiling is what a perfect "
            "model would score, given the noise of the measurements. Time is that of seqexpr."
        ),
        (
            "Every system gets the same train rows and the same time for all it does up to the "
            "final model, and none sees the test rows. seqexpr gets sequences, and finds features "
            "by itself. The rivals get the counts of all 1- to 5-mers (1,364 columns): FLAML "
            "(AutoML over the learners it takes by itself, as far as they are installed; they are "
            "named below) as a sparse matrix, and HGB (scikit-learn's "
            "HistGradientBoostingRegressor, tuned by random search in three folds, the defaults "
            "first) as a dense one, since it takes no other. Where there are groups, every "
            "system's folds keep them whole. Replicates, errors and read counts are used for the "
            "ceilings alone."
        ),
        (
            "The rivals of `urtecho`, `lafleur`, `lafleur_no` and `kuo` ran beside other work, and "
            "had 1.0 to 1.5 of the two cores on average (FLAML on `urtecho` the least); on an idle "
            "machine they may score somewhat higher."
        ),
    ]


def _differences(fits: Fits, compared: dict[str, dict[str, Any]]) -> str:
    head = ["data", *[f"against {TITLES[rival]}" for rival in RIVALS], "share of the ceiling"]
    lines = []
    for row in ROWS:
        cells = [f"{row.title}, {NAMES[row.metric]}"]
        for rival in RIVALS:
            one = compared[row.problem].get(rival, {}).get(row.name)
            cells.append(NOT_RUN if one is None else difference(one))
        score = _score_of(row, fits, "seqexpr")
        cells.append(NOT_RUN if score is None else _share(score["ceiling"]))
        lines.append(cells)
    return table(head, lines)


def _share(ceiling: dict[str, Any] | None) -> str:
    if ceiling is None or ceiling["share"] is None:
        return "not known"
    text = f"{ceiling['share']:.1%}"
    if ceiling["share_low"] is None:
        return text
    return f"{text} [{ceiling['share_low']:.1%}, {ceiling['share_high']:.1%}]"


def _costs(fits: Fits) -> str:
    lines = []
    for name in dict.fromkeys(row.problem for row in ROWS):
        cells = [f"`{name}`"]
        for system in TITLES:
            fit = fits.get((name, system))
            cells.append(
                NOT_RUN if fit is None else f"{fit['wall_seconds']:,.0f} s, {fit['peak_mib']:,.0f}"
            )
        lines.append(cells)
    return table(["model", *TITLES.values()], lines)


def _about(row: Row, fits: Fits) -> str:
    """Return the paragraph of a row: its split with the numbers of rows, its limits, the models."""
    text = [f"**{row.title}** (`{row.name}`).", row.split]
    score = _any_score(row, fits)
    fit = next((fits[key] for key in fits if key[0] == row.problem), None)
    if score is None or fit is None:
        text.append("Not run yet.")
    else:
        text.append(f"{fit['n_train']:,} rows train, {score['n']:,} test.")
        for reason, n in fit["left_out"].items():
            # The overlap is that of the native promoters, and none of the random ones.
            if reason != "overlapping" or row.name == "yeast_native":
                text.append(f"{n:,} {LEFT_OUT[reason]}.")
        if score["ceiling"] is not None:
            text.append(f"Noise: {score['ceiling']['method']}.")
    text.append(row.limits)
    models = [
        f"{TITLES[system]} {chosen(fits[row.problem, system])}"
        for system in TITLES
        if (row.problem, system) in fits
    ]
    if models:
        text.append(f"Chosen: {'; '.join(models)}.")
    return " ".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="20m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", default="best")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    results = Results(options.results, options.budget, options.seed, options.preset)
    print(write_page(results, options.page))


if __name__ == "__main__":
    main()
