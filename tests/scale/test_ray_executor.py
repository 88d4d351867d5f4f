"""Ray as an executor: answers, errors, dead workers, and an end to what is running."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from seqexpr.processes import count_workers, start_workers
from seqexpr.scale.ray_executor import RayExecutor, ray_workers

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'seqexpr[scale]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of its threads and files


@pytest.fixture(scope="module")
def executor():
    """An executor on a Ray of our own with two cores."""
    ray.init(
        "local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error"
    )
    with ray_workers(2):
        assert count_workers(7) == 2
        yield start_workers(2)
    assert ray.is_initialized()  # it was there before, and stays
    assert count_workers(7) == 7
    ray.shutdown()


def add(one, other=0):
    return one + other


def refuse(text):
    raise KeyError(text)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(file):
    if not Path(file).exists():
        Path(file).write_text("")
        die()
    return "done"


def sleep(file):
    Path(file).write_text("")
    time.sleep(600)


def test_answers_and_errors_are_those_of_the_function(executor):
    assert isinstance(executor, RayExecutor)
    answers = [executor.submit(add, k, other=1) for k in range(4)]
    assert [answer.result(60) for answer in answers] == [1, 2, 3, 4]
    with pytest.raises(KeyError, match="what it said"):
        executor.submit(refuse, "what it said").result(60)


def test_a_call_whose_worker_died_is_made_again(executor, tmp_path):
    assert executor.submit(die_once, str(tmp_path / "died")).result(60) == "done"


def test_a_call_that_ends_every_worker_is_given_up(executor):
    with pytest.raises(BrokenExecutor):
        executor.submit(die).result(120)


def test_what_is_running_can_be_ended(executor, tmp_path):
    asleep = executor.submit(sleep, str(tmp_path / "begun"))
    while not (tmp_path / "begun").exists():
        time.sleep(0.05)
    executor.shutdown(wait=True, kill_workers=True)
    with pytest.raises(BrokenExecutor):
        asleep.result(10)
    assert executor.submit(add, 1).result(60) == 1
