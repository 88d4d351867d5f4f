"""Real Ray clusters: equal results, and nothing lost or doubled when workers and nodes die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.data.parquet_blocks import find_blocks
from seqexpr.scale.predict import predict_blocks
from seqexpr.scale.ray_backend import RayBackend

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'seqexpr[scale]'")

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of its threads and files
TIMES = int(os.environ.get("SEQEXPR_KILLS", "1"))
"""How often workers and nodes are killed; 20 before a release."""


@dataclass(frozen=True)
class Noting:
    """Notes the process of each block as it begins, waits, and does what it stands for."""

    work: object
    folder: str
    seconds: float

    def open(self, *, n_jobs=None):
        do = self.work.open(n_jobs=n_jobs)

        def slowly(block):
            Path(self.folder, f"{block.index}-{os.getpid()}").write_text("")
            time.sleep(self.seconds)
            return do(block)

        return slowly


class Noted(RayBackend):
    """Ray, with notes of who does what."""

    def __init__(self, folder: Path, seconds: float, **options) -> None:
        super().__init__(**options)
        self.folder, self.seconds = folder, seconds

    def run(self, work, blocks):
        yield from super().run(Noting(work, str(self.folder), self.seconds), blocks)

    def notes(self) -> list[tuple[int, int]]:
        names = [path.name.split("-") for path in self.folder.iterdir()]
        return [(int(index), int(pid)) for index, pid in names]


@pytest.fixture
def noted(tmp_path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def expected(job, tmp_path_factory) -> list[bytes]:
    """Files of the same blocks, done here one after the other."""
    here = tmp_path_factory.mktemp("here") / "out"
    predict_blocks(load_bundle(job.run), job.table, here, block_rows=100)
    return [path.read_bytes() for path in sorted(here.iterdir())]


@pytest.fixture
def cluster():
    """Two nodes: a head without cores of its own, so that all work is on the other two."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    made.second = made.add_node(num_cpus=1)
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False, logging_level="error")
    yield made
    ray.shutdown()
    made.shutdown()


def check(written: Path, expected: list[bytes]) -> None:
    """Every row once, in its place: byte for byte what one process here writes."""
    parts = sorted(written.iterdir())
    assert [path.name for path in parts] == [f"part-{k:06d}.parquet" for k in range(12)]
    assert [path.read_bytes() for path in parts] == expected


def test_a_ray_of_our_own_gives_the_same(job, written, expected, noted):
    backend = Noted(noted, 0.3, n_workers=2)
    summary = predict_blocks(load_bundle(job.run), job.table, written, backend=backend,
                             block_rows=100)  # fmt: skip
    assert summary.n_rows == 1_200
    assert summary.n_predicted == 1_198
    check(written, expected)
    assert len({pid for _, pid in backend.notes()}) == 2
    assert os.getpid() not in {pid for _, pid in backend.notes()}
    assert not ray.is_initialized()


@pytest.mark.parametrize("time_number", range(TIMES))
def test_a_killed_worker_costs_its_unfinished_blocks(
    job, written, expected, noted, cluster, time_number
):
    backend = Noted(noted, 0.5, n_workers=2)
    killed = []

    def kill() -> None:
        while len(backend.notes()) < 4:
            time.sleep(0.05)
        _, pid = backend.notes()[-1]
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    predict_blocks(load_bundle(job.run), job.table, written, backend=backend, block_rows=100)
    killer.join()
    check(written, expected)
    assert killed
    begun = [index for index, _ in backend.notes()]
    assert len(begun) <= 12 + 2  # what the dead one had in hand, and no more
    assert set(begun) == set(range(12))


@pytest.mark.parametrize("time_number", range(TIMES))
def test_a_killed_node_costs_its_unfinished_blocks(
    job, written, expected, noted, cluster, time_number
):
    backend = Noted(noted, 0.5, n_workers=2)

    def kill() -> None:
        while len(backend.notes()) < 4:
            time.sleep(0.05)
        cluster.remove_node(cluster.second, allow_graceful=False)

    killer = threading.Thread(target=kill)
    killer.start()
    predict_blocks(load_bundle(job.run), job.table, written, backend=backend, block_rows=100)
    killer.join()
    check(written, expected)
    assert len(ray.nodes()) == 2
    assert sum(node["Alive"] for node in ray.nodes()) == 1


def test_the_command_line_runs_on_ray(job, written):
    command = [sys.executable, "-m", "seqexpr", "predict", str(job.run), str(job.table), "-o",
               str(written), "--backend", "ray", "--workers", "2"]  # fmt: skip
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1,198 of 1,200 rows predicted" in done.stderr
    rows = sum(len(pd.read_parquet(path)) for path in written.iterdir())
    assert rows == sum(block.n_rows for block in find_blocks(job.table)) == 1_200
