"""Networks that are trained on rows that do not fit in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from seqexpr.data.row_store import RowBatch
from seqexpr.models.registry import MODELS
from seqexpr.models.targets import TargetTransform
from seqexpr.models.training.context import TrainingProgress, training_context
from seqexpr.workflow.progress import Progress, Step

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from seqexpr.models.neural import NeuralRegressor
    from seqexpr.workflow.streaming import Stream

__all__ = ["StreamedRows", "fit_network"]

Floats = npt.NDArray[np.float64]

_MOST_VALIDATED = 20_000
"""Rows that decide which epoch is kept, at most; a tenth of the rows if that is less."""
_SHARE_OF_BUFFER = 0.125
"""Of the memory, for the rows that are mixed with each other."""
_MOST_SEEN = 20_000_000
"""Rows that training goes through, epochs multiplied: the more rows, the fewer epochs."""


class StreamedRows:
    """The streamed rows of a table as a network is trained on them.

    An epoch takes the batches of the file in random order, as many at a time
    as the buffer holds, and mixes their rows. So every row comes once, the
    order is the same for the same seed and memory, and a table that is sorted
    is mixed as far as the buffer reaches.

    Parameters
    ----------
    stream : Stream
        Scanned.
    transform : TargetTransform
        The scale that is modelled.
    on_step : callable
        Told of progress.

    Attributes
    ----------
    n_rows, n_targets, longest, center, scale, mean_weight, validation, fingerprint
        As :class:`seqexpr.models.training.sources.RowSource` says.
    """

    def __init__(self, stream: Stream, transform: TargetTransform, *, on_step: Progress) -> None:
        self.stream, self.transform = stream, transform
        self.n_targets = stream.n_targets
        self._one_of = max(10, stream.n_streamed // _MOST_VALIDATED)
        digest = self._count(on_step)
        rows = max(1, int(_SHARE_OF_BUFFER * stream.recipe.memory_bytes / self._row_bytes()))
        self.n_buffered = max(1, rows // self._largest)
        self.fingerprint = f"{digest}-{self.n_buffered}"

    def _row_bytes(self) -> int:
        """Return what a row takes while it is mixed: text, codes and copies of both."""
        return 200 + 4 * self.longest + 32 * self.n_targets

    def _count(self, on_step: Progress) -> str:
        """Read all rows once: how many, how long, their mean and spread, and who validates."""
        digest = hashlib.sha256()
        held: list[RowBatch] = []
        sums, origin = np.zeros((3, self.n_targets)), None
        weight, self.n_rows, self.longest, self.n_batches, self._largest = 0.0, 0, 1, 0, 1
        for batch in self.stream.streamed(on_step, what="measuring rows for a network"):
            self.n_batches += 1
            self._largest = max(self._largest, len(batch.sequences))
            self.longest = max(self.longest, *map(len, batch.sequences), 1)
            mine, validated = self._part(batch)
            held.append(validated)
            share = np.ones(len(mine.targets)) if mine.weights is None else mine.weights
            measured = share[:, None] * np.isfinite(mine.targets)
            if origin is None:  # near the mean, so that squares lose no digits
                origin = np.nan_to_num(np.nan_to_num(mine.targets).mean(axis=0))
            values = np.nan_to_num(mine.targets - origin)
            sums += [(measured * values**power).sum(axis=0) for power in range(3)]
            weight += float(share.sum())
            self.n_rows += len(mine.sequences)
            for part in (batch.hashes, batch.targets):
                digest.update(np.ascontiguousarray(part).tobytes())
        shift = sums[1] / sums[0]
        self.center = shift + (0.0 if origin is None else origin)
        self.scale = np.sqrt(np.maximum(sums[2] / sums[0] - shift**2, 0.0))
        self.mean_weight = weight / self.n_rows
        self.validation = _joined(held)
        return digest.hexdigest()

    def _part(self, batch: RowBatch) -> tuple[RowBatch, RowBatch]:
        """Return the rows to train on and those that validate, whole units, on the model's scale.

        Rows of weight 0 teach nothing.
        """
        scaled = RowBatch(
            batch.sequences, self.transform.apply(batch.targets), batch.hashes, batch.is_test,
            batch.weights,
        )  # fmt: skip
        is_validated = batch.hashes % self._one_of == 0
        used = np.ones(len(is_validated), bool) if batch.weights is None else batch.weights > 0
        return scaled.take(used & ~is_validated), scaled.take(used & is_validated)

    def pieces(self, seed: Sequence[int]) -> Iterator[RowBatch]:
        """Yield every row to train on once, mixed by `seed`, a buffer at a time."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(self.n_batches)
        for first in range(0, len(order), self.n_buffered):
            numbers = order[first : first + self.n_buffered].tolist()
            parts = [self._part(one)[0] for one in self.stream.streamed(numbers=numbers)]
            rows = _joined(parts)
            yield rows.take(rng.permutation(len(rows.sequences)))


def _joined(parts: Sequence[RowBatch]) -> RowBatch:
    weights = [part.weights for part in parts if part.weights is not None]
    return RowBatch(
        [sequence for part in parts for sequence in part.sequences],
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.is_test for part in parts]),
        np.concatenate(weights) if weights else None,
    )


def fit_network(
    stream: Stream, transform: TargetTransform, *, name: str, jobs: int, on_step: Progress,
    checkpoints: Path | None,
) -> tuple[Pipeline, int]:  # fmt: skip
    """Train a network of the ladder on the streamed rows.

    Parameters
    ----------
    stream : Stream
        Scanned.
    transform : TargetTransform
        The scale that is modelled.
    name : str
        Of the model, in the registry.
    jobs : int
        Threads.
    on_step : callable
        Told of progress.
    checkpoints : Path or None
        Folder where training keeps what a kill must not lose.

    Returns
    -------
    model : Pipeline
        Fitted.
    n_rows : int
        Rows it was trained on, or validated by.
    """
    rows = StreamedRows(stream, transform, on_step=on_step)
    model = MODELS[name].build(random_state=stream.recipe.seed, n_jobs=jobs)
    regressor: NeuralRegressor = model["regressor"]
    training = clone(regressor.resolved()[1])
    n_epochs = min(training.n_epochs, max(1, round(_MOST_SEEN / rows.n_rows)))
    training.set_params(n_epochs=n_epochs)
    regressor.set_params(training=training, n_snapshots=min(regressor.n_snapshots, n_epochs))

    def tell(progress: TrainingProgress) -> None:
        text = f"{MODELS[name].title}, {rows.n_rows:,} streamed rows: {progress}"
        on_step(Step(text, progress.epoch, progress.n_epochs))

    on_step(Step(f"{MODELS[name].title}: training on {rows.n_rows:,} rows", kind="step"))
    with training_context(on_progress=tell, checkpoints=checkpoints):
        regressor.fit_streamed(rows)
    return model, rows.n_rows + len(rows.validation.sequences)
