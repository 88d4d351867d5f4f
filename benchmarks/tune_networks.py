"""Which settings of networks do well, inside the train rows of the measured data.

    python -m benchmarks.tune_networks export FOLDER                # where the data are
    python -m benchmarks.tune_networks run FOLDER --out RESULTS --minutes 9 --jobs 14
    python -m benchmarks.tune_networks show RESULTS
    python -m benchmarks.tune_networks one FOLDER --problem yeast --out RESULTS \
        --set form=LegNet size=64 stem_pool=2 n_epochs=20 batch_size=128 learning_rate=0.01

Each problem's train rows are divided into five folds, related rows kept together; a fit leaves out
the first and is scored on it. No test row is read. First every architecture, then one setting after
the other around the best, then what gained taken together. Needs the extra deep; a GPU helps.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PROBLEMS = ("urtecho", "yeast", "lafleur", "crx", "lac", "kuo")
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "compact 64": {"form": "CompactCNN"},
    "compact 128": {"form": "CompactCNN", "n_channels": 128},
    "legnet 32 bins": {"form": "LegNet", "loss": "bins", "learning_rate": 0.005},
    "legnet 64 bins": {"form": "LegNet", "size": 64, "loss": "bins", "learning_rate": 0.005},
    "legnet 64": {"form": "LegNet", "size": 64, "learning_rate": 0.005},
    "legnet 64 places": {"form": "LegNet", "size": 64, "n_places": 8, "learning_rate": 0.005},
    "dilated": {"form": "Dilated", "n_places": 8},
    "hybrid": {"form": "Hybrid"},
    "dream_rnn": {"form": "DreamRNN"},
}
VARIATIONS: dict[str, dict[str, Any]] = {
    "again": {"seed": 1},
    "rate / 3": {"rate_times": 1 / 3},
    "rate x 2": {"rate_times": 2.0},
    "10 epochs": {"n_epochs": 10},
    "40 epochs": {"n_epochs": 40},
    "batch 128": {"batch_size": 128},
    "batch 512": {"batch_size": 512},
    "decay .1": {"weight_decay": 0.1},
    "decay .0001": {"weight_decay": 0.0001},
    "squared": {"loss": "squared"},
    "bins": {"loss": "bins"},
    "huber": {"loss": "huber"},
    "mixup": {"mixup": 0.2},
    "mutations": {"mutations": 0.05, "finetune_share": 0.2},
    "evoaug": {"insertion": 8, "deletion": 8, "inversion": 15, "finetune_share": 0.2},
    "both strands": {"strands": "average"},
    "turned strands": {"strands": "augment"},
    "1 place": {"n_places": 1},
    "4 places": {"n_places": 4},
    "32 places": {"n_places": 32},
    "no dropout": {"dropout": 0.0},
    "dropout .4": {"dropout": 0.4},
    "averaging .999": {"averaging": 0.999},
    "no averaging": {"averaging": 0.0},
    "half as wide": {"width_times": 0.5},
    "5 members": {"n_members": 5},
}
BASE = {"n_epochs": 20, "batch_size": 256}
LARGER_BATCHES = {"lac": {"batch_size": 1024}, "kuo": {"batch_size": 512}}
"""They have 2 to 5 times as many rows as the others."""


def export(folder: Path) -> None:
    """Write the train rows of each problem, and their folds."""
    from benchmarks.accuracy.problems import PROBLEMS as LOADERS
    from benchmarks.accuracy.run import DATA
    from seqexpr.models.folds import assign_folds
    from seqexpr.splits.units import find_units

    folder.mkdir(parents=True, exist_ok=True)
    for name in PROBLEMS:
        problem = LOADERS[name](DATA)
        rows = np.array([s.replace("U", "T") for s in problem.sequences], dtype=object)
        units = np.unique(find_units(rows, problem.groups), return_inverse=True)[1]
        folds = assign_folds(len(rows), n_folds=5, groups=units, random_state=42)
        np.savez_compressed(
            folder / f"{name}.npz", sequences=np.array("\n".join(rows)), y=problem.target,
            units=units, folds=folds,
        )  # fmt: skip


def network(settings: Mapping[str, Any]) -> Any:
    """Return the form that settings name."""
    from seqexpr.models.nets import configs

    form = settings["form"]
    built = getattr(configs, form)()
    times = settings.get("width_times", 1.0)
    if form == "LegNet":
        stem = settings.get("size", 32) * times
        built.set_params(
            stem_channels=round(stem),
            block_channels=tuple(round(width * stem / 64) for width in (80, 96, 112, 128)),
        )
    else:
        n = settings.get("n_channels", built.n_channels) * times
        built.set_params(n_channels=round(n))
    known = built.get_params()
    return built.set_params(**{k: v for k, v in settings.items() if k in known})


def fit(folder: Path, name: str, settings: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Fit without the first fold; return the score on it, and the predictions."""
    from seqexpr.models.neural import NeuralRegressor
    from seqexpr.models.training.settings import Augmentation, Training

    with np.load(folder / f"{name}.npz") as kept:
        sequences = str(kept["sequences"]).split("\n")
        y, units, folds = kept["y"], kept["units"], kept["folds"]
    training, augmentation = Training(), Augmentation()
    for part in (training, augmentation):
        known = part.get_params()
        part.set_params(**{k: v for k, v in settings.items() if k in known})
    training.learning_rate *= settings.get("rate_times", 1.0)
    model = NeuralRegressor(
        network(settings), training=training, augmentation=augmentation, device=device,
        n_members=settings.get("n_members", 1), random_state=settings.get("seed", 0),
    )  # fmt: skip
    held, fitted = np.flatnonzero(folds == 0), np.flatnonzero(folds != 0)
    started = time.perf_counter()
    model.fit([sequences[i] for i in fitted], y[fitted], groups=units[fitted])
    seconds = time.perf_counter() - started
    predicted = model.predict([sequences[i] for i in held])
    truth = y[held]
    r2 = 1 - ((truth - predicted) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
    return {
        "r2": float(r2),
        "r": float(np.corrcoef(truth, predicted)[0, 1]),
        "seconds": seconds,
        "epochs": [len(h) for h in model.history_],
        "best_epochs": [int(np.nanargmin(h[:, 1])) + 1 for h in model.history_],
        "predicted": [float(f"{value:.4g}") for value in predicted],
    }


def work(folder: Path, device: str, jobs: Any, done: Any) -> None:
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for name, label, settings in iter(jobs.get, None):
        try:
            found = fit(folder, name, settings, device)
        except Exception as error:  # one that fails is a result
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        done.put({"problem": name, "label": label, "settings": settings, **found})


def changed(base: Mapping[str, Any], variation: Mapping[str, Any]) -> dict[str, Any]:
    return dict(base) | dict(variation)


class Tuning:
    """What is known of one problem, and what is tried next."""

    def __init__(self, name: str) -> None:
        self.name, self.stage = name, 0
        self.found: list[dict[str, Any]] = []
        self.waiting = 0

    def next(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield the jobs of the next stage."""
        sound = [one for one in self.found if "r2" in one]
        self.stage += 1
        if self.stage == 1:
            for label, settings in ARCHITECTURES.items():
                batches = LARGER_BATCHES.get(self.name, {})
                yield self.name, label, {**BASE, **batches, **settings}
        elif self.stage == 2 and sound:
            self.base = max(sound, key=lambda one: one["r2"])
            for label, variation in VARIATIONS.items():
                yield self.name, label, changed(self.base["settings"], variation)
        elif self.stage == 3 and sound:
            yield from self._together()

    def _together(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        scores = {one["label"]: one["r2"] for one in self.found if "r2" in one}
        again = (self.base["r2"] + scores.get("again", self.base["r2"])) / 2
        skip = ("again", "5 members")
        gains = {k: scores[k] - again for k in VARIATIONS if k in scores and k not in skip}
        best = sorted(gains, key=gains.__getitem__, reverse=True)
        for n in (2, 3, 4, 5):
            together: dict[str, Any] = {}
            for label in best[:n]:
                if gains[label] > 0:
                    together = {**VARIATIONS[label], **together}  # the better one counts
            for seed in (2, 3):
                settings = changed(self.base["settings"], together) | {"seed": seed}
                yield self.name, f"together {n}, seed {seed}", settings
            if n == 3:
                yield self.name, "together 3, 5 members", settings | {"n_members": 5}


def run(folder: Path, out: Path, *, minutes: float, n_jobs: int, device: str) -> None:
    """Work off all problems side by side until the time is up."""
    ends = time.monotonic() + 60 * minutes
    context = multiprocessing.get_context("spawn")
    jobs, done = context.Queue(), context.Queue()
    workers = [
        context.Process(target=work, args=(folder, device, jobs, done), daemon=True)
        for _ in range(n_jobs)
    ]
    for worker in workers:
        worker.start()
    tunings = {name: Tuning(name) for name in PROBLEMS if (folder / f"{name}.npz").exists()}
    out.parent.mkdir(parents=True, exist_ok=True)

    def refill(tuning: Tuning) -> None:
        for job in tuning.next():
            tuning.waiting += 1
            jobs.put(job)

    for tuning in tunings.values():
        refill(tuning)
    with out.open("a") as file:
        while time.monotonic() < ends and any(t.waiting for t in tunings.values()):
            try:
                one = done.get(timeout=1.0)
            except queue.Empty:
                continue
            file.write(json.dumps(one) + "\n")
            file.flush()
            tuning = tunings[one["problem"]]
            tuning.found.append(one)
            tuning.waiting -= 1
            if not tuning.waiting:
                refill(tuning)
    for worker in workers:
        worker.kill()


def run_one(folder: Path, name: str, choices: Sequence[str], *, device: str) -> dict[str, Any]:
    """Fit with settings given as ``name=value``, on one core."""
    import torch

    torch.set_num_threads(1)
    settings: dict[str, Any] = {}
    for choice in choices:
        key, _, value = choice.partition("=")
        try:
            settings[key] = json.loads(value)
        except json.JSONDecodeError:
            settings[key] = value  # a word
    found = fit(folder, name, settings, device)
    return {"problem": name, "label": " ".join(choices), "settings": settings, **found}


def show(results: Path) -> None:
    """Print the scores of each problem, best first."""
    by_problem = defaultdict(list)
    for line in results.read_text().splitlines():
        one = json.loads(line)
        by_problem[one["problem"]].append(one)
    for name, found in by_problem.items():
        print(f"\n{name}")
        for one in sorted(found, key=lambda one: -one.get("r2", -9)):
            if "error" in one:
                print(f"  {one['label']:22s} {one['error']}")
                continue
            score = f"R² {one['r2']:.3f}  r {one['r']:.3f}  {one['seconds']:4.0f} s"
            epochs = f"epochs {one['epochs'][0]}, best {one['best_epochs'][0]}"
            print(f"  {one['label']:24s} {score}  {epochs}  {one['settings']['form']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["export", "run", "show", "one"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--problem", choices=PROBLEMS)
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--jobs", type=int, default=14)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    if options.what == "export":
        export(options.folder)
    elif options.what == "show":
        show(options.folder)
    elif options.what == "one":
        found = run_one(options.folder, options.problem, options.set, device=options.device)
        with options.out.open("a") as file:
            file.write(json.dumps(found) + "\n")
        show(options.out)
    else:
        run(
            options.folder, options.out, minutes=options.minutes, n_jobs=options.jobs,
            device=options.device,
        )  # fmt: skip


if __name__ == "__main__":
    main()
