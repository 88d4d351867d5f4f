"""Train on a Ray cluster: trials of a search side by side, networks on what computes fastest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from seqexpr.models.training.context import training_context
from seqexpr.optional import has_extra
from seqexpr.scale.ray_executor import ray_workers
from seqexpr.scale.ray_session import ray_session
from seqexpr.scale.ray_training import RayTraining

__all__ = ["train_on_ray"]


@contextmanager
def train_on_ray(*, address: str | None = None, n_workers: int | None = None) -> Iterator[None]:
    """Let what is trained inside the ``with`` block be trained on a Ray cluster.

    The trials of a search run side by side, a core each (see
    :func:`~seqexpr.scale.ray_executor.ray_workers`). A network outside of a
    search is trained on all GPUs of the cluster at once, or, where there are
    none, on all machines (see :class:`~seqexpr.scale.ray_training.RayTraining`).
    Everything else is done in this process. The run folder must be on a disk
    that all machines share.

    Parameters
    ----------
    address : str, optional
        Of a cluster that runs ("auto" on one of its machines); None = one that
        is started here.
    n_workers : int, optional
        Trials that run side by side; None = one a core of the cluster.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    ClusterError
        If there is no cluster at the address.

    Examples
    --------
    >>> import seqexpr
    >>> with train_on_ray(address="auto"):  # doctest: +SKIP
    ...     run = seqexpr.train("library.csv", preset="best", budget="30m", output="run")
    """
    with ExitStack() as stack:
        ray = stack.enter_context(ray_session(address))
        stack.enter_context(ray_workers(n_workers))
        launcher = _launcher(ray.nodes())
        if launcher is not None:
            stack.enter_context(training_context(launcher=launcher))
        yield


def _launcher(nodes: list[dict[str, Any]]) -> RayTraining | None:
    """Return what trains a network on all GPUs, or machines; None where this process does."""
    if not has_extra("deep"):
        return None
    has = [node["Resources"] for node in nodes if node["Alive"] and node["Resources"].get("CPU")]
    n_gpus = sum(int(node.get("GPU", 0)) for node in has)
    cores = [int(node["CPU"]) for node in has]
    if n_gpus:
        each = min(int(node["CPU"] // node["GPU"]) for node in has if node.get("GPU"))
        return RayTraining(n_workers=n_gpus, use_gpu=True, cores_per_worker=max(1, each))
    if len(cores) > 1:
        return RayTraining(n_workers=len(cores), use_gpu=False, cores_per_worker=min(cores))
    return None
