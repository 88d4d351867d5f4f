"""`train --backend ray`: on the command line, and what trains a network where."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from seqexpr.data.simulate import simulate_library
from seqexpr.models.training.context import current_context
from seqexpr.optional import has_extra
from seqexpr.processes import count_workers
from seqexpr.scale import train as scale_train
from seqexpr.scale.train import train_on_ray

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'seqexpr[scale]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of its threads and files


def node(cpu, gpu=0, *, alive=True):
    return {"Alive": alive, "Resources": {"CPU": cpu} | ({"GPU": gpu} if gpu else {})}


@pytest.mark.skipif(not has_extra("deep"), reason='needs PyTorch: pip install "seqexpr[deep]"')
@pytest.mark.parametrize(
    ("nodes", "workers"),
    [
        ([node(8.0)], None),  # this process does it as well
        ([node(8.0), node(16.0), node(4.0, alive=False)], (2, False, 8)),
        ([node(0.0), node(16.0, 4.0), node(16.0, 2.0), node(32.0)], (6, True, 4)),
        ([node(2.0, 4.0)], (4, True, 1)),
    ],
)
def test_networks_are_trained_on_all_gpus_or_else_on_all_machines(nodes, workers):
    launcher = scale_train._launcher(nodes)
    found = launcher and (launcher.n_workers, launcher.use_gpu, launcher.cores_per_worker)
    assert found == workers


def test_inside_of_it_searches_find_the_workers_of_the_cluster():
    with train_on_ray(n_workers=3):
        assert count_workers(1) == 3
        assert current_context().launcher is None  # there is one machine
    assert count_workers(1) == 1
    assert not ray.is_initialized()


def test_the_command_line_searches_on_ray(tmp_path):
    library = simulate_library(150, rng=np.random.default_rng(0), length=30, noise=0.3).table
    library[["sequence", "expression"]].to_csv(tmp_path / "library.csv", index=False)
    command = [
        sys.executable, "-m", "seqexpr", "train", str(tmp_path / "library.csv"), "-o",
        str(tmp_path / "run"), "--preset", "best", "--budget", "10m", "--trials", "2",
        "--split", "random", "--no-nested", "--backend", "ray", "--workers", "2",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    search = json.loads((tmp_path / "run" / "evaluation.json").read_text())["search"]
    assert search["n_trials"] == 6  # four baselines among them


def test_options_of_ray_want_ray(tmp_path):
    command = [sys.executable, "-m", "seqexpr", "train", "dataset:lac", "-o", str(tmp_path / "r")]
    done = subprocess.run([*command, "--workers", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--workers is for --backend ray" in done.stderr
