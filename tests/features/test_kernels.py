"""What holds when the compiled code cannot be kept; what the kernels count is in test_kmers."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numba.core.caching
import numpy as np
import pytest

from seqexpr.features import _kernels
from seqexpr.features._counting import _Scratch
from seqexpr.features._plan import KmerPlan
from seqexpr.sequences import join_ascii

COUNT = (
    "from seqexpr.features.kmers import KmerCounter; "
    "print(KmerCounter(k=2, dense=True).transform(['ACAC']).sum())"
)


def plus_one(x):
    return x + 1


def test_without_any_folder_the_kernel_still_compiles(monkeypatch):
    assert _kernels.Kernel(plus_one).is_kept
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    kernel = _kernels.Kernel(plus_one)
    assert not kernel.is_kept
    assert kernel(41) == 42


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("save_overload", OSError(errno.ENOSPC, "No space left on device")),
        ("load_overload", EOFError("Ran out of input")),
        ("load_overload", ModuleNotFoundError("No module named 'gone'")),
    ],
    ids=["full disk", "truncated file", "unknown module"],
)
def test_code_that_cannot_be_kept_or_loaded_costs_time_and_not_the_run(monkeypatch, method, error):
    kernel = _kernels.Kernel(plus_one)
    attempts = []

    def fail(*arguments):
        attempts.append(arguments)
        raise error

    monkeypatch.setattr(kernel.compiled._cache, "load_overload", lambda *arguments: None)
    monkeypatch.setattr(kernel.compiled._cache, method, fail)
    assert [kernel(41), kernel(1)] == [42, 2]
    assert len(attempts) == 1
    assert not kernel.is_kept


def test_a_real_mistake_is_still_seen():
    kernel = _kernels.Kernel(plus_one)
    for _ in range(2):
        with pytest.raises(numba.TypingError, match="No match"):
            kernel(np.array(["text"]))


def test_a_package_that_cannot_be_written_to(tmp_path):
    """A copy of the package whose __pycache__ is a file, and a home that is one too."""
    package = Path(_kernels.__file__).parents[1]
    copy = tmp_path / "src" / "seqexpr"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "features" / "__pycache__").write_text("in the way")
    home = tmp_path / "home"
    home.write_text("in the way")
    kept = {name: value for name, value in os.environ.items() if name in {"SYSTEMROOT", "PATH"}}
    places = {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home, "XDG_CACHE_HOME": home}
    environment = kept | {"PYTHONPATH": str(copy.parent)} | {n: str(p) for n, p in places.items()}
    done = subprocess.run(
        [sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("3.0\n", 0), done.stderr


@pytest.mark.parametrize(("low", "high"), [(1, 2), (3, 3), (5, 5)])
def test_the_scratch_memory_is_left_clean(low, high):
    rng = np.random.default_rng(0)
    plan = KmerPlan(low, high, canonical=False, n_features=0)
    scratch = _Scratch(plan)
    letters = join_ascii(["".join(rng.choice(list("ACGTN"), size=300))])
    offsets = np.array([0, 100, 100, 300])
    first = scratch.count(plan, letters, offsets, 1000)
    kept = [array.copy() for array in first]
    assert not scratch.counts.any()
    assert not scratch.words.any()
    again = scratch.count(plan, letters, offsets, 1000)
    assert all((a == b).all() for a, b in zip(kept, again, strict=True))
