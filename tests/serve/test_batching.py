"""Requests are predicted together, and each gets its own rows back."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.serve.batching import Batcher, BusyError, LongWork, Rows, join_rows

REQUESTS = st.lists(
    st.lists(st.text("ACGT", max_size=6), min_size=1, max_size=5), min_size=1, max_size=12
)


def lengths(rows):
    return {"n": [len(s) for s in rows.sequences], "dose": list(rows.covariates.get("dose", []))}


@settings(max_examples=30)
@given(REQUESTS, st.integers(1, 8))
def test_each_request_gets_what_it_would_get_alone(requests, most):
    sizes = []
    batcher = Batcher(lengths, most=most, wait_seconds=0.001, on_batch=lambda n, s: sizes.append(n))
    asked = [Rows(r, {"dose": [float(k)] * len(r)}) for k, r in enumerate(requests)]
    answers = [batcher.submit(rows) for rows in asked]
    for rows, answer in zip(asked, answers, strict=True):
        assert answer.result(timeout=10) == lengths(rows)
    batcher.close()
    assert sum(sizes) == sum(map(len, asked))
    assert all(size <= max(most, *map(len, asked)) for size in sizes)


def test_rows_that_wait_are_predicted_together():
    gate, sizes = threading.Event(), []

    def slow(rows):
        gate.wait(10)
        return lengths(rows)

    batcher = Batcher(slow, most=100, on_batch=lambda n, s: sizes.append(n))
    first = batcher.submit(Rows(["A"]))
    while not first.running():
        time.sleep(0.001)
    others = [batcher.submit(Rows(["A", "C"])) for _ in range(7)]
    gate.set()
    assert [len(answer.result(10)["n"]) for answer in others] == [2] * 7
    batcher.close()
    assert sizes == [1, 14]
    assert batcher.rate > 0


def test_one_bad_request_does_not_take_the_others_with_it():
    gate = threading.Event()

    def picky(rows):
        gate.wait(10)
        if "bad" in rows.sequences:
            raise ValueError("bad sequence")
        return lengths(rows)

    batcher = Batcher(picky, most=100)
    answers = [batcher.submit(Rows([s])) for s in ("A", "bad", "ACGT")]
    gate.set()
    assert answers[0].result(10)["n"] == [1]
    assert answers[2].result(10)["n"] == [4]
    with pytest.raises(ValueError, match="bad sequence"):
        answers[1].result(10)
    batcher.close()


def test_a_cancelled_request_is_not_predicted_and_a_closed_batcher_takes_none():
    gate, seen = threading.Event(), []

    def slow(rows):
        seen.extend(rows.sequences)
        gate.wait(10)
        return lengths(rows)

    batcher = Batcher(slow, most=1)
    first = batcher.submit(Rows(["A"]))
    while not first.running():
        time.sleep(0.001)
    second = batcher.submit(Rows(["C"]))
    assert second.cancel()
    gate.set()
    assert batcher.submit(Rows(["G"])).result(10)["n"] == [1]
    batcher.close()
    assert seen == ["A", "G"]
    with pytest.raises(BusyError, match="no room"):
        batcher.submit(Rows(["T"]))


def test_rows_are_cut_and_joined():
    rows = Rows(["A", "C", "G"], {"dose": [1, 2, 3]})
    assert join_rows([rows.cut(0, 2), rows.cut(2, 3)]) == rows


def test_long_work_is_bounded_and_says_when_to_come_again():
    gate = threading.Event()
    work = LongWork(most=2)
    running = work.submit(lambda stop: gate.wait(10))
    while not running.running():
        time.sleep(0.001)
    waiting = [work.submit(lambda stop: stop.is_set()) for _ in range(2)]
    with pytest.raises(BusyError, match="no room") as refused:
        work.submit(lambda stop: None)
    assert refused.value.seconds >= 1
    gate.set()
    assert [answer.result(10) for answer in waiting] == [False, False]
    failed = work.submit(lambda stop: 1 / 0)
    with pytest.raises(ZeroDivisionError, match="division"):
        failed.result(10)
    work.close()
    with pytest.raises(BusyError, match="no room"):
        work.submit(lambda stop: None)
