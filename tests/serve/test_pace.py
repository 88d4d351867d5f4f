"""The wait that is foretold is the wait that comes, where requests come steadily."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.serve.pace import Pace


@given(st.integers(1, 40), st.floats(0.001, 2.0))
def test_a_steady_queue_waits_as_long_as_is_foretold(waiting, seconds):
    pace, now = Pace(), 100.0
    for _ in range(waiting):
        pace.begin(now=now)
    for _ in range(200):  # one is answered, the next one comes
        now += seconds
        pace.end(now=now)
        pace.begin(now=now)
    assert pace.n == waiting
    assert pace.wait == pytest.approx(waiting * seconds, rel=1e-6)


@given(st.integers(2, 30))
def test_answers_that_come_in_batches_are_averaged(size):
    pace, now = Pace(), 0.0
    for _ in range(size):
        pace.begin(now=now)
    for _ in range(60):
        now += 1.0
        for _ in range(size):
            pace.end(now=now)
            pace.begin(now=now)
    assert pace.wait == pytest.approx(1.0, abs=0.6)


def test_time_without_requests_does_not_count():
    pace = Pace()
    for start in range(0, 10_000, 1_000):
        pace.begin(now=float(start))
        assert pace.wait <= 0.1 + 1e-9
        pace.end(now=start + 0.1)
    assert (pace.n, pace.wait) == (0, 0.0)
