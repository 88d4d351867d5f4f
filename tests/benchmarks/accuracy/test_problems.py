import numpy as np
import pytest

from benchmarks.accuracy.problems import PROBLEMS, HeldOut, Problem
from benchmarks.accuracy.sets import ROWS
from seqexpr.data.dataset import Dataset
from seqexpr.splits.column import split_by_column

SIZES = {  # train rows, test rows of each test
    "urtecho": (13069, {"urtecho": 4598}),
    "lac": (40583, {"lac": 9935}),
    "lafleur": (4154, {"lafleur": 1039}),
    "lafleur_no": (5193, {"lafleur_no": 8288}),
    "yeast": (7986, {"yeast": 1996, "yeast_native": 3733}),
    "crx": (7986, {"crx": 1647, "crx_auroc": 506}),
    "kuo": (20000, {"kuo": 237565}),
}


def test_every_row_of_the_table_is_a_test_of_its_problem():
    assert sorted(SIZES) == sorted(PROBLEMS)
    assert [(row.problem, row.name) for row in ROWS] == [
        (problem, name) for problem, (_, tests) in SIZES.items() for name in tests
    ]


@pytest.mark.real_data
@pytest.mark.parametrize("name", SIZES)
def test_rows_are_those_of_the_data(name, real_data):
    folder = real_data("README.md").parent
    problem = PROBLEMS[name](folder)
    n_train, tests = SIZES[name]
    assert len(problem.sequences) == len(problem.target) == n_train
    assert {key: len(test.sequences) for key, test in problem.tests.items()} == tests
    assert np.isfinite(problem.target).all()
    for key, test in problem.tests.items():
        assert np.isfinite(test.observed).all()
        assert not set(test.sequences) & set(problem.sequences)
        if test.groups is not None and problem.groups is not None:
            assert not set(test.groups) & set(problem.groups)
        if test.noise is not None:
            assert len(test.noise.variances) == tests[key]


def test_the_table_keeps_test_rows_back_that_would_push_train_rows_out():
    # The second test row is the reverse complement of the first train row.
    test = HeldOut(np.array(["GGGG", "CGTT", "ACCC"], dtype=object), np.array([1.0, 2.0, 3.0]))
    train = np.array(["AACG", "TTTA", "GCAT", "CCAT", "TTGG", "GAGA"], dtype=object)
    table = Problem(train, np.arange(6.0), {"it": test}).to_table()
    assert table["sequence"].tolist() == [*train, "GGGG", "ACCC"]
    assert table["expression"].tolist() == [0, 1, 2, 3, 4, 5, 1, 3]
    data = Dataset(
        table["sequence"].to_numpy(object), table["expression"].to_numpy(), target_names=("y",),
        split_labels=table["split"].to_numpy(object),
    )  # fmt: skip
    split = split_by_column(data, test_size=0.2, n_folds=3, rng=np.random.default_rng(0))
    assert len(split.train) == 6


def test_groups_go_into_the_table():
    test = HeldOut(np.array(["GGGG"], dtype=object), np.array([1.0]), np.array(["b"], dtype=object))
    groups = np.array(["a", "a"], dtype=object)
    problem = Problem(np.array(["AACG", "TTTA"], dtype=object), np.zeros(2), {"it": test}, groups)
    assert problem.to_table()["group"].tolist() == ["a", "a", "b"]
