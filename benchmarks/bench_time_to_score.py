"""Seconds until a network explains .771 of the variance of yeast promoters that it has not seen:
the compact one of seqexpr beside LegNet in a plain PyTorch loop. Needs the extra deep and the
measured data (see docs/accuracy.md).

    python -m benchmarks.bench_time_to_score [--goal 0.771] [--problem yeast] [--epochs 12]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.accuracy.problems import PROBLEMS
from benchmarks.record import Ratio, record
from seqexpr.models.nets.configs import LegNet
from seqexpr.models.nets.encoding import code_matrix, one_hot
from seqexpr.models.nets.network import SequenceNetwork
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.settings import Training

BATCH = 128


def r2(predicted: np.ndarray, measured: np.ndarray) -> float:
    return 1 - float(((predicted - measured) ** 2).mean() / measured.var())


def plain_legnet(
    sequences: list[str], y: np.ndarray, test: list[str], *, n_epochs: int
) -> Iterator[np.ndarray]:
    """What is written by hand; yields the predictions of the test rows after each epoch."""
    width = max(map(len, [*sequences, *test]))
    X, X_test = (one_hot(torch.from_numpy(code_matrix(s, length=width))) for s in (sequences, test))
    center, scale = y.mean(), y.std()
    target = torch.from_numpy(((y - center) / scale).astype(np.float32))
    torch.manual_seed(0)
    network = SequenceNetwork(
        LegNet(stem_channels=64, block_channels=(80, 96, 112, 128)), n_outputs=1
    )
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X, target), batch_size=BATCH, shuffle=True, drop_last=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, total_steps=n_epochs * len(loader)
    )
    for _ in range(n_epochs):
        network.train()
        for x, t in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(network(x)[:, 0], t).backward()
            optimizer.step()
            schedule.step()
        network.eval()
        with torch.inference_mode():
            parts = [network(x)[:, 0].numpy() for x in X_test.split(512)]
        yield center + scale * np.concatenate(parts)


def ours(sequences: list[str], y: np.ndarray, *, n_epochs: int, n_jobs: int) -> NeuralRegressor:
    training = Training(n_epochs=n_epochs, patience=n_epochs)
    return NeuralRegressor(training=training, n_jobs=n_jobs, random_state=1).fit(sequences, y)


def said(
    who: str, epochs: int, seconds: float, predicted: np.ndarray, measured: np.ndarray
) -> float:
    """Print a line of the table, and return R²."""
    score, r = r2(predicted, measured), float(np.corrcoef(predicted, measured)[0, 1])
    print(f"| {who} | {epochs} | {seconds:.0f} | {score:.3f} | {r:.3f} |", flush=True)
    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--goal", type=float, default=0.771)
    parser.add_argument(
        "--problem", choices=["urtecho", "lafleur", "yeast", "crx"], default="yeast"
    )
    parser.add_argument("--epochs", type=int, default=12, help="of the plain loop, at most")
    parser.add_argument("--jobs", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.jobs)
    if not options.data.is_dir():
        print(f"Skipped: the measured data is not in {options.data}.")
        return
    problem = PROBLEMS[options.problem](options.data)
    held = problem.tests[options.problem]
    sequences, y = list(map(str, problem.sequences)), np.asarray(problem.target).ravel()
    test, measured = list(map(str, held.sequences)), held.observed
    print(f"{len(sequences):,} rows train, {len(test):,} test; {options.jobs} threads\n")
    print("| | epochs | seconds | R² | r |\n|---|---:|---:|---:|---:|")
    reached = {}
    for n_epochs in (4, 6, 8, 10, 12, 15):
        started = time.perf_counter()
        model = ours(sequences, y, n_epochs=n_epochs, n_jobs=options.jobs)
        spent = time.perf_counter() - started
        score = said("seqexpr `cnn`", n_epochs, spent, model.predict(test), measured)
        if score >= options.goal:
            reached["ours"] = spent
            break
    started = time.perf_counter()
    plain = plain_legnet(sequences, y, test, n_epochs=options.epochs)
    for epoch, predicted in enumerate(plain, start=1):
        spent = time.perf_counter() - started
        score = said("LegNet, plain loop", epoch, spent, predicted, measured)
        if score >= options.goal:
            reached["plain"] = spent
            break
    if len(reached) == 2:
        ratio = reached["plain"] / reached["ours"]
        record(Ratio("network training: time to .771 on yeast, LegNet in a plain loop", ratio))
        print(f"\nThe plain loop takes {ratio:.1f} times as long.")


if __name__ == "__main__":
    main()
