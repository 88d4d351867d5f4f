"""What is kept, and what is chosen of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.design.pool import Candidates, Pool, choose_diverse


@given(seed=st.integers(0, 10_000), n=st.integers(1, 12), distance=st.integers(1, 6))
def test_the_best_are_chosen_apart_from_each_other(seed, n, distance):
    rng = np.random.default_rng(seed)
    codes = rng.integers(4, size=(30, 6)).astype(np.uint8)
    rank = rng.integers(10, size=30).astype(float)
    chosen = choose_diverse(codes, rank, n=n, distance=distance).tolist()
    expected: list[int] = []
    for row in sorted(range(30), key=lambda row: (-rank[row], row)):
        if len(expected) < n and all((codes[row] != codes[c]).sum() >= distance for c in expected):
            expected.append(row)
    assert chosen == expected


def test_a_pool_keeps_each_sequence_once_and_no_start(ridge, tools):
    space = tools.space_of(length=60, n=2)
    judge = tools.judge_of(ridge, in_domain=False)
    codes = np.concatenate([space.starts, space.starts, space.starts])
    codes[2:, 0] = (codes[2:, 0] + 1) % 4
    origins = np.array([0, 1, 0, 1, 0, 1])
    from seqexpr.design.space import decode

    pool = Pool(space)
    assert pool.best() is None
    pool.add(Candidates(codes, origins, judge.judge(decode(codes))))
    best = pool.best()
    assert len(best.codes) == 2
    assert best.judged.score[0] >= best.judged.score[1]
    assert best.judged.score == pytest.approx(judge.judge(decode(best.codes)).score)
