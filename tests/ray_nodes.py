"""A real Ray cluster on this machine, of which a node can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TwoNodes:
    """Two nodes of a core each; this process drives them.

    Starting a cluster takes seconds: tests share one, and :meth:`mend` it after a kill.
    """

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._second: Any = None
        self.n_killed = 0
        self.mend()

    def mend(self) -> None:
        """Add a node for the one that was killed, if one was."""
        if self._second is None:
            self._second = self._cluster.add_node(num_cpus=1)
            self._cluster.wait_for_nodes()

    def kill_a_node(self) -> None:
        """End the second node, with all that runs on it, as a machine that is switched off."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = None
        self.n_killed += 1

    def count_alive(self) -> int:
        """Return how many nodes Ray takes for alive, once it has seen the dead."""
        import ray

        alive = [node["Alive"] for node in ray.nodes()]
        assert alive.count(False) == self.n_killed
        return alive.count(True)


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    """Start a cluster, and end it."""
    import ray
    from ray.cluster_utils import Cluster

    head = {
        "num_cpus": 1,
        "include_dashboard": False,  # it takes two seconds of a core
        # A killed node is taken for dead after 2 seconds, not 15.
        "_system_config": {"health_check_period_ms": 500, "health_check_failure_threshold": 4},
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        nodes = TwoNodes(cluster)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
        yield nodes
    finally:
        ray.shutdown()
        cluster.shutdown()
