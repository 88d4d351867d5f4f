from __future__ import annotations

import pytest
import torch

from seqexpr.errors import InputError
from seqexpr.models.training.context import training_context
from seqexpr.models.training.devices import reading, resolve_device


def gpus(monkeypatch, n):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n)


@pytest.mark.parametrize(
    ("there", "name", "found"),
    [(0, "auto", "cpu"), (0, "cpu", "cpu"), (2, "auto", "cuda"), (2, "cuda", "cuda"), (2, "cpu", "cpu")],
)  # fmt: skip
def test_a_gpu_is_taken_where_there_is_one(monkeypatch, there, name, found):
    gpus(monkeypatch, there)
    assert resolve_device(name, 2) == found


def test_auto_is_what_the_context_says(monkeypatch):
    gpus(monkeypatch, 1)
    with training_context(device="cpu"):
        assert resolve_device("auto", 2) == "cpu"
        assert resolve_device("cuda") == "cuda"


def test_what_is_not_there_is_said(monkeypatch):
    gpus(monkeypatch, 0)
    with pytest.raises(InputError, match="'cuda': PyTorch sees no GPU here; take 'auto' or 'cpu'"):
        resolve_device("cuda")
    gpus(monkeypatch, 2)
    with pytest.raises(InputError, match="3: PyTorch sees 2 GPUs here; take n_devices = 2, or dev"):
        resolve_device("auto", 3)


@pytest.mark.parametrize("allowed", [True, False])
def test_convolutions_are_exact_while_networks_are_read(monkeypatch, allowed):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", allowed)
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), reading(1):
        assert not torch.backends.cudnn.allow_tf32
        assert torch.get_num_threads() == 1
        raise ZeroDivisionError
    assert torch.backends.cudnn.allow_tf32 == allowed
    assert torch.get_num_threads() == before
