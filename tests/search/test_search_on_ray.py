"""A search whose trials run on a Ray cluster: the trials of one machine, whatever dies."""

from __future__ import annotations

import numpy as np
import pytest
from tests.ray_nodes import two_nodes

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


@pytest.fixture(scope="module")
def cluster():
    with two_nodes() as made:
        yield made


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
        if state.n_finished >= 3 and cluster.n_killed == 0:
            cluster.kill_a_node()
        if state.n_finished >= 7:
            raise PreemptedError

    with ray_workers(2):
        first = Search(make_material(n=90), tmp_path / "there", n_jobs=2, n_trials=8)
        with pytest.raises(PreemptedError):
            first.run(lambda: 1e9, on_state=kill_and_stop)
        first.close()
        assert cluster.n_killed
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
