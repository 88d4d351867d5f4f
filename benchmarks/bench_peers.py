"""Networks of gReLU and CREsted beside ours: time of an epoch, of prediction, and what is learned.

    python -m benchmarks.bench_peers [--rows 8000] [--length 110] [--seconds 60]

Each trains on a simulated library with three planted motifs, two threads, for as long as ours,
which stops by itself. They run in an environment of their own (`make .venv-peers/.made`), since
they need an older pandas than we do; where it is missing this says so and measures nothing.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.peer_networks import PYTHON, run_peer
from benchmarks.record import Ratio, record


def simulated(rows: int, length: int) -> dict[str, np.ndarray]:
    from seqexpr.data.simulate import simulate_library

    table = simulate_library(rows * 3 // 2, rng=np.random.default_rng(0), length=length).table
    X = table["sequence"].to_numpy(str)
    y = table["expression"].to_numpy(float)
    cuts = [rows, rows + rows // 10]
    found = {}
    for name, rows_of, target in zip(
        ("train", "validation", "test"), np.split(X, cuts), np.split(y, cuts), strict=True
    ):
        found |= {name: rows_of, f"y_{name}": target}
    return found


def ours(data: dict[str, np.ndarray]) -> tuple[list[float], np.ndarray]:
    """Return seconds of the fit, of an epoch, of prediction, parameters; and predictions."""
    from seqexpr.models.nets.configs import CompactCNN
    from seqexpr.models.neural import NeuralRegressor
    from seqexpr.models.training.members import Members

    X = np.concatenate([data["train"], data["validation"]]).tolist()
    y = np.concatenate([data["y_train"], data["y_validation"]])
    model = NeuralRegressor(CompactCNN(), n_jobs=2)
    started = time.perf_counter()
    model.fit(X, y)
    spent = time.perf_counter() - started
    model.predict(data["test"][:64].tolist())
    started = time.perf_counter()
    predicted = model.predict(data["test"].tolist())
    size = sum(one.numel() for one in Members.of(model).networks[0].parameters())
    return [spent, len(model.history_[0]), time.perf_counter() - started, size], predicted


def theirs(
    peer: str, data: dict[str, np.ndarray], seconds: float
) -> tuple[list[float], np.ndarray]:
    predicted, facts = run_peer(peer, data, seconds=seconds, rates=1)
    epochs, each = facts["epochs"][0], facts["epoch_seconds"][0]
    return [epochs * each, epochs, facts["predict_seconds"], facts["parameters"]], predicted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8_000)
    parser.add_argument("--length", type=int, default=110)
    parser.add_argument("--seconds", type=float, default=60.0, help="at least, for the others")
    options = parser.parse_args()
    if not PYTHON.exists():
        print("gReLU and CREsted are not installed: `make .venv-peers/.made`")
        return
    data = simulated(options.rows, options.length)
    found = {"seqexpr, cnn": ours(data)}
    limit = max(options.seconds, found["seqexpr, cnn"][0][0])
    for peer, title in (("grelu", "gReLU, DilatedConvModel"), ("crested", "CREsted, legnet")):
        found[title] = theirs(peer, data, limit)
    n = len(data["test"])
    print(f"{options.rows:,} sequences of {options.length} bases, two threads, one learning rate\n")
    print("| | parameters | epochs | seconds an epoch | sequences predicted a second | Pearson |")
    print("|---|--:|--:|--:|--:|--:|")
    own = found["seqexpr, cnn"][0]
    for title, ((spent, epochs, predicting, size), predicted) in found.items():
        r = np.corrcoef(predicted, data["y_test"])[0, 1]
        print(
            f"| {title} | {size:,.0f} | {epochs:.0f} | {spent / epochs:.1f} | "
            f"{n / predicting:,.0f} | {r:.3f} |"
        )
        if title != "seqexpr, cnn":
            record(
                Ratio(f"epoch of a network: {title}", spent / epochs / (own[0] / own[1])),
                Ratio(f"prediction of a network: {title}", predicting / own[2]),
            )


if __name__ == "__main__":
    main()
