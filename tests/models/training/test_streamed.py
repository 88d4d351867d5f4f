"""Rows that do not fit in memory: the same batches, and the same network, as from memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqexpr.data.row_store import RowBatch
from seqexpr.models.nets.configs import CompactCNN
from seqexpr.models.nets.encoding import code_matrix
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.context import training_context
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.models.training.streamed import StreamedExamples, as_examples
from seqexpr.testing.models import _library

FORM = CompactCNN(n_channels=8, n_places=3)


class ListSource:
    """A source whose rows lie in memory, mixed as those of a table in memory are."""

    mean_weight = 1.0
    fingerprint = "of a test"
    n_targets = 1

    def __init__(self, sequences, values, *, validated=(), n_pieces=1):
        held = np.isin(np.arange(len(values)), validated)
        rows = RowBatch(
            list(sequences), np.asarray(values, float)[:, None],
            np.zeros(len(values), np.uint64), np.zeros(len(values), bool),
        )  # fmt: skip
        self.rows, self.validation = rows.take(~held), rows.take(held)
        self.n_rows, self.n_pieces = len(self.rows.sequences), n_pieces
        self.longest = max(map(len, sequences))
        self.center, self.scale = rows.targets.mean(axis=0), rows.targets.std(axis=0)

    def pieces(self, seed):
        order = np.random.default_rng(seed).permutation(self.n_rows)
        for part in np.array_split(order, self.n_pieces):
            yield self.rows.take(part)


def batches_of(n_pieces, *, n=103, size=16, skip=0):
    sequences, values = _library(n, seed=3)
    sequences = [s[: 20 + i % 21] for i, s in enumerate(sequences)]
    source = ListSource(sequences, values, n_pieces=n_pieces)
    rows = StreamedExamples(source, lambda some: code_matrix(some, length=source.longest))
    feed = rows.feed(torch.device("cpu"))
    return list(feed.epoch([1, 2], size=size, skip=skip))


def flat(batches):
    return [(row[row < 5].tolist(), float(y)) for batch in batches
            for row, y in zip(batch.codes, batch.targets[:, 0], strict=True)]  # fmt: skip


@pytest.mark.parametrize("n_pieces", [1, 2, 7, 50])
def test_batches_do_not_depend_on_the_pieces(n_pieces):
    whole, parts = batches_of(1), batches_of(n_pieces)
    assert [len(batch) for batch in parts] == [16] * 6 + [7]
    assert flat(parts) == flat(whole)


@pytest.mark.parametrize("n_pieces", [1, 5])
def test_an_epoch_can_be_entered_in_the_middle(n_pieces):
    assert flat(batches_of(n_pieces, skip=3)) == flat(batches_of(n_pieces)[3:])
    assert flat(batches_of(n_pieces, skip=7)) == []


@pytest.mark.parametrize("n_pieces", [1, 3])
def test_a_network_is_the_one_that_is_trained_from_memory(n_pieces):
    sequences, values = _library(200, seed=1)
    given = {"training": Training(n_epochs=2, validation_share=0), "random_state": 4}
    streamed = NeuralRegressor(FORM, **given).fit_streamed(
        ListSource(sequences, values, n_pieces=n_pieces)
    )
    from_memory = NeuralRegressor(FORM, **given).fit(sequences, values)
    for name, weights in from_memory.weights_[0].items():
        np.testing.assert_array_equal(streamed.weights_[0][name], weights, err_msg=name)
    np.testing.assert_array_equal(streamed.predict(sequences), from_memory.predict(sequences))


def test_the_validated_rows_choose_the_epoch_and_flanks_are_read():
    sequences, values = _library(200, seed=1)
    source = ListSource(sequences, values, validated=range(0, 200, 10))
    model = NeuralRegressor(
        FORM, training=Training(n_epochs=2), left_flank="ACGT", right_flank="TTGA",
        augmentation=Augmentation(shift=2),
    ).fit_streamed(source)  # fmt: skip
    assert np.isfinite(model.history_[0][:, 1:]).all()
    assert model.predict(sequences[:5]).shape == (5,)


class StoppedError(Exception):
    """Stands for a kill."""


def test_what_was_killed_goes_on_and_ends_with_the_same_weights(tmp_path):
    sequences, values = _library(200, seed=1)
    source = ListSource(sequences, values, validated=range(0, 200, 10), n_pieces=3)
    model = NeuralRegressor(FORM, training=Training(n_epochs=4), random_state=2)
    whole = model.fit_streamed(source).weights_[0]

    def stop(progress):
        if progress.epoch == 2:
            raise StoppedError

    kept = {"checkpoints": tmp_path, "checkpoint_seconds": 0.0}
    with training_context(on_progress=stop, **kept), pytest.raises(StoppedError):
        model.fit_streamed(source)
    seen = []
    with training_context(on_progress=lambda p: seen.append(p.epoch), **kept):
        again = model.fit_streamed(source).weights_[0]
        for name, weights in whole.items():
            np.testing.assert_array_equal(again[name], weights, err_msg=name)
        assert min(seen) > 1
        seen.clear()
        model.fit_streamed(source)  # what is finished is not trained again
        assert seen == []


@pytest.mark.parametrize("n", [96, 103])
@pytest.mark.parametrize("count", [2, 5])
def test_processes_share_the_rows_as_they_do_in_memory(n, count):
    sequences, values = _library(n, seed=3)
    source = ListSource(sequences, values, n_pieces=4)
    rows = StreamedExamples(source, lambda some: code_matrix(some, length=source.longest))
    in_memory = as_examples(source.rows, source, rows.encode)
    for number in range(count):
        streamed, known = (
            list(one.feed(torch.device("cpu")).epoch([3, 1], size=8, skip=1, share=(number, count)))
            for one in (rows, in_memory)
        )
        assert flat(streamed) == flat(known)
        assert len(flat(known)) == -(-n // count) - 8
