"""Time of in-silico mutagenesis against predicting every changed sequence, and tangermeme.

    python -m benchmarks.bench_mutagenesis [--rows 100] [--length 150]

Prints a Markdown table. Before anything is timed, effects are compared. Times are of
one thread, after the first call; ours is the median of several runs, a peer is timed
once. The networks need the extra deep; tangermeme is left out where it is not installed.

Peers, on the same random sequences and models:

- three calls of ``predict`` for each base, in batches of 20,000 changed sequences;
- tangermeme's ``saturation_mutagenesis``, which runs the bare network on one-hot arrays.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.record import Ratio, record
from seqexpr.interpretation.mutagenesis import mutate_by_predicting, mutation_effects
from seqexpr.models.registry import make_model
from seqexpr.optional import has_extra


def seconds(run: Callable[[], Any], times: int = 1) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def library(n: int, length: int) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), size=length)) for _ in range(n)]
    return rows, np.array([row.count("ACG") + rng.normal() for row in rows])


def by_tangermeme(model: Any, rows: list[str]) -> Callable[[], np.ndarray] | None:
    """Return a function that gives scaled predictions of all changes, or None."""
    try:
        import torch
        from tangermeme.saturation_mutagenesis import saturation_mutagenesis
    except ImportError:
        return None
    from seqexpr.models.nets.encoding import code_matrix, one_hot
    from seqexpr.models.training.members import Members

    network = Members.of(model).networks[0]
    x = one_hot(torch.from_numpy(code_matrix(rows)))

    class Bare(torch.nn.Module):
        def forward(self, value: Any) -> Any:
            return network(value)

    def run() -> np.ndarray:
        before, after = saturation_mutagenesis(
            Bare(), x, raw_outputs=True, device="cpu", batch_size=256, verbose=False
        )
        change = (after - before[:, None, None])[..., 0] * float(model.scale_[0])
        return np.asarray(change)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--length", type=int, default=150)
    options = parser.parse_args()
    rows, y = library(max(400, options.rows), options.length)
    some = rows[: options.rows]
    print(f"{options.rows} sequences of {options.length} bases, one thread\n")
    print("| model | ours (s) | predict on every change (s) | ratio | tangermeme (s) | ratio |")
    print("|---|---|---|---|---|---|")
    for name in ("tutorial", "ridge", "ridge_positional", "cnn"):
        if name == "cnn" and not has_extra("deep"):
            continue
        model = make_model(name)
        if name == "cnn":
            from seqexpr.models.training.settings import Training

            model.set_params(regressor__training=Training(n_epochs=2))
        model.fit(rows, y)
        ours = mutation_effects(model, some)
        worst = float(np.abs(ours - mutate_by_predicting(model, some)).max())
        if worst > 1e-5 * max(1.0, float(y.std())):
            raise SystemExit(f"{name}: effects differ by {worst:g}")
        own = seconds(lambda model=model: mutation_effects(model, some), times=5)
        peer = seconds(lambda model=model: mutate_by_predicting(model, some))
        other = by_tangermeme(model[-1], some) if name == "cnn" else None
        cells = "| – | – |"
        if other is not None:
            theirs = other()
            worst = float(np.abs(theirs.reshape(ours.shape) - ours).max())
            if worst > 1e-5 * max(1.0, float(y.std())):
                raise SystemExit(f"tangermeme: effects differ by {worst:g}")
            third = seconds(other)
            record(Ratio("mutagenesis, cnn: tangermeme", third / own))
            cells = f"| {third:.2f} | {third / own:.1f} |"
        record(Ratio(f"mutagenesis, {name}: predict on every change", peer / own))
        print(f"| {name} | {own:.4f} | {peer:.2f} | {peer / own:.0f} {cells}")


if __name__ == "__main__":
    main()
