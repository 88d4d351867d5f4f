"""What the training of a network will take: measured on a few steps, not guessed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from seqexpr.models.nets.encoding import code_matrix
from seqexpr.models.nets.network import SequenceNetwork
from seqexpr.models.training.devices import one_thread_each, resolve_device
from seqexpr.models.training.examples import to_input
from seqexpr.models.training.losses import make_loss
from seqexpr.models.training.precision import chosen_precision

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor

__all__ = ["seconds_of_fit"]

_STEPS = 2  # that are timed, after one that is not
_VALIDATION = 1.1  # a tenth of the rows, forwards only, and what else an epoch has


def seconds_of_fit(
    model: NeuralRegressor, sequences: list[str], *, n_rows: int, n_targets: int = 1
) -> float:
    """Return about how many seconds a fit takes if it is not stopped early.

    Parameters
    ----------
    model : NeuralRegressor
        Unfitted.
    sequences : list of str
        Some of those that it will be trained on; as many as a batch has are read.
    n_rows : int
        Rows that it will be trained on.
    n_targets : int
        Numbers that are predicted. Default 1.

    Examples
    --------
    >>> from seqexpr.models.neural import NeuralRegressor
    >>> seconds_of_fit(NeuralRegressor(), ["ACGTACGT"] * 50, n_rows=1000) > 0
    True
    """
    form, training, _ = model.resolved()
    batch = min(training.batch_size, max(1, len(sequences)))
    device = torch.device(resolve_device(model.device))
    loss = make_loss(training.loss, n_targets=n_targets)
    with torch.random.fork_rng(), one_thread_each(model.n_jobs):
        network = SequenceNetwork(form, n_outputs=loss.n_outputs * n_targets).to(device).train()
        optimizer = torch.optim.AdamW(network.parameters(), fused=True)
        x, mask = to_input(torch.from_numpy(code_matrix(sequences[:batch])).to(device))
        half = chosen_precision(device.type) == "bf16-mixed"
        for step in range(1 + _STEPS):
            if step == 1:
                started = time.perf_counter()
            optimizer.zero_grad()
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
                out = network(x, mask)
            out.float().square().mean().backward()
            optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds = (time.perf_counter() - started) / _STEPS
    fits = model.n_members * training.n_epochs
    return _VALIDATION * fits * seconds * n_rows / batch
