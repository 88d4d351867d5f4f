"""What a network runs on: a processor or GPUs, with how many threads, and how exactly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from seqexpr.errors import InputError
from seqexpr.models.training.context import current_context

__all__ = ["one_thread_each", "reading", "resolve_device"]


def resolve_device(name: str, n_devices: int = 1) -> str:
    """Return "cpu" or "cuda"; "auto" is what the context says, else the GPU if there is one.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        What was asked for.
    n_devices : int
        How many GPUs are wanted, if GPUs are. Default 1.

    Raises
    ------
    InputError
        If CUDA is asked for and there is none, or there are fewer GPUs than wanted.

    Examples
    --------
    >>> resolve_device("cpu")
    'cpu'
    """
    n_there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    name = current_context().device if name == "auto" else name
    if name == "cuda" and not n_there:
        raise InputError("device = 'cuda': PyTorch sees no GPU here; take 'auto' or 'cpu'")
    if name == "cpu" or not n_there:
        return "cpu"
    if n_devices > n_there:
        raise InputError(
            f"n_devices = {n_devices}: PyTorch sees {n_there} GPU{'s' * (n_there > 1)} here; take "
            f"n_devices = {n_there}, or device = 'cpu'"
        )
    return "cuda"


@contextmanager
def one_thread_each(n_jobs: int) -> Iterator[None]:
    """Let PyTorch use so many threads inside the ``with`` block."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, min(n_jobs, os.cpu_count() or 1)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def reading(n_jobs: int) -> Iterator[None]:
    """Read trained networks inside the ``with`` block: with so many threads, in single precision.

    A GPU would round the factors of a convolution to ten bits (NVIDIA's TF32),
    which is let pass in training; a prediction is to be the same to six digits wherever it is made.

    Examples
    --------
    >>> with reading(1):
    ...     torch.backends.cudnn.allow_tf32
    False
    """
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        with one_thread_each(n_jobs):
            yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
