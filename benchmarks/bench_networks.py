"""Training and prediction of the compact network beside a plain PyTorch loop and beside what the
convolutions alone cost. Needs the extra deep.

    python -m benchmarks.bench_networks [--rows 20000] [--length 110]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import nn

from benchmarks.record import Ratio, record
from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.nets.encoding import code_matrix, one_hot
from seqexpr.models.nets.layers import MaskedConv1d
from seqexpr.models.nets.network import SequenceNetwork, count_parameters
from seqexpr.models.nets.pooling import PlacePool
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.precision import fastest_precision
from seqexpr.models.training.settings import Training

BATCH = 128


def random_sequences(n: int, length: int) -> list[str]:
    letters = np.random.default_rng(0).choice(np.frombuffer(b"ACGT", np.uint8), size=(n, length))
    return [row.tobytes().decode() for row in letters]


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


class PlainCompact(nn.Module):
    """The same network, written with PyTorch's own layers."""

    def __init__(self, config: CompactCNN) -> None:
        super().__init__()
        n, widths = config.n_channels, [config.stem_width] + [config.width] * config.n_blocks
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(n if number else 4, n, width, padding="same", bias=False),
                nn.BatchNorm1d(n),
                nn.SiLU(),
            )
            for number, width in enumerate(widths)
        )
        self.pool = nn.MaxPool1d(2, ceil_mode=True)
        self.places, self.dropout = PlacePool(config.n_places), nn.Dropout(config.dropout)
        self.head = nn.Sequential(
            nn.Linear(n * (config.n_places + 2), 64), nn.LayerNorm(64), nn.SiLU(), nn.Linear(64, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks[0](x)
        for number, block in enumerate(self.blocks[1:]):
            x = self.pool(x) if number else x
            x = x + block(x)
        seen = torch.cat([self.places(x), x.mean(dim=2), x.amax(dim=2)], dim=1)
        out: torch.Tensor = self.head(self.dropout(seen))
        return out


def plain_epoch(sequences: list[str], y: np.ndarray, network: nn.Module) -> Callable[[], None]:
    """What is written by hand: one-hot floats in memory, Adam, a loop."""
    X = one_hot(torch.from_numpy(code_matrix(sequences)))
    target = torch.from_numpy(y.astype(np.float32))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X, target), batch_size=BATCH, shuffle=True
    )

    def epoch() -> None:
        network.train()
        for x, t in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(x)[:, 0], t)
            loss.backward()
            optimizer.step()

    return epoch


def convolutions_alone(
    n: int, length: int, config: CompactCNN, *, half: bool
) -> Callable[[], None]:
    """Forward and backward through the network's convolutions, in our layout, and nothing else."""
    width, layers, size = config.n_channels, [], length
    layers.append((MaskedConv1d(4, width, config.stem_width, bias=False), 4, size))
    for block in range(config.n_blocks):
        size = -(-size // 2) if block else size
        layers.append((MaskedConv1d(width, width, config.width, bias=False), width, size))
    kind = torch.bfloat16 if half else torch.float32
    inputs = [
        torch.randn(BATCH, channels, 1, size, dtype=kind)
        .contiguous(memory_format=torch.channels_last).squeeze(2)
        for _, channels, size in layers
    ]  # fmt: skip
    for x in inputs[1:]:
        x.requires_grad_()

    def epoch() -> None:
        for _ in range(n // BATCH):
            for (conv, _, _), x in zip(layers, inputs, strict=True):
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                    out = conv(x)
                out.backward(out.detach())

    return epoch


def fit(
    config: CompactCNN, sequences: list[str], y: np.ndarray, *, n_epochs: int, n_jobs: int
) -> NeuralRegressor:
    training = Training(n_epochs=n_epochs, batch_size=BATCH, validation_share=0.0)
    return NeuralRegressor(config, n_jobs=n_jobs, training=training).fit(sequences, y)


SHAPES = ((4, 64, 11, 150, 1), (64, 256, 1, 150, 1), (256, 256, 9, 150, 128), (128, 80, 9, 150, 1))
"""Channels in and out, width, length and groups: the first layers of LegNet."""


def pass_through(layer: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> None:
    layer(x).sum().backward()


def layouts() -> None:
    """Print what a convolution and its way back take, by the layout of the channels."""
    print("\nA convolution, forwards and backwards, milliseconds\n")
    print("| in, out, width, length, groups | nn.Conv1d | ours | ratio |\n|---|---:|---:|---:|")
    for shape in SHAPES:
        n_in, n_out, width, length, groups = shape
        layer = MaskedConv1d(n_in, n_out, width, groups=groups, bias=False)
        x = torch.randn(BATCH, n_in, 1, length)
        plain = x.squeeze(2).contiguous().requires_grad_()
        last = x.contiguous(memory_format=torch.channels_last).squeeze(2).requires_grad_()
        one, other = (
            min(seconds(partial(pass_through, call, x)) for _ in range(4))
            for call, x in ((layer.conv, plain), (layer, last))
        )
        print(f"| {shape} | {1e3 * one:.0f} | {1e3 * other:.0f} | {one / other:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--length", type=int, default=110)
    parser.add_argument("--jobs", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.jobs)
    config = CompactCNN()
    sequences = random_sequences(options.rows, options.length)
    y = np.random.default_rng(1).normal(size=options.rows)
    network = SequenceNetwork(config, n_outputs=1)
    by_hand = PlainCompact(config)
    same = sum(p.numel() for p in by_hand.parameters()), count_parameters(network)
    assert same[0] == same[1], same
    plain = plain_epoch(sequences, y, by_hand)
    limits = [
        convolutions_alone(options.rows, options.length, config, half=h) for h in (False, True)
    ]
    plain()  # warm
    spent = [
        seconds(lambda n=n: fit(config, sequences, y, n_epochs=n, n_jobs=options.jobs))
        for n in (1, 4)
    ]
    ours = fit(config, sequences, y, n_epochs=1, n_jobs=options.jobs)
    rows = [
        (f"seqexpr, an epoch ({fastest_precision('cpu')})", (spent[1] - spent[0]) / 3),
        ("plain loop, an epoch", min(seconds(plain), seconds(plain))),
        ("convolutions alone", min(seconds(limits[0]) for _ in range(3))),
        ("convolutions alone, half precision", min(seconds(limits[1]) for _ in range(3))),
    ]
    first = rows[0][1]
    print(
        f"Training, {options.rows:,} sequences of {options.length} bases, batches of {BATCH}, "
        f"{options.jobs} threads, PyTorch {torch.__version__}\n"
    )
    record(*(Ratio(f"network training: {name}", spent / first) for name, spent in rows[1:]))
    print("| | seconds | sequences a second | times ours |\n|---|---:|---:|---:|")
    for name, spent in rows:
        print(f"| {name} | {spent:.1f} | {options.rows / spent:,.0f} | {spent / first:.2f} |")

    codes = torch.from_numpy(code_matrix(sequences))
    bare_network = network.eval()

    def bare() -> None:
        with torch.inference_mode():
            for part in one_hot(codes).split(512):
                bare_network(part)

    ours.predict(sequences[:512])
    spent = [min(seconds(call), seconds(call)) for call in (lambda: ours.predict(sequences), bare)]
    print("\nPrediction, str to numbers\n")
    print("| | seconds | sequences a second |\n|---|---:|---:|")
    for name, one in zip(("seqexpr predict", "the network alone"), spent, strict=True):
        print(f"| {name} | {one:.2f} | {options.rows / one:,.0f} |")
    record(Ratio("network prediction: the network alone", spent[1] / spent[0]))
    print(f"\nShare of the bare network's throughput: {spent[1] / spent[0]:.0%}")
    layouts()


if __name__ == "__main__":
    main()
