"""Real Ray clusters: equal results, and nothing lost or doubled when workers and nodes die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from tests.ray_nodes import two_nodes

from seqexpr.bundle.store import load_bundle
from seqexpr.scale.backend import LocalBackend
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
def expected(do, tmp_path_factory):
    """Return the files of the same blocks, done here one after the other."""

    @cache
    def files(kind: str) -> dict[str, bytes]:
        here = tmp_path_factory.mktemp("here") / "out"
        do(kind, here, backend=LocalBackend(n_workers=1))
        return bytes_of(here)

    return files


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every row once, in its place: names and bytes of the parts."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def nodes():
    with two_nodes() as made:
        yield made


@pytest.fixture
def cluster(nodes):
    nodes.mend()
    return nodes


def test_a_vcf_is_the_same_byte_for_byte(do, tmp_path, expected, noted, cluster):
    backend = Noted(noted, 0.5, n_workers=2)
    do("vcf", tmp_path / "vcf", backend=backend)  # the others below, where something dies
    assert bytes_of(tmp_path / "vcf") == expected("vcf")
    assert os.getpid() not in {pid for _, pid in backend.notes()}
    assert len({pid for _, pid in backend.notes()}) > 1


@pytest.mark.parametrize("time_number", range(TIMES))
def test_a_killed_worker_costs_its_unfinished_blocks(
    do, written, expected, noted, cluster, time_number
):
    backend = Noted(noted, 0.3, n_workers=2)
    killed = []

    def kill() -> None:
        while len(backend.notes()) < 4:
            time.sleep(0.05)
        _, pid = backend.notes()[-1]
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    do("pairs", written, backend=backend)
    killer.join()
    assert bytes_of(written) == expected("pairs")
    assert killed
    begun = [index for index, _ in backend.notes()]
    assert len(begun) <= 12 + 2  # what the dead one had in hand, and no more
    assert set(begun) == set(range(12))


@pytest.mark.parametrize("time_number", range(TIMES))
def test_a_killed_node_costs_its_unfinished_blocks(
    do, written, expected, noted, cluster, time_number
):
    backend = Noted(noted, 0.3, n_workers=2)

    def kill() -> None:
        while len(backend.notes()) < 4:
            time.sleep(0.05)
        cluster.kill_a_node()

    killer = threading.Thread(target=kill)
    killer.start()
    do("explain", written, backend=backend)
    killer.join()
    assert bytes_of(written) == expected("explain")
    assert cluster.count_alive() == 1


def test_the_command_line_runs_on_a_ray_of_its_own(job, written, tmp_path):
    command = [sys.executable, "-m", "seqexpr", "predict", str(job.run), str(job.table),
               "-o", str(written), "--backend", "ray", "--workers", "2", "--resume"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    here = tmp_path / "one-process"
    predict_blocks(load_bundle(job.run), job.table, here, backend=LocalBackend(n_workers=1))
    assert bytes_of(written) == bytes_of(here)
    assert sum(len(pd.read_parquet(path)) for path in written.iterdir()) == 1_200
