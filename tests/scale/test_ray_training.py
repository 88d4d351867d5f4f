"""Real Ray clusters: workers share a fit, and end with the same weights when some of them die."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.ray_nodes import two_nodes

from seqexpr.errors import ClusterError, InputError
from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.targets import TargetTransform
from seqexpr.models.training.context import TrainingContext, training_context
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.recipe import Recipe
from seqexpr.scale.ray_training import RayTraining
from seqexpr.testing.models import _library
from seqexpr.workflow import streaming
from seqexpr.workflow.progress import ignore
from seqexpr.workflow.streamed_networks import StreamedRows
from seqexpr.workflow.train import stream_for

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'seqexpr[scale]'")
torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'seqexpr[deep]'")
pytest.importorskip("lightning_fabric", reason="needs Lightning: pip install 'seqexpr[deep]'")

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of its threads and files
N_STEPS = 4 * 15  # epochs of 120 rows, four for each of two workers at a time
KILLED_AT = 25
CHECKPOINT = "shared.safetensors"


@pytest.fixture(scope="module", autouse=True)
def often():
    """Let Ray look after its workers five times a second, not every other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.2")
        yield


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each, so that two workers are on both."""
    with two_nodes() as made:
        yield made


def trained(*, n_devices=1, checkpoint=None, **context):
    """Weights and history of a network with dropout, augmentation and a trunk that waits."""
    from seqexpr.models.nets.encoding import code_matrix
    from seqexpr.models.nets.network import SequenceNetwork
    from seqexpr.models.training import loop
    from seqexpr.models.training.examples import Examples
    from seqexpr.models.training.losses import make_loss

    def rows(n, seed):
        sequences, expression = _library(n, seed=seed)
        scaled = ((expression - expression.mean()) / expression.std()).astype(np.float32)
        return Examples(code_matrix(sequences), scaled[:, None], np.ones(n, np.float32))

    torch.manual_seed(0)
    network = SequenceNetwork(CompactCNN(n_channels=8, n_places=3, dropout=0.3), n_outputs=1)
    plan = loop.Plan(
        Training(n_epochs=4), Augmentation(mutations=0.05, strands="augment"), seed=5,
        n_devices=n_devices, frozen_epochs=1, checkpoint=checkpoint,
    )  # fmt: skip
    return loop.train_network(
        network, rows(120, 0), rows(40, 1), loss=make_loss("squared", n_targets=1), plan=plan,
        context=TrainingContext(checkpoint_seconds=0.0, **context),
    )  # fmt: skip


@pytest.fixture(scope="module")
def here():
    """What two processes of this machine come to, without Ray."""
    return trained(n_devices=2)


def same(first, second) -> None:
    """Bit for bit: a sum of two numbers does not depend on their order, and workers have a core each."""
    assert len(first.snapshots) == len(second.snapshots)
    for one, other in zip(first.snapshots, second.snapshots, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert first.history == second.history


@dataclass(frozen=True)
class Counting:
    """Counts the steps of each worker in a file. At one of them, in the first life, the second
    worker dies, and the checkpoint is lost with it; in the second life, all wait to be killed.
    """

    work: object
    folder: Path

    def __call__(self, fabric):
        from seqexpr.models.training import loop

        honest, done, rank = loop._Run._step, [], fabric.global_rank
        life = 1 + sum((self.folder / f"killed-{what}").exists() for what in ("worker", "node"))

        def step(run, batch, *, finetune):
            if len(done) == KILLED_AT and life == 1 and rank == 1:
                time.sleep(1)  # until the other waits in the next step, its checkpoint written
                (self.folder / CHECKPOINT).unlink()
                (self.folder / "killed-worker").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            while len(done) == KILLED_AT and life == 2:
                (self.folder / f"ready-{rank}").touch()
                time.sleep(0.05)
            done.append(None)
            (self.folder / f"{rank}-{life}.steps").write_text(str(len(done)))
            return honest(run, batch, finetune=finetune)

        loop._Run._step = step  # of this worker, which ends with the fit
        return self.work(fabric)


class Counted(RayTraining):
    def __init__(self, folder: Path) -> None:
        super().__init__(n_workers=2)
        self.folder = folder

    def launch(self, work, **named):
        return super().launch(Counting(work, self.folder), **named)


@pytest.mark.parametrize(
    "named",
    [{"n_workers": 0}, {"n_workers": 2.0}, {"n_workers": 2, "cores_per_worker": 0},
     {"n_workers": 2, "max_failures": -1}, {"n_workers": 2, "wait_minutes": 0}],
)  # fmt: skip
def test_numbers_out_of_range_are_named(named):
    with pytest.raises(InputError, match=f"{list(named)[-1]} = .*: must be a whole number"):
        RayTraining(**named)


def test_workers_read_the_rows_of_a_file_each_its_own(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_MOST", 100)
    monkeypatch.setattr(streaming, "BATCH", 50)
    sequences, expression = _library(303, seed=0)
    table = pd.DataFrame({"sequence": sequences, "expression": expression})
    table.to_parquet(tmp_path / "table.parquet", index=False)
    recipe = Recipe.create(table=str(tmp_path / "table.parquet"), memory="1G")
    with stream_for(recipe, None, tmp_path / "run") as stream:
        stream.scan(ignore)
        transform = TargetTransform.fit(np.zeros((2, 1)), "none")
        rows = StreamedRows(stream, transform, on_step=ignore)
        assert rows.n_rows % 2  # so that one row is read by both
        form = CompactCNN(n_channels=8, n_places=3)
        model = NeuralRegressor(form, training=Training(n_epochs=1), device="cpu", n_devices=2)
        here = model.fit_streamed(rows).weights_
        with training_context(launcher=RayTraining(n_workers=2)):
            there = model.fit_streamed(rows).weights_
    for name in here[0]:
        np.testing.assert_array_equal(there[0][name], here[0][name], err_msg=name)


def test_two_nodes_give_the_same_after_a_killed_worker_and_a_killed_node(here, cluster, tmp_path):
    file, ready = tmp_path / CHECKPOINT, [tmp_path / "ready-0", tmp_path / "ready-1"]
    with ThreadPoolExecutor(1) as thread:  # Ray adds nodes in the main thread only
        fit = thread.submit(trained, launcher=Counted(tmp_path), checkpoint=file)
        while not all(one.exists() for one in ready) and not fit.done():
            time.sleep(0.05)
        (tmp_path / "killed-node").touch()
        cluster.kill_a_node()
        cluster.mend()
        found = fit.result(timeout=300)
    assert cluster.count_alive() == 2
    steps = {one.stem: int(one.read_text()) for one in tmp_path.glob("*.steps")}
    assert steps["1-1"] == KILLED_AT
    assert steps["1-2"] == KILLED_AT  # from the start, since nothing was kept
    assert steps["0-3"] == steps["1-3"] == N_STEPS - KILLED_AT  # from the checkpoint
    assert not file.exists()
    same(found, here)


def test_what_fails_again_and_again_is_said(cluster, monkeypatch):
    monkeypatch.setenv("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "1")
    with pytest.raises(ClusterError, match=r"gave up on 3 workers of 1 cores \(.*timed out"):
        trained(launcher=RayTraining(n_workers=3, wait_minutes=1))
    error = ray.train.WorkerGroupError("", {1: ValueError("bad\nwork"), 0: ValueError("worse")})
    why = RayTraining(n_workers=2, max_failures=4)._explain(error)
    assert why.startswith("training on 2 workers failed 5 times, at last in worker 0: worse; ")
