"""Several networks as one: fitted over seeds and folds, averaged in prediction."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator
from torch import Tensor

from seqexpr.errors import InputError
from seqexpr.files import atomic_path
from seqexpr.models.nets.encoding import code_matrix
from seqexpr.models.nets.network import SequenceNetwork
from seqexpr.models.training.context import current_context
from seqexpr.models.training.devices import one_thread_each, reading, resolve_device
from seqexpr.models.training.division import (
    divide,
    target_moments,
    validation_folds,
    without_shift,
)
from seqexpr.models.training.examples import Examples, Rows, trim
from seqexpr.models.training.loop import Epoch, Plan, Trained, train_network
from seqexpr.models.training.losses import Loss, make_loss
from seqexpr.models.training.precision import chosen_precision
from seqexpr.models.training.reading import read_members
from seqexpr.models.training.streamed import StreamedExamples, as_examples
from seqexpr.models.training.weights import (
    StoredNetwork,
    pack_networks,
    read_network,
    unpack_networks,
)

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor
    from seqexpr.models.training.sources import RowSource

__all__ = [
    "FittedMembers",
    "Members",
    "fit_members",
    "fit_streamed_members",
    "start_from",
]

Floats = npt.NDArray[np.float64]
_PREDICT_BASES = 64 * 1024
"""Bases of a batch of predictions: what fits the processor's cache."""
_CHUNK = 16_384  # sequences that are encoded at a time


@dataclass(frozen=True, eq=False)
class FittedMembers:
    """What a fit leaves: the attributes of a :class:`NeuralRegressor`."""

    weights: list[dict[str, npt.NDArray[Any]]]
    center: Floats
    scale: Floats
    history: list[Floats]


def fit_members(
    model: NeuralRegressor,
    sequences: list[str],
    targets: Floats,
    *,
    covariates: npt.NDArray[np.float32] | None,
    weights: Floats | None,
    groups: Any,
) -> FittedMembers:
    """Train the members of a regressor.

    Parameters
    ----------
    model : NeuralRegressor
        Its parameters are what is done.
    sequences : list of str, length n
        DNA.
    targets : ndarray of float64, shape (n, t)
        NaN = not measured.
    covariates : ndarray of float32, shape (n, q), or None
        Numbers beside the sequence.
    weights : ndarray of float64, shape (n,), or None
    groups : ndarray, shape (n,), or None
        Rows of one group are not divided.
    """
    training, augmentation = model.resolved()[1:]
    share = np.ones(len(targets)) if weights is None else weights
    used = np.flatnonzero((share > 0) & ~np.isnan(targets).all(axis=1))
    center, scale = target_moments(targets[used], share[used])
    scaled = (targets[used] - center) / np.where(scale > 0, scale, 1.0)
    rows = Examples(
        codes=code_matrix(_constructs(model, [sequences[i] for i in used])),
        targets=scaled.astype(np.float32),
        weights=(share[used] / share[used].mean()).astype(np.float32),
        covariates=None if covariates is None else covariates[used],
    )
    folds = validation_folds(
        len(used), training.validation_share, None if groups is None else groups[used],
        random_state=model.random_state,
    )  # fmt: skip
    kept, history = _fit_each(model, partial(divide, rows, folds, shift=augmentation.shift))
    return FittedMembers(kept, center, scale, history)


def fit_streamed_members(model: NeuralRegressor, source: RowSource) -> FittedMembers:
    """Train the members of a regressor on rows that do not fit in memory, the same for each.

    Parameters
    ----------
    model : NeuralRegressor
        Its parameters are what is done.
    source : RowSource
        The rows.
    """
    shift = model.resolved()[2].shift
    width = source.longest + len(model.left_flank) + len(model.right_flank)
    encode = partial(_encode, left=model.left_flank, right=model.right_flank, width=width)
    held = as_examples(source.validation, source, lambda some: without_shift(encode(some), shift))
    parts = StreamedExamples(source, encode), held if len(held) else None
    kept, history = _fit_each(model, lambda number: parts, stays=True)
    return FittedMembers(kept, source.center, source.scale, history)


def _encode(sequences: list[str], *, left: str, right: str, width: int) -> npt.NDArray[np.uint8]:
    return code_matrix([f"{left}{one}{right}" for one in sequences], length=width)


def _fit_each(
    model: NeuralRegressor,
    parts_of: Callable[[int], tuple[Rows, Examples | None]],
    *,
    stays: bool = False,
) -> tuple[list[dict[str, npt.NDArray[Any]]], list[Floats]]:
    """Train each member on its rows, or take one up that was trained before a kill.

    What is trained `stays` in the folder of checkpoints where the fit was so dear that what comes
    after it, if killed, must not need it again; else it is there until all members are.
    """
    kept, history, files = [], [], []
    with one_thread_each(model.n_jobs):
        for number in range(model.n_members):
            seed = model.random_state + 1_000_003 * number
            parts = parts_of(number)
            file = _checkpoint_file(model, *parts, seed=seed)
            trained = None if file is None else _read_finished(file)
            if trained is None:
                trained = _fit_member(model, *parts, number=number, seed=seed, checkpoint=file)
                if file is not None and (stays or model.n_members > 1):
                    _keep_finished(file, trained)
            files += [] if file is None or stays else [_finished(file)]
            kept += trained.snapshots
            history.append(np.array([[e.loss, e.error, e.pearson] for e in trained.history]))
    for finished in files:
        finished.unlink(missing_ok=True)
    return kept, history


def _fit_member(
    model: NeuralRegressor,
    train: Rows,
    held: Examples | None,
    *,
    number: int,
    seed: int,
    checkpoint: Path | None,
) -> Trained:
    """Train one network from its own start."""
    network, training, augmentation = model.resolved()
    n_targets = train.n_targets
    loss = make_loss(training.loss, n_targets=n_targets)
    launched = current_context().launcher is not None  # it counts devices of its own
    device = resolve_device(model.device, 1 if launched else model.n_devices)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        built = SequenceNetwork(
            network, n_outputs=loss.n_outputs * n_targets,
            n_covariates=train.n_covariates,
        )  # fmt: skip
    if model.init_from:
        start_from(built, read_network(model.init_from), number=number)
    plan = Plan(
        training, augmentation, n_snapshots=model.n_snapshots, frozen_epochs=model.frozen_epochs,
        seed=seed, device=device, n_devices=model.n_devices, precision=chosen_precision(device),
        checkpoint=checkpoint,
    )  # fmt: skip
    return train_network(built, train, held, loss=loss, plan=plan, context=current_context())


def _finished(checkpoint: Path) -> Path:
    """Return where a member that is trained waits for the others."""
    return checkpoint.with_suffix(".finished")


def _keep_finished(checkpoint: Path, trained: Trained) -> None:
    about = {"history": [[e.loss, e.error, e.pearson] for e in trained.history]}
    _finished(checkpoint).parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(_finished(checkpoint)) as temporary:
        temporary.write_bytes(pack_networks([StoredNetwork(about, trained.snapshots)]))


def _read_finished(checkpoint: Path) -> Trained | None:
    file = _finished(checkpoint)
    if not file.exists():
        return None
    try:
        stored = unpack_networks(file.read_bytes())[0]
    except ValueError:  # half a file: train it again
        return None
    return Trained(stored.members, [Epoch(*values) for values in stored.about["history"]])


def start_from(network: SequenceNetwork, donor: StoredNetwork, *, number: int) -> None:
    """Give a network the weights of another's member, all but a head that does not fit.

    Raises
    ------
    InputError
        If the trunks have different forms.
    """
    state = donor.members[number % len(donor.members)]
    own = network.state_dict()
    fits = {
        name: torch.tensor(value)
        for name, value in state.items()
        if name in own and tuple(own[name].shape) == value.shape
    }
    missing = [name for name in own if name.startswith("trunk.") and name not in fits]
    if missing:
        raise InputError(
            f"init_from: the {donor.about['architecture']} in it has another form than this "
            f"network ({missing[0]} differs); leave out network, or take the same form"
        )
    if "out.weight" not in fits or "hidden.weight" not in fits:  # all of a head, or nothing
        fits = {name: value for name, value in fits.items() if name.startswith("trunk.")}
    network.load_state_dict(own | fits)


def _constructs(model: NeuralRegressor, sequences: list[str]) -> list[str]:
    if not (model.left_flank or model.right_flank):
        return sequences
    return [f"{model.left_flank}{sequence}{model.right_flank}" for sequence in sequences]


def _checkpoint_file(
    model: NeuralRegressor, train: Rows, held: Examples | None, *, seed: int
) -> Path | None:
    folder = current_context().checkpoints
    if folder is None:
        return None
    choices = {
        name: type(value).__name__ if isinstance(value, BaseEstimator) else value
        for name, value in sorted(model.get_params(deep=True).items())
    }
    rows = [part.fingerprint() for part in (train, held) if part is not None]
    digest = hashlib.sha256(repr((choices, seed, rows, current_context().precision)).encode())
    return folder / f"{digest.hexdigest()[:24]}.safetensors"


@dataclass(frozen=True, eq=False)
class Members:
    """The networks of a fitted regressor, ready to predict."""

    networks: list[SequenceNetwork]
    loss: Loss
    model: NeuralRegressor
    device: torch.device

    @classmethod
    def of(cls, model: NeuralRegressor) -> Members:
        """Build the networks and fill in their weights."""
        config, training, _ = model.resolved()
        n_targets = len(model.center_)
        loss = make_loss(training.loss, n_targets=n_targets)
        device = torch.device(resolve_device(model.device))
        networks = []
        for weights in model.weights_:
            network = SequenceNetwork(
                config, n_outputs=loss.n_outputs * n_targets, n_covariates=model.n_covariates_
            )
            network.load_state_dict({name: torch.tensor(v) for name, v in weights.items()})
            networks.append(network.eval().requires_grad_(False).to(device))
        return cls(networks, loss, model, device)

    def predict(
        self, sequences: list[str], covariates: npt.NDArray[np.float32] | None = None
    ) -> tuple[Floats, Floats]:
        """Return mean and standard deviation over members, each (n, t), in target units."""
        shape = (len(sequences), len(self.model.center_))
        mean, deviation = np.empty(shape), np.empty(shape)
        at = 0
        for means, variances in self._batches(sequences, covariates):
            rows = slice(at, at + means.shape[1])
            mean[rows] = means.mean(dim=0).cpu().numpy()
            spread = means.var(dim=0, correction=0) + variances.mean(dim=0)
            deviation[rows] = spread.sqrt().cpu().numpy()
            at = rows.stop
        return self.model.center_ + self.model.scale_ * mean, self.model.scale_ * deviation

    def predict_each(
        self, sequences: list[str], covariates: npt.NDArray[np.float32] | None = None
    ) -> Floats:
        """Return the prediction of each member, shape (members, n, t), in target units."""
        parts = [means.cpu().numpy() for means, _ in self._batches(sequences, covariates)]
        empty = np.empty((len(self.networks), 0, len(self.model.center_)))
        each = np.concatenate([empty, *parts], axis=1)
        return np.asarray(self.model.center_ + self.model.scale_ * each)

    def _batches(
        self, sequences: list[str], covariates: npt.NDArray[np.float32] | None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield scaled means and variances of some rows, each (members, rows, t)."""
        augmentation = self.model.resolved()[2]
        shift, both = augmentation.shift, augmentation.strands == "average"

        def read(part: tuple[Tensor, Tensor | None]) -> tuple[Tensor, Tensor]:
            codes, beside = part
            numbers = None if beside is None else beside.to(self.device)
            with torch.inference_mode():
                means, variances = read_members(
                    self.networks, trim(codes).to(self.device), numbers, loss=self.loss,
                    both_strands=both,
                )  # fmt: skip
                return means.double(), variances.double()

        for start in range(0, len(sequences), _CHUNK):
            chunk = _constructs(self.model, sequences[start : start + _CHUNK])
            codes = torch.from_numpy(without_shift(code_matrix(chunk), shift))
            size = max(1, _PREDICT_BASES // codes.shape[1])
            beside: Any = repeat(None)
            if covariates is not None:
                beside = torch.from_numpy(covariates[start : start + _CHUNK]).split(size)
            yield from self._read_all(read, list(zip(codes.split(size), beside, strict=False)))

    def _read_all(self, read: Callable[[Any], Any], parts: list[Any]) -> Iterator[Any]:
        """Read some batches in order, on a processor side by side.

        Two threads with a batch each are a fifth quicker than two that share each operation, and
        a batch that one thread reads is the same to the last bit, whatever `n_jobs` is.
        """
        n_threads = max(1, min(self.model.n_jobs, os.cpu_count() or 1, len(parts)))
        if n_threads == 1 or self.device.type != "cpu":
            with reading(1):
                yield from map(read, parts)
            return
        # How many threads an operation takes is a setting of the thread that calls it.
        pool = ThreadPoolExecutor(n_threads, initializer=torch.set_num_threads, initargs=(1,))
        with pool as threads:
            yield from threads.map(read, parts)
