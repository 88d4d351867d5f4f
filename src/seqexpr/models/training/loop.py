"""The training loop: one network, on one device, deterministic by seed and able to go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from math import nan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from seqexpr.models.training.augment import augment
from seqexpr.models.training.averaging import AveragedNetwork
from seqexpr.models.training.checkpoint import read_checkpoint, write_checkpoint
from seqexpr.models.training.context import TrainingContext, TrainingProgress
from seqexpr.models.training.examples import Batch, Examples, Feed, Rows, to_input
from seqexpr.models.training.losses import Loss, error_and_pearson
from seqexpr.models.training.precision import precision_plugin
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.models.training.state import Epoch, Moving, State, keep_state, take_up_state

__all__ = ["Epoch", "Plan", "Trained", "train_network"]

T = TypeVar("T")
Weights = dict[str, npt.NDArray[Any]]
_CLIP = 1.0  # length of the gradient
_FEWEST_STEPS = 20  # of an epoch; batches are smaller where there would be fewer
_SMALLEST_BATCH = 8


@dataclass(frozen=True)
class Plan:
    """What is done, and on what.

    Attributes
    ----------
    training, augmentation : Training and Augmentation
        The choices.
    n_snapshots : int
        Cycles of the learning rate; the weights at the end of each are kept.
    frozen_epochs : int
        First epochs in which the trunk does not move.
    seed : int
        Of order, dropout and augmentation.
    device : str
        "cpu" or "cuda".
    n_devices : int
        Devices that share each batch, in as many processes.
    precision : str
        As Lightning Fabric names it.
    checkpoint : Path or None
        Where the state is kept.
    """

    training: Training
    augmentation: Augmentation
    n_snapshots: int = 1
    frozen_epochs: int = 0
    seed: int = 0
    device: str = "cpu"
    n_devices: int = 1
    precision: str = "32-true"
    checkpoint: Path | None = None


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network: the weights of each snapshot, and the epochs."""

    snapshots: list[Weights]
    history: list[Epoch]


def train_network(
    network: nn.Module,
    train: Rows,
    validation: Examples | None,
    *,
    loss: Loss,
    plan: Plan,
    context: TrainingContext,
) -> Trained:
    """Train a network.

    Parameters
    ----------
    network : nn.Module
        As :class:`seqexpr.models.nets.network.SequenceNetwork`; changed in place.
    train : Rows
        Rows that its weights are fitted to, with `augmentation.shift` further
        bases at both ends.
    validation : Examples or None
        Rows that decide which epoch is kept, without these; None = the last is.
    loss : Loss
        What is brought down.
    plan : Plan
        How.
    context : TrainingContext
        Whom to tell.
    """
    if plan.checkpoint is not None:  # other processes may stand in another folder
        plan = replace(plan, checkpoint=plan.checkpoint.absolute())
    inside, ends_at = context, None
    if context.launcher is not None or plan.n_devices > 1:
        # Whoever is told of progress lives in this process.
        inside = replace(context, on_progress=None, launcher=None)
        if context.deadline is not None:  # other machines count from another start
            ends_at = time.time() + context.deadline - time.monotonic()
    parts = (network, train, validation)
    work = partial(_run, parts=parts, loss=loss, plan=plan, context=inside, ends_at=ends_at)
    snapshots, history = _launch(work, plan, context)
    if plan.checkpoint is not None:  # not before all processes have ended: one may yet be lost
        plan.checkpoint.unlink(missing_ok=True)
    return Trained(snapshots, [Epoch(*values) for values in history])


def _launch(work: Callable[[Any], T], plan: Plan, context: TrainingContext) -> T:
    """Do the work with the context's launcher, else in this process, or with one a device."""
    if context.launcher is not None:
        kinds = ("cpu", "cuda") if context.precision == "single" else (plan.device,)
        measured = dict.fromkeys(kinds, plan.precision)
        return context.launcher.launch(work, device=context.device, precision=measured)
    from lightning_fabric import Fabric

    many = plan.n_devices > 1
    fabric = Fabric(
        accelerator=plan.device, devices=plan.n_devices,
        plugins=precision_plugin(plan.precision, plan.device),
        strategy="ddp_spawn" if many else "auto",
    )  # fmt: skip
    done: T = fabric.launch(work) if many else work(fabric)
    return done


def _run(
    fabric: Any,
    *,
    parts: tuple[nn.Module, Rows, Examples | None],
    loss: Loss,
    plan: Plan,
    context: TrainingContext,
    ends_at: float | None,
) -> tuple[list[Weights], list[list[float]]]:
    """Train in this process, which may be one of several; return snapshots and history, plain."""
    if ends_at is not None:
        context = replace(context, deadline=time.monotonic() + ends_at - time.time())
    network, train, validation = parts
    if fabric.world_size > 1:  # processes of one machine are handed the same memory
        network = deepcopy(network)
    with _own_randomness(plan.seed), _quiet():
        return _Run(fabric, network, train, validation, loss=loss, plan=plan, context=context).run()


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Leave PyTorch's own generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's advice on a GPU's precision, which is chosen here, off the screen."""
    log = logging.getLogger("lightning_fabric.utilities.rank_zero")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)


def _step_seed(plan: Plan, epoch: int, step: int) -> int:
    words = np.random.SeedSequence([plan.seed, epoch, step]).generate_state(2)
    return int(words[0]) << 31 ^ int(words[1])


class _Run:
    """One call of :func:`train_network`."""

    def __init__(
        self, fabric: Any, network: nn.Module, train: Rows, validation: Examples | None, *,
        loss: Loss, plan: Plan, context: TrainingContext,
    ) -> None:  # fmt: skip
        self.plan, self.loss, self.context = plan, loss, context
        self.fabric = fabric
        self.rank, self.n_ranks = int(fabric.global_rank), int(fabric.world_size)
        training = plan.training
        n = len(train)
        whole = max(min(training.batch_size, n // _FEWEST_STEPS), min(_SMALLEST_BATCH, n))
        self.batch = max(1, whole // self.n_ranks)
        n_each = -(-n // self.n_ranks)
        self.n_steps = -(-n_each // self.batch)
        self.cycle = max(1, training.n_epochs // plan.n_snapshots)
        self.n_epochs = self.cycle * plan.n_snapshots
        device = self.fabric.device
        self.bare = network.to(device)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay,
            fused=device.type in ("cpu", "cuda"),
        )  # fmt: skip
        self.network, self.optimizer = self.fabric.setup(self.bare, optimizer)
        self.average = AveragedNetwork(self.bare, training.averaging)
        self.feed = train.feed(device)
        self.held_out = None if validation is None else Feed(validation, device)
        self.n_held_out = 0 if validation is None else len(validation)
        self.generator = torch.Generator(device)
        self.still: list[nn.Parameter] = []  # weights that do not move
        self.state = State()
        self._start_cycle()

    def run(self) -> tuple[list[Weights], list[list[float]]]:
        self._resume()
        self.started = self.written = time.monotonic()
        seconds = 0.0  # of an epoch
        while self.state.epoch == 0 or not self._is_done(ahead=seconds):
            before = time.monotonic()
            self._epoch()
            seconds = time.monotonic() - before
            self._tell(seconds)
        self.fabric.barrier()
        # Arrays: tensors that another process has made would be gone with it.
        plain = [{k: v.numpy() for k, v in taken.items()} for taken in self.state.snapshots]
        return plain, self.state.plain_history()

    def _start_cycle(self) -> None:
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=self.plan.training.learning_rate,
            total_steps=self.cycle * self.n_steps + 1, pct_start=0.3, cycle_momentum=False,
        )  # fmt: skip

    def _is_done(self, *, ahead: float) -> bool:
        """Whether the last snapshot was taken, training has stopped to pay, or time is up."""
        state, deadline = self.state, self.context.deadline
        if len(state.snapshots) == self.plan.n_snapshots:
            return True
        waited = state.epoch - 1 - state.best_epoch
        pays = (
            self.plan.n_snapshots > 1 or self.held_out is None
            or waited < self.plan.training.patience
        )  # fmt: skip
        if pays and (
            deadline is None or not self._agreed(time.monotonic() + ahead > deadline)
        ):  # fmt: skip
            return False
        state.snapshots.append(state.best)
        return True

    def _agreed(self, found: T) -> T:
        """Return what the first process has found: one that went another way would be waited for.

        Clocks differ, and so do the moments of batches that each process has seen.
        """
        agreed: T = self.fabric.broadcast(found) if self.n_ranks > 1 else found
        return agreed

    def _epoch(self) -> None:
        state, plan = self.state, self.plan
        finetune = state.epoch >= self.n_epochs * (1 - plan.augmentation.finetune_share)
        self.network.train()
        self._freeze(state.epoch < plan.frozen_epochs)
        batches = self.feed.epoch(
            [plan.seed, state.epoch], size=self.batch, skip=state.step,
            share=(self.rank, self.n_ranks),
        )  # fmt: skip
        for batch in batches:
            state.loss_sum = state.loss_sum + self._step(batch, finetune=finetune)
            state.step += 1
            self._checkpoint(self.context.checkpoint_seconds)
        error, pearson = self._agreed((nan, nan) if self.rank else self._validate())
        state.history.append(Epoch(float(state.loss_sum) / self.n_steps, error, pearson))
        if not error >= state.best_error or self.held_out is None:  # NaN is taken too
            state.best_error, state.best_epoch = error, state.epoch
            state.best = _copied(self.average.module)
        state.epoch, state.step, state.loss_sum = state.epoch + 1, 0, 0.0
        if state.epoch % self.cycle == 0:
            state.snapshots.append(state.best)
            state.best_error = float("inf")
            self._start_cycle()
        self._checkpoint(self.context.checkpoint_seconds / 10)

    def _freeze(self, frozen: bool) -> None:
        trunk = getattr(self.bare, "trunk", None)
        if trunk is not None and self.plan.frozen_epochs:
            if self.n_ranks == 1:  # processes wait for the gradients of all weights that want any
                trunk.requires_grad_(not frozen)
            trunk.train(not frozen)  # moments of batches stay as they are, too
            self.still = list(trunk.parameters()) if frozen else []

    def _step(self, batch: Batch, *, finetune: bool) -> Tensor:
        plan, state = self.plan, self.state
        seed = _step_seed(plan, state.epoch, state.step) + self.rank
        # Of dropout. `torch.manual_seed` would note each call, with its stack, for a GPU to come.
        torch.default_generator.manual_seed(seed)
        if self.fabric.device.type == "cuda":
            torch.cuda.manual_seed(seed)
        self.generator.manual_seed(seed)
        codes = augment(batch.codes, plan.augmentation, generator=self.generator, finetune=finetune)
        x, mask = to_input(codes, is_full=batch.is_full)
        if plan.training.mixup:
            loss = self._mixed(x, mask, batch)
        else:
            raw = self.network(x, mask, batch.covariates)
            loss = self.loss(raw.float(), batch.targets, batch.weights)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        for weights in self.still:
            weights.grad = None
        self.fabric.clip_gradients(
            self.network, self.optimizer, max_norm=_CLIP, error_if_nonfinite=False
        )
        self.optimizer.step()
        self.schedule.step()
        self.average.follow()
        return loss.detach()

    def _mixed(self, x: Tensor, mask: Tensor | None, batch: Batch) -> Tensor:
        """Mix each row with another: the loss is that of both targets, by their shares."""
        rng = np.random.default_rng(_step_seed(self.plan, self.state.epoch, self.state.step))
        share = float(rng.beta(self.plan.training.mixup, self.plan.training.mixup))
        other = torch.from_numpy(rng.permutation(len(batch))).to(x.device)
        blend = share * x + (1 - share) * x[other]
        both = mask if mask is None else torch.maximum(mask, mask[other])
        beside = batch.covariates
        if beside is not None:
            beside = share * beside + (1 - share) * beside[other]
        raw = self.network(blend, both, beside).float()
        first = self.loss(raw, batch.targets, batch.weights)
        second = self.loss(raw, batch.targets[other], batch.weights[other])
        mixed: Tensor = share * first + (1 - share) * second
        return mixed

    @torch.no_grad()
    def _validate(self) -> tuple[float, float]:
        """Return squared error and correlation of the averaged weights, means over targets."""
        if self.held_out is None:
            return float("nan"), float("nan")
        self.average.eval()
        predicted, measured, weights = [], [], []
        for batch in self.held_out.batches(np.arange(self.n_held_out), 4 * self.batch):
            x, mask = to_input(batch.codes, is_full=batch.is_full)
            with self.fabric.autocast():
                raw = self.average(x, mask, batch.covariates)
            predicted.append(self.loss.mean(raw.float()).cpu())
            measured.append(batch.targets.cpu())
            weights.append(batch.weights.cpu())
        return error_and_pearson(torch.cat(predicted), torch.cat(measured), torch.cat(weights))

    def _tell(self, seconds: float) -> None:
        if self.context.on_progress is None:
            return
        last = self.state.history[-1]
        self.context.on_progress(
            TrainingProgress(
                epoch=self.state.epoch, n_epochs=self.n_epochs, loss=last.loss,
                pearson=last.pearson, seconds=time.monotonic() - self.started,
                seconds_left=seconds * (self.n_epochs - self.state.epoch),
            )
        )  # fmt: skip

    def _checkpoint(self, after: float) -> None:
        """Write the state if the last write is longer ago than that."""
        file = self.plan.checkpoint
        if file is None or self.rank or time.monotonic() - self.written < after:
            return
        write_checkpoint(file, keep_state(self.state, self._moving()))
        self.written = time.monotonic()

    def _resume(self) -> None:
        kept = None
        if self.plan.checkpoint is not None:  # the folder may be another one on other machines
            kept = self._agreed(None if self.rank else read_checkpoint(self.plan.checkpoint))
        if kept is not None:
            self.state = take_up_state(kept, self._moving())

    def _moving(self) -> Moving:
        return Moving(self.bare, self.average, self.optimizer, self.schedule)


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
