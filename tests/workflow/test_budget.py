from __future__ import annotations

import sys
import time

import pytest

from seqexpr.workflow.budget import Budget, measure_cost


def test_a_budget_is_spent_by_the_clock():
    budget = Budget(100, spent=30)
    budget._started -= 20  # began twenty seconds ago
    assert budget.elapsed == pytest.approx(50, abs=5)
    assert budget.left() == pytest.approx(50, abs=5)
    assert budget.left(reserve=45) == pytest.approx(5, abs=5)
    assert budget.left(reserve=80) < 0
    before = budget.elapsed
    time.sleep(0.01)
    assert budget.elapsed > before


def test_the_cost_of_a_run_is_time_and_memory():
    cost = measure_cost(12.345)
    assert cost["seconds"] == 12.3
    if sys.platform != "win32":
        assert 20 < cost["peak_memory_mib"] < 2**20  # of this process, so more than an interpreter
        assert cost["worker_memory_mib"] >= 0
