"""A connection to Ray: to a cluster that runs, or to one that is started here for the moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from seqexpr.errors import ClusterError
from seqexpr.optional import require

__all__ = ["ray_session"]


@contextmanager
def ray_session(address: str | None = None) -> Iterator[ModuleType]:
    """Connect this process to Ray for the ``with`` block, if it is not connected already.

    Several jobs inside one block share the connection, so that Ray is started once.

    Parameters
    ----------
    address : str, optional
        Of a cluster that runs ("auto" on one of its machines); None = one that
        is started here. Not asked where this process is connected.

    Yields
    ------
    module
        Ray.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    ClusterError
        If there is no cluster at the address.
    """
    ray = require("ray", extra="scale")
    if ray.is_initialized():
        yield ray
        return
    given = {} if address else {"include_dashboard": False}
    try:
        # "local": Ray would join a cluster of somebody else that it finds on this machine.
        ray.init(address=address or "local", log_to_driver=False, logging_level="error", **given)
    except ConnectionError as error:
        raise ClusterError(
            f"no Ray cluster answers at {address!r}; start one with "
            "`ray start --head`, or leave the address out and Ray is started here"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
