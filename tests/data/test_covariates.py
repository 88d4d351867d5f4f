from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.data.covariates import (
    Covariate,
    describe_covariates,
    kind_of_column,
    read_covariates,
    type_covariates,
)
from seqexpr.errors import InputError

KNOWN = (
    Covariate("condition", "categorical", ("SC-Ura", "YPD")),
    Covariate("dose", "numeric", low=1.0, high=11.0),
)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", ""], "numeric"),
        ([1, 2, 3], "numeric"),
        (["a", "b"], "categorical"),
        (["1", "2", "x"], "numeric"),  # most are numbers: x is a mistake
        (["1", "x", "y"], "categorical"),
        ([True, False], "categorical"),
        (["", None], "categorical"),
    ],
)
def test_text_is_categories_and_numbers_are_numbers(cells, kind):
    # Of two empty cells none is a number.
    assert kind_of_column(pd.Series(cells)) == ("numeric" if kind == "numeric" else "categorical")


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["YPD", "SC", "", "7"]), min_size=1, max_size=12), st.data())
def test_what_was_typed_is_read_again_without_a_problem(cells, data):
    dose = data.draw(st.lists(st.floats(-5, 5), min_size=len(cells), max_size=len(cells)))
    frame = pd.DataFrame({"c": cells, "dose": dose})
    typed = type_covariates(frame, {"c": "categorical", "dose": None})
    assert type_covariates(typed, {"c": None, "dose": None}).equals(typed)
    reading = read_covariates(frame, describe_covariates(typed))
    assert reading.problems == [""] * len(cells)
    assert reading.frame["c"].tolist() == typed["c"].tolist()
    assert reading.strangeness.tolist() == [0.0] * len(cells)


def test_each_row_that_cannot_be_predicted_says_why():
    frame = pd.DataFrame(
        {"condition": ["YPD", "YDP", "", "YPD", "SC-Ura"], "dose": ["1", "2", "3", "low", ""]}
    )
    reading = read_covariates(frame, KNOWN)
    assert reading.problems == [
        "",
        "condition 'YDP' is none that the model was trained on; did you mean 'YPD'?",
        "no condition",
        "dose is not a number: 'low'",
        "no dose",
    ]
    assert reading.unknown.tolist() == [False, True, True, False, False]
    with pytest.raises(
        InputError,
        match=r"4 of 5 rows cannot be predicted \(first: row 2, condition 'YDP' is none.*"
        r"'condition': 2 categories: 'SC-Ura', 'YPD'; 'dose': numbers from 1 to 11",
    ):
        reading.check(KNOWN)


def test_a_gap_is_taken_where_training_had_gaps():
    gappy = (Covariate("dose", "numeric", low=1.0, high=2.0, has_gaps=True),)
    assert read_covariates(pd.DataFrame({"dose": ["", "1"]}), gappy).problems == ["", ""]


def test_numbers_outside_those_of_training_are_strange():
    frame = pd.DataFrame({"condition": ["YPD"] * 4, "dose": [5.0, 12.0, 13.0, -1.0]})
    # A tenth of the range of 10 is 1: twelve lies just on the border.
    assert read_covariates(frame, KNOWN).strangeness.tolist() == [0.0, 1.0, 2.0, 2.0]
    point = (Covariate("dose", "numeric", low=1.0, high=1.0),)
    assert read_covariates(pd.DataFrame({"dose": [1.0, 1.1]}), point).strangeness.tolist() == [
        0,
        100,
    ]


def test_a_missing_column_is_told_with_the_nearest():
    frame = pd.DataFrame({"conditon": ["YPD"], "dose": [1]})
    with pytest.raises(InputError, match=r"no column 'condition'; did you mean 'conditon'\?"):
        read_covariates(frame, KNOWN)


def test_categories_that_do_not_occur_are_not_described():
    column = pd.Categorical(["a", "a"], categories=["a", "b"])
    assert describe_covariates(pd.DataFrame({"c": column}))[0].categories == ("a",)
    assert describe_covariates(None) == ()
    gaps = describe_covariates(pd.DataFrame({"x": [1.0, np.nan, 3.0]}))[0]
    assert (gaps.low, gaps.high, gaps.has_gaps) == (1.0, 3.0, True)
