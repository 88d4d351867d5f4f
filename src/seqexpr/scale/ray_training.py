"""Ray Train: networks over several processors or GPUs, of one machine or many."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from seqexpr.errors import ClusterError, InputError
from seqexpr.features._base import is_int
from seqexpr.optional import require
from seqexpr.scale.ray_session import ray_session

__all__ = ["RayTraining"]

T = TypeVar("T")


class RayTraining:
    """Train each network on the workers of a Ray cluster, which share every batch.

    A :class:`~seqexpr.models.training.context.Launcher`. Workers have a process
    each, and gradients are added up across them (DDP; NCCL on GPUs, else Gloo).
    The same number of workers gives the same weights as that many processes of
    one machine (`n_devices`); one worker, the same as a plain fit. Where a
    worker or its machine dies, all are begun again, as soon as there are as many
    as before; the fit goes on from its checkpoint if the folder of checkpoints is
    on a disk that all machines share, else from its start.

    Parameters
    ----------
    address : str, optional
        Of a cluster that runs ("auto" on one of its machines); None = one that
        is started here, for each fit that is not inside a
        :func:`~seqexpr.scale.ray_session.ray_session`.
    n_workers : int
        Workers of each fit, at least 1; the model's `n_devices` is not asked.
    use_gpu : bool, optional
        Whether each worker has a GPU; None = if the cluster has one for each and
        `device` of the context is not "cpu".
    cores_per_worker : int, default 1
        Cores, and threads, of each worker.
    max_failures : int, default 3
        How often a fit is begun again because a worker failed. Machines that are
        taken away with notice (preempted) do not count.
    wait_minutes : int, default 30
        How long a fit waits, in all, for machines that are not there.

    Raises
    ------
    InputError
        If a number is out of range.
    MissingExtraError
        If Ray or PyTorch is not installed.

    Examples
    --------
    >>> from seqexpr.models.training.context import training_context
    >>> with training_context(launcher=RayTraining(address="auto", n_workers=4)):  # doctest: +SKIP
    ...     model.fit(sequences, expression)
    """

    def __init__(
        self,
        *,
        address: str | None = None,
        n_workers: int,
        use_gpu: bool | None = None,
        cores_per_worker: int = 1,
        max_failures: int = 3,
        wait_minutes: int = 30,
    ) -> None:
        least = {"n_workers": (n_workers, 1), "cores_per_worker": (cores_per_worker, 1),
                 "max_failures": (max_failures, 0), "wait_minutes": (wait_minutes, 1)}  # fmt: skip
        for name, (value, smallest) in least.items():
            if not (is_int(value) and value >= smallest):
                raise InputError(f"{name} = {value!r}: must be a whole number, at least {smallest}")
        self.address, self.n_workers, self.use_gpu = address, n_workers, use_gpu
        self.cores_per_worker = cores_per_worker
        self.max_failures, self.wait_minutes = max_failures, wait_minutes
        require("ray", extra="scale")
        require("torch", extra="deep")

    def launch(self, work: Callable[[Any], T], *, device: str, precision: Mapping[str, str]) -> T:
        """Do the work of a fit on all workers, and return what it returned on the first.

        Parameters
        ----------
        work : callable
            Can be pickled; is handed the Fabric of its process.
        device : {"auto", "cpu", "cuda"}
            What the fit is to run on.
        precision : mapping of str to str
            In which precision, by device; on others the first worker measures.

        Raises
        ------
        InputError
            If Ray is started here, and this machine has too few cores or GPUs.
        ClusterError
            If workers failed more than `max_failures` times, or machines were
            waited for in vain.
        """
        n_threads = self.cores_per_worker

        def run() -> T:  # a closure: Ray sends it with all that it holds, in memory
            return _work_here(work, n_threads, precision)

        failed = require("ray.train", extra="scale").TrainingFailedError
        with ray_session(self.address) as ray, tempfile.TemporaryDirectory() as notes:
            on_gpu = self._takes_gpus(ray, device)
            try:
                done: T = self._trainer(run, notes, on_gpu=on_gpu).fit().return_value
            except failed as error:
                raise ClusterError(self._explain(error)) from error
            return done

    def _takes_gpus(self, ray: Any, device: str) -> bool:
        """Return whether each worker has a GPU; raise where there can never be enough of all."""
        has = ray.cluster_resources()
        wanted = self.use_gpu
        if wanted is None:
            enough = has.get("GPU", 0) >= self.n_workers
            wanted = device == "cuda" or (device == "auto" and enough)
        needs = {"CPU": self.n_workers * self.cores_per_worker, "GPU": self.n_workers * wanted}
        for kind, named in (("CPU", "cores"), ("GPU", "GPUs")):
            # What was started here does not grow; to other clusters machines may yet come.
            if has.get(kind, 0) < needs[kind] and self.address is None and len(ray.nodes()) == 1:
                raise InputError(
                    f"n_workers = {self.n_workers}: {needs[kind]} {named} are needed, and this "
                    f"machine has {has.get(kind, 0):.0f}; take fewer, or name the address of a "
                    "cluster"
                )
        return bool(wanted)

    def _trainer(self, run: Callable[[], Any], notes: str, *, on_gpu: bool) -> Any:
        """Return Ray's trainer; in the folder it keeps notes of its own, nothing of the fit."""
        train = require("ray.train", extra="scale")
        trainer = require("ray.train.torch", extra="scale").TorchTrainer(
            run,
            scaling_config=train.ScalingConfig(
                num_workers=self.n_workers,
                use_gpu=on_gpu,
                resources_per_worker={"CPU": self.cores_per_worker},
            ),
            run_config=train.RunConfig(
                name="fit",
                storage_path=notes,
                logging_config=train.LoggingConfig(log_level="ERROR"),
                failure_config=train.FailureConfig(
                    max_failures=self.max_failures,
                    # Ray waits a minute for its workers, and then counts a failure of this kind.
                    controller_failure_limit=self.wait_minutes - 1,
                ),
            ),
        )
        # Ray would take Ctrl-C for itself, end the program as if all were well, and keep it.
        trainer._register_sigint_handler = lambda controller: None  # noqa: SLF001 - no public way
        return trainer

    def _explain(self, error: Exception) -> str:
        """Return what a failure means for who started the fit."""
        failures = getattr(error, "worker_failures", None)
        if not failures:
            why = getattr(error, "controller_failure", error)
            return (
                f"Ray Train gave up on {self.n_workers} workers of {self.cores_per_worker} cores "
                f"({_first_line(why)}); take fewer n_workers, or add machines"
            )
        rank, failure = min(failures.items())
        return (
            f"training on {self.n_workers} workers failed {self.max_failures + 1} times, at last "
            f"in worker {rank}: {_first_line(failure)}; mend that, or raise max_failures "
            "if machines come and go"
        )


def _work_here(work: Callable[[Any], T], n_threads: int, precision: Mapping[str, str]) -> T:
    """Do the work in a worker of Ray Train."""
    from seqexpr.models.training.joining import Place, work_joined

    require("torch", extra="deep").set_num_threads(n_threads)
    here = require("ray.train", extra="scale").get_context()
    device = require("ray.train.torch", extra="scale").get_device()
    place = Place(
        here.get_world_size(), here.get_world_rank(), here.get_local_rank(), here.get_node_rank()
    )
    return work_joined(work, place, device=device, precision=precision)


def _first_line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
