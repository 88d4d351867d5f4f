from __future__ import annotations

import numpy as np
import pytest
import torch

from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.nets.encoding import code_matrix
from seqexpr.models.nets.network import SequenceNetwork
from seqexpr.models.training import loop
from seqexpr.models.training.context import TrainingContext
from seqexpr.models.training.examples import Examples, Feed
from seqexpr.models.training.losses import make_loss
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.testing.models import _library


class KilledError(Exception):
    """Stands for a kill: nothing after it is done."""


def examples(n=120, *, seed=0, ragged=False):
    sequences, expression = _library(n, seed=seed)
    if ragged:
        sequences = [s[: 30 + i % 11] for i, s in enumerate(sequences)]
    scaled = (expression - expression.mean()) / expression.std()
    return Examples(
        code_matrix(sequences), scaled[:, None].astype(np.float32), np.ones(n, np.float32)
    )


def plan(**named):
    training = Training(n_epochs=4, **named.pop("training", {}))
    augmentation = named.pop("augmentation", Augmentation(mutations=0.05, strands="augment"))
    return loop.Plan(training, augmentation, seed=5, **named)


def trained(how, *, context=None, ragged=False, seed=0):
    torch.manual_seed(seed)
    network = SequenceNetwork(CompactCNN(n_channels=8, n_places=3, dropout=0.3), n_outputs=1)
    return loop.train_network(
        network, examples(ragged=ragged), examples(40, seed=1, ragged=ragged),
        loss=make_loss("squared", n_targets=1), plan=how, context=context or TrainingContext(),
    )  # fmt: skip


def same(first, second):
    assert len(first.snapshots) == len(second.snapshots)
    for one, other in zip(first.snapshots, second.snapshots, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_the_same_seed_gives_the_same_weights_whatever_the_global_generator():
    state = torch.random.get_rng_state()
    first = trained(plan())
    assert first.history[-1].error < first.history[0].error
    torch.manual_seed(99)
    same(first, trained(plan()))
    torch.random.set_rng_state(state)


def test_when_time_is_up_the_best_so_far_is_kept():
    hurried = trained(plan(), context=TrainingContext(deadline=0.0))
    assert len(hurried.history) == len(hurried.snapshots) == 1
    assert len(trained(plan(), context=TrainingContext(deadline=1e12)).history) == 4


@pytest.mark.parametrize("n_snapshots", [1, 2])
@pytest.mark.parametrize("stop", [1, 7, 30])
def test_killed_at_any_step_the_resumed_run_ends_with_the_same_weights(
    tmp_path, monkeypatch, stop, n_snapshots
):
    whole = trained(plan(n_snapshots=n_snapshots))
    how = plan(n_snapshots=n_snapshots, checkpoint=tmp_path / "deep" / "state.safetensors")
    context = TrainingContext(checkpoint_seconds=0.0)
    steps = []
    honest = loop._Run._step

    def counted(self, batch, *, finetune):
        if len(steps) == stop:
            raise KilledError
        steps.append(None)
        return honest(self, batch, finetune=finetune)

    monkeypatch.setattr(loop._Run, "_step", counted)
    with pytest.raises(KilledError):
        trained(how, context=context)
    assert how.checkpoint.exists()
    done = []
    monkeypatch.setattr(
        loop._Run,
        "_step",
        lambda self, batch, *, finetune: (
            done.append(None) or honest(self, batch, finetune=finetune)
        ),
    )
    again = trained(how, context=context, seed=77)  # what it began with does not matter any more
    same(again, whole)
    assert not how.checkpoint.exists()
    n_steps = 4 * -(-120 // loop._SMALLEST_BATCH)
    assert len(done) == n_steps - stop


def test_a_damaged_checkpoint_is_begun_anew(tmp_path):
    file = tmp_path / "state.safetensors"
    file.write_bytes(b"half a file")
    same(trained(plan(checkpoint=file)), trained(plan()))


def test_early_stopping_keeps_the_best_epoch(monkeypatch):
    errors = iter([0.9, 0.5, 0.7, 0.8, 0.95])
    kept = []
    monkeypatch.setattr(loop._Run, "_validate", lambda self: (next(errors), 0.0))
    honest = loop._copied
    monkeypatch.setattr(loop, "_copied", lambda network: kept.append(honest(network)) or kept[-1])
    found = trained(plan(training={"patience": 2}))
    assert [epoch.error for epoch in found.history] == [0.9, 0.5, 0.7, 0.8]
    assert len(kept) == 2
    for name, value in kept[1].items():
        np.testing.assert_array_equal(found.snapshots[0][name], value.numpy())


def test_killed_when_it_had_stopped_it_does_not_go_on(tmp_path, monkeypatch):
    def killed(self, seconds):
        if len(self.state.history) == 4:
            raise KilledError

    errors = iter([0.9, 0.5, 0.7, 0.8])
    monkeypatch.setattr(loop._Run, "_validate", lambda self: (next(errors), 0.0))
    how = plan(training={"patience": 2}, checkpoint=tmp_path / "state.safetensors")
    context = TrainingContext(checkpoint_seconds=0.0)
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(loop._Run, "_tell", killed)
        trained(how, context=context)
    found = trained(how, context=context)
    assert [epoch.error for epoch in found.history] == [0.9, 0.5, 0.7, 0.8]
    assert len(found.snapshots) == 1


def test_progress_is_told_after_each_epoch():
    told = []
    trained(plan(), context=TrainingContext(on_progress=told.append))
    assert [one.epoch for one in told] == [1, 2, 3, 4]
    assert told[-1].seconds_left == 0
    assert all(np.isfinite(one.loss) and -1 <= one.pearson <= 1 for one in told)
    assert str(told[0]).startswith("epoch 1/4, loss ")


@pytest.mark.parametrize("training", [{"mixup": 0.5}, {"averaging": 0.0}, {"batch_size": 16}])
def test_every_way_of_training_learns(training):
    found = trained(plan(training=training), ragged=True)
    assert found.history[-1].loss < found.history[0].loss


def test_a_feed_gives_every_row_once_in_order_and_trims_batches():
    rows = examples(50, ragged=True)
    feed = Feed(rows, torch.device("cpu"))
    order = np.random.default_rng(0).permutation(50)
    batches = list(feed.batches(order, 16))
    assert [len(batch) for batch in batches] == [16, 16, 16, 2]
    found = torch.cat([batch.targets for batch in batches])
    np.testing.assert_array_equal(found.numpy(), rows.targets[order])
    lengths = (rows.codes != 5).sum(axis=1)
    assert batches[-1].codes.shape[1] == max(lengths[order[-2:]])
