"""One fit in a process of its own, so that its time and its memory are its own.

    python -m benchmarks.accuracy.job PROBLEM SYSTEM --budget 20m --out PREDICTIONS.npz …

Writes the predictions, and what is known of the fit as a JSON string beside them in the same file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.accuracy.problems import PROBLEMS
from benchmarks.accuracy.systems import SYSTEMS, Settings
from seqexpr.files import atomic_path

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def to_seconds(budget: str) -> float:
    """Return the seconds of "90s", "20m" or "1h"."""
    try:
        return float(budget[:-1]) * _UNITS[budget[-1:]]
    except (KeyError, ValueError):
        raise argparse.ArgumentTypeError(f"{budget!r} is not like 90s, 20m or 1h") from None


def peak_mib() -> float:
    """Return the peak memory of this process and its largest child, added up, in MiB."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(one).ru_maxrss for one in who) * unit / 2**20


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that the command and its processes share."""
    parser.add_argument("--budget", default="20m", help="time of each fit: 90s, 20m, 1h")
    parser.add_argument("--seed", type=int, default=0, help="of the fits; splits never change")
    parser.add_argument("--jobs", type=int, default=2, help="threads of each fit")
    parser.add_argument("--preset", default="best", help="of seqexpr, or one of its models")
    parser.add_argument("--data", type=Path, required=False, help="folder of the measured data")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problem", choices=PROBLEMS)
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--out", type=Path, required=True)
    add_settings(parser)
    options = parser.parse_args()
    problem = PROBLEMS[options.problem](options.data)
    settings = Settings(
        options.budget, to_seconds(options.budget), options.jobs, options.seed, options.preset
    )
    started = time.perf_counter()
    fitted = SYSTEMS[options.system](problem, settings)
    fit_seconds = time.perf_counter() - started
    started = time.perf_counter()
    predictions = {
        name: np.asarray(fitted.predict(test.sequences), dtype=np.float32)
        for name, test in problem.tests.items()
    }
    facts = {
        "fit_seconds": fit_seconds,
        "predict_seconds": time.perf_counter() - started,
        "peak_mib": peak_mib(),
        "notes": fitted.notes,
        "n_train": len(problem.sequences),
        "left_out": problem.counts,
    }
    with atomic_path(options.out) as temporary:
        np.savez_compressed(temporary, **predictions, facts=np.array(json.dumps(facts)))


if __name__ == "__main__":
    main()
