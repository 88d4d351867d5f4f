"""The greedy search against brute force: the best single change, and all sequences there are."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from seqexpr.design.constraints import Constraints
from seqexpr.design.greedy import best_changes, climb, search_greedily, spread_starts
from seqexpr.design.pool import Candidates, Pool, Search
from seqexpr.design.space import decode


def search_of(space, judge, *, n=4, seed=0, distance=1, iterations=None):
    rng = np.random.default_rng(seed)
    return Search(space, judge, Pool(space), n, distance, rng, iterations)


@pytest.mark.parametrize("goal", ["max", "value"])
def test_the_best_change_is_the_best_of_all(ridge, goal, tools):
    rules = Constraints(forbidden=("TATA", "GGG"), gc=(0.3, 0.6), max_changes=4)
    space = tools.space_of(rules, length=60, n=2, seed=3)
    judge = tools.judge_of(ridge, goal, value=1.0)
    origins = np.arange(2)
    codes = space.repair(space.starts, origins, rng=np.random.default_rng(0))
    judged = judge.judge(decode(codes))
    left = space.violations(codes, origins).sum(axis=1)
    at, after = best_changes(search_of(space, judge), Candidates(codes, origins, judged), left)
    assert not after.any()
    for row in range(2):
        best = -np.inf
        for place, base in product(range(60), range(4)):
            changed = codes[row : row + 1].copy()
            changed[0, place] = base
            is_same = base == codes[row, place]
            if is_same or space.violations(changed, origins[row : row + 1]).any():
                continue
            best = max(best, judge.judge(decode(changed)).rank[0])
        changed = codes[row : row + 1].copy()
        changed[0, at[row] % 60] = at[row] // 60
        assert judge.judge(decode(changed)).rank[0] == pytest.approx(best, abs=1e-9)


def test_of_an_additive_model_the_best_of_all_sequences_is_found(tmp_path, tools):
    rng = np.random.default_rng(2)
    import pandas as pd

    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(300, 6))]
    weights = rng.normal(size=(6, 4))
    y = [sum(weights[i, "ACGT".index(b)] for i, b in enumerate(s)) for s in sequences]
    table = pd.DataFrame({"sequence": sequences, "expression": y + rng.normal(0, 0.1, 300)})
    table = table.drop_duplicates("sequence", ignore_index=True)
    bundle = tools.bundle_of(tmp_path, table, name="ridge_onehot", calibrated=False)
    judge = tools.judge_of(bundle, by="prediction", in_domain=False)
    rules = Constraints(template="NNRNNN", gc=(0.3, 0.7), max_changes=5)
    space = tools.space_of(rules, starts=["CCATTT"])
    every = np.array(list(product(range(4), repeat=6)), dtype=np.uint8)
    origins = np.zeros(len(every), dtype=np.int64)
    good = space.is_permitted(every, origins) & ~space.violations(every, origins).any(axis=1)
    best = judge.judge(decode(every[good])).score.max()
    search = search_of(space, judge, n=20)
    search_greedily(search)
    assert search.pool.best().judged.score[0] == pytest.approx(best)


def test_paths_end_where_no_change_is_better(ridge, tools):
    space = tools.space_of(Constraints(max_homopolymer=4), length=60, n=2, seed=1)
    judge = tools.judge_of(ridge)
    search = search_of(space, judge)
    codes, origins = spread_starts(space, 3, rng=search.rng)
    ends = climb(search, codes, origins, most_steps=500)
    left = space.violations(ends.codes, ends.origins).sum(axis=1)
    at, _ = best_changes(search, ends, left)
    changed = ends.codes.copy()
    changed[np.arange(3), at % 60] = at // 60
    assert (judge.judge(decode(changed)).rank <= ends.judged.rank + 1e-6).all()


def test_the_first_paths_begin_at_the_starts(tools):
    space = tools.space_of(length=30, n=3)
    codes, origins = spread_starts(space, 8, rng=np.random.default_rng(0))
    assert (codes[:3] == space.starts).all()
    assert origins.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    changed = (codes[3:] != space.starts[origins[3:]]).sum(axis=1)
    assert ((changed >= 0) & (changed <= 3)).all()
    assert changed.any()
