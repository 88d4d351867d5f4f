"""Whether half precision pays on a device: measured, not assumed."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import torch
from torch import nn

from seqexpr.models.training.context import current_context

__all__ = ["chosen_precision", "fastest_precision", "precision_plugin"]

_PAYS = {"cuda": 1.2, "cpu": 1.5}
"""Times as fast as single precision, from which on it is worth its rounding."""
_ROWS = {"cuda": 512, "cpu": 16}


def chosen_precision(device: str) -> str:
    """Return the precision that the context asks for, as :func:`fastest_precision` names it."""
    return "32-true" if current_context().precision == "single" else fastest_precision(device)


@cache
def fastest_precision(device: str) -> str:
    """Return the precision to train in, as Lightning Fabric names it.

    bfloat16 with single-precision weights where a step of convolutions is
    faster with it: on a GPU at least 1.2 times, on a processor 1.5 times, which
    are those with units for it (three times as fast with Intel's AMX), and no
    other. Measured once in a process, in a fifth of a second. Predictions are always
    in single precision.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where.

    Examples
    --------
    >>> fastest_precision("cpu") in ("32-true", "bf16-mixed")
    True
    """
    if device == "cuda" and not torch.cuda.is_bf16_supported():
        return "32-true"
    single, half = _seconds(device, half=False), _seconds(device, half=True)
    return "bf16-mixed" if single > _PAYS[device] * half else "32-true"


def precision_plugin(precision: str, device: str) -> Any:
    """Return what makes Lightning Fabric train in a precision.

    Told by its name alone, it would print a line for every fit.

    Parameters
    ----------
    precision : {"32-true", "bf16-mixed"}
        As :func:`fastest_precision` says.
    device : {"cpu", "cuda"}
        Where.
    """
    from lightning_fabric.plugins.precision import MixedPrecision, Precision

    if precision == "32-true":
        return Precision()
    return MixedPrecision("bf16-mixed", device=device)


def _seconds(device: str, *, half: bool) -> float:
    """Return the seconds of some steps through two convolutions as ours have them."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads wait for each other where other work runs beside
    try:
        return _best_step(device, half=half)
    finally:
        torch.set_num_threads(n_threads)


def _best_step(device: str, *, half: bool) -> float:
    with torch.random.fork_rng():
        network = nn.Sequential(nn.Conv1d(64, 128, 7), nn.SiLU(), nn.Conv1d(128, 64, 7)).to(device)
        x = torch.randn(_ROWS[device], 64, 150, device=device)
    spent = []
    for step in range(12):  # the first four choose kernels
        _wait(device)
        started = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=half):
            loss = network(x).float().square().mean()
        loss.backward()
        _wait(device)
        if step >= 4:
            spent.append(time.perf_counter() - started)
    return min(spent)  # what other work on the machine adds is not meant


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
