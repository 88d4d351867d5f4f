"""Whether half precision pays on a device: measured, not assumed."""

from __future__ import annotations

import time
from functools import cache

import torch
from torch import nn

__all__ = ["fastest_precision"]

_PAYS = 1.2  # times as fast as single precision, from which on it is worth its rounding


@cache
def fastest_precision(device: str) -> str:
    """Return the precision to train in, as Lightning Fabric names it.

    On a processor it is single precision, so that the same seed gives the same
    weights on every machine. On a GPU, bfloat16 with single-precision weights
    where a step of convolutions is at least 1.2 times as fast with it, measured
    once in a process.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where.

    Examples
    --------
    >>> fastest_precision("cpu")
    '32-true'
    """
    if device == "cpu" or not torch.cuda.is_bf16_supported():
        return "32-true"
    single, half = _seconds(device, half=False), _seconds(device, half=True)
    return "bf16-mixed" if single > _PAYS * half else "32-true"


def _seconds(device: str, *, half: bool) -> float:
    """Return the seconds of some steps through two convolutions as ours have them."""
    with torch.random.fork_rng():
        network = nn.Sequential(nn.Conv1d(64, 128, 7), nn.SiLU(), nn.Conv1d(128, 64, 7)).to(device)
        x = torch.randn(512, 64, 150, device=device)
    spent = []
    for step in range(12):  # the first four choose kernels
        torch.cuda.synchronize()
        started = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=half):
            loss = network(x).float().square().mean()
        loss.backward()
        torch.cuda.synchronize()
        if step >= 4:
            spent.append(time.perf_counter() - started)
    return min(spent)  # what other work on the machine adds is not meant
