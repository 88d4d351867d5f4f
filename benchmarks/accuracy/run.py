"""Rerun the accuracy table: fit what is not fitted yet, score it, write the page.

    python -m benchmarks.accuracy --budget 20m
    python -m benchmarks.accuracy --systems networks    # with the extra deep
    python -m benchmarks.accuracy --systems grelu,crested    # after make .venv-peers/.made

Can be stopped at any time: each finished fit is a file, and is not fitted again without --redo.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.job import add_settings, to_seconds
from benchmarks.accuracy.page import PAGE, RESULTS, write_page
from benchmarks.accuracy.problems import PROBLEMS
from benchmarks.accuracy.results import NETWORKS, PEERS, RIVALS, Results
from benchmarks.accuracy.scoring import difference, score
from benchmarks.accuracy.sets import ROWS
from benchmarks.accuracy.systems import SYSTEMS

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PACKAGES = ("seqexpr", "numpy", "scikit-learn", "lightgbm", "FLAML", "xgboost", "catboost", "torch")
METRIC = {row.name: row.metric for row in ROWS}


def circumstances() -> dict[str, Any]:
    """Return when and on what a fit was made."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions,
    }


def fit(problem: str, system: str, *, results: Results, options: argparse.Namespace) -> float:
    """Fit in a process of its own; return its seconds, from its start to its end.

    Raises
    ------
    RuntimeError
        With the end of what the process said, if it failed.
    """
    out = results.of_predictions(problem, system)
    command = [
        sys.executable, "-m", "benchmarks.accuracy.job", problem, system, "--out", str(out),
        "--budget", results.budget_of(system), "--seed", str(results.seed),
        "--jobs", str(options.jobs),
        "--preset", results.preset, "--data", str(options.data),
    ]  # fmt: skip
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(options.jobs))
    # Threads that wait do not spin: beside other work on the same cores that costs tenfold.
    threads["OMP_WAIT_POLICY"] = "PASSIVE"
    started = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | threads, cwd=ROOT
    )
    if done.returncode:
        raise RuntimeError("\n".join(done.stderr.strip().splitlines()[-8:]))
    return time.perf_counter() - started


def predictions_of(path: Path) -> dict[str, Any]:
    """Return the predictions of a fit by the row of the table, and its facts."""
    with np.load(path) as file:
        content: dict[str, Any] = {name: file[name] for name in file.files}
    content["facts"] = json.loads(str(content["facts"]))
    return content


def record(
    name: str, system: str, *, results: Results, seconds: float, options: argparse.Namespace
) -> dict[str, Any]:
    """Score a fit, write its file and return the scores."""
    problem = PROBLEMS[name](options.data)
    content = predictions_of(results.of_predictions(name, system))
    scores = {
        row: score(test, content[row], metric=METRIC[row]) for row, test in problem.tests.items()
    }
    results.write(
        results.of_fit(name, system),
        {
            "problem": name,
            "system": system,
            "preset": None if system in (*RIVALS, *PEERS) else results.preset,
            "budget": results.budget_of(system),
            "seed": results.seed,
            "jobs": options.jobs,
            "wall_seconds": seconds,
            **circumstances(),
            **content["facts"],
            "scores": scores,
        },
    )
    return scores


def compare(
    name: str,
    ours: str = "seqexpr",
    rivals: Sequence[str] = RIVALS,
    *,
    results: Results,
    data: Path,
    anew: bool,
) -> None:
    """Compare our predictions with those rivals' that lie there; write the file.

    Comparisons that are there already are kept, unless something was fitted `anew`: then they are
    of other predictions. Those of rivals whose predictions are gone are
    then not known.
    """

    def lie_there(system: str) -> bool:
        files = (results.of_fit(name, system), results.of_predictions(name, system))
        return all(path.exists() for path in files)

    if anew:
        results.of_comparison(name, ours).unlink(missing_ok=True)
    found = results.read(results.of_comparison(name, ours)) or {}
    missing = [rival for rival in rivals if rival not in found and lie_there(rival)]
    if not missing or not lie_there(ours):
        return
    problem, own = PROBLEMS[name](data), predictions_of(results.of_predictions(name, ours))
    for rival in missing:
        theirs = predictions_of(results.of_predictions(name, rival))
        found[rival] = {
            row: difference(test, own[row], theirs[row], metric=METRIC[row])
            for row, test in problem.tests.items()
        }
    results.write(results.of_comparison(name, ours), found)


def _names(text: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
    return names


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    rows = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument(
        "--only", type=lambda text: _names(text, rows), default=rows, help=", ".join(rows)
    )
    parser.add_argument(
        "--systems",
        type=lambda text: _names(text, list(SYSTEMS)),
        default=["seqexpr", *RIVALS],
        help=", ".join(SYSTEMS),
    )
    parser.add_argument(
        "--networks-budget",
        default="30m",
        help="time of a fit of the system networks",
    )
    parser.add_argument(
        "--peers-budget", default="10m", help="time of each fit of the systems grelu and crested"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page is written")
    parser.add_argument("--redo", action="store_true", help="fit again what is there")
    add_settings(parser)
    parser.set_defaults(data=DATA)
    options = parser.parse_args(arguments)
    try:
        to_seconds(options.budget)
        to_seconds(options.networks_budget)
        to_seconds(options.peers_budget)
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    options.data, options.results = options.data.absolute(), options.results.absolute()
    if not options.data.is_dir():
        parser.error(f"no folder {options.data}; name that of the measured data with --data")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    results = Results(
        options.results, options.budget, options.seed, options.preset, options.networks_budget,
        options.peers_budget,
    )  # fmt: skip
    results.folder.mkdir(parents=True, exist_ok=True)
    wanted = {row.problem for row in ROWS if row.name in options.only}
    failed = []
    for name in (name for name in PROBLEMS if name in wanted):
        fitted = 0
        for system in options.systems:
            if results.of_fit(name, system).exists() and not options.redo:
                print(f"{name}, {system}: there already", flush=True)
                continue
            print(f"{name}, {system}: fitting", flush=True)
            try:
                seconds = fit(name, system, results=results, options=options)
            except RuntimeError as error:
                failed.append(f"{name}, {system}")
                print(f"{name}, {system}: FAILED\n{error}", flush=True)
                continue
            fitted += 1
            scores = record(name, system, results=results, seconds=seconds, options=options)
            for row, one in scores.items():
                text = f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
                print(f"  {row}: {one['metric']} {text}, {seconds:.0f} s", flush=True)
        given = {"results": results, "data": options.data, "anew": fitted > 0}
        compare(name, **given)
        compare(name, NETWORKS, ["seqexpr", *PEERS], **given)
    print(write_page(results, options.page))
    if failed:
        raise SystemExit(f"failed: {'; '.join(failed)}")
