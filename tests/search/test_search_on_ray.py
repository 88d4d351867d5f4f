"""A search whose trials run on a Ray cluster: the trials of one machine, whatever dies."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.scale.ray_executor import ray_workers
from seqexpr.search import search as search_module
from seqexpr.search.proposals import BASELINES
from seqexpr.search.search import Search

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'seqexpr[scale]'")
pytestmark = [
    pytest.mark.usefixtures("small_space"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own, of its threads and files
]
N = 8 + len(BASELINES)


@pytest.fixture
def cluster():
    """Two nodes of a core each."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    made.second = made.add_node(num_cpus=1)
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False, logging_level="error")
    yield made
    ray.shutdown()
    made.shutdown()


class PreemptedError(Exception):
    """Stands for a preempted job."""


def trials(search):
    """Everything of the trials that time has no part in."""
    return {
        index: (t.candidate.choices, t.outcome.state, dict(t.outcome.scores))
        for index, t in search.tried.items()
    }


def test_a_killed_node_and_a_preempted_search_change_no_trial(
    cluster, make_material, tmp_path, thread_pool, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(search_module, "start_workers", thread_pool)
        here = Search(make_material(n=90), tmp_path / "here", n_trials=8)
        here.run(lambda: 1e9, on_state=lambda state: None)
        here.close()
    assert len(here.tried) == N

    def kill_and_stop(state):
        if state.n_finished >= 3 and len(killed) == 0:
            killed.append(cluster.second)
            cluster.remove_node(cluster.second, allow_graceful=False)
        if state.n_finished >= 7:
            raise PreemptedError

    killed = []
    with ray_workers(2):
        first = Search(make_material(n=90), tmp_path / "there", n_jobs=2, n_trials=8)
        with pytest.raises(PreemptedError):
            first.run(lambda: 1e9, on_state=kill_and_stop)
        first.close()
        assert killed
        assert 7 <= len(first.tried) < N
        again = Search(make_material(n=90), tmp_path / "there", n_jobs=2, n_trials=8)
        assert again.n_resumed == len(first.tried)
        again.run(lambda: 1e9, on_state=lambda state: None)
        again.close()
    assert trials(again) == trials(here)
    for index, tried in here.tried.items():
        np.testing.assert_array_equal(
            again.tried[index].outcome.out_of_fold, tried.outcome.out_of_fold
        )
